import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { exportsOf, isDocumented, sourcesOf } from '../support/sources.js';

const COLUMNS = 140;

const project = fileURLToPath(new URL('../..', import.meta.url));

const sources = sourcesOf('lib', 'bin');
const lib = sources.filter(({ path }) => path.startsWith('lib/'));

/** A regular expression that stands in a line of its own; it cannot be broken. */
const isExpression = (line: string): boolean => /^\s*\/.*\/[a-z]*[;,]$/.test(line);

/** The lines of all files, each with where it is. */
const lines = sources.flatMap(({ path, text }) => text.split('\n').map((line, at) => ({ line, where: `${path}:${at + 1}` })));

/** What made the comments of this house hard to read. Each has a plain form: the thing first, then its clause. */
const RIDDLES: readonly RegExp[] = [
  /\bwho(?:m)?ever\b/i, // 'the caller', 'the node', 'a reader'
  /\b(?:some|every)body\b/i,
  /(?:^|[.:;] )Whom? (?!is there)/, // 'A node that …'
  /\bwhat\b[^.;:]{0,60}\b(?:is|are) none\b/i, // 'anything else'
  /\bto be had\b/,
  /(?:^|[.:;] )Of (?:\w+ ){1,5}(?:it|they|this|that|these) (?:is|are|has)\b/, // 'Of more it is told when …'
  /(?:^|[.:;] )As `/, // 'Like `…`'
  /\blets? go of\b/, // 'releases', 'drops'
];

/** The comments of all files, each in one line, paragraphs apart. */
const comments = sources.flatMap(({ path, text }) => commentsOf(text).map((comment) => ({ ...comment, where: `${path}:${comment.line}` })));

/** Docstrings, and runs of line comments. */
function commentsOf(text: string): { readonly text: string; readonly line: number }[] {
  const found = text.matchAll(/^[ \t]*(?:\/\*\*[\s\S]*?\*\/|(?:\/\/.*\n(?:[ \t]*(?=\/\/))?)+)/gm);
  return [...found].map(({ 0: comment, index }) => ({
    line: text.slice(0, index).split('\n').length,
    text: comment
      .split('\n')
      .map((line) => line.replace(/^\s*(?:\/\*\*|\*\/|\*|\/\/) ?|\s*\*\/\s*$/g, ''))
      .join('\n')
      .replace(/([^\n])\n(?=[^\n@-])/g, '$1 ')
      .trim(),
  }));
}

describe('names and prose of lib and bin', () => {
  it('keep to 140 columns, comments as well as code', () => {
    const wide = lines.filter(({ line }) => line.length > COLUMNS && !isExpression(line)).map(({ where }) => where);
    expect(wide).to.deep.equal([]);
  });

  it('say what a call returns, not what it answers', () => {
    const answering = lines
      .filter(({ line }) => /^\s*(?:\/\*\*|\*|\/\/).*(?:\bAnswers\b|; answers\b)/.test(line))
      .map(({ where }) => where);
    expect(answering).to.deep.equal([]);
  });

  it('use plain words: no riddle, no inversion, no "whoever" for a thing', () => {
    const riddles = comments.flatMap(({ text, where }) => RIDDLES.flatMap((riddle) => (riddle.test(text) ? [`${where}: ${riddle}`] : [])));
    expect(riddles).to.deep.equal([]);
  });

  it('have no sentence of more than 35 words', () => {
    const sentences = comments.flatMap(({ text, where }) =>
      text
        .replace(/`[^`]*`/g, 'code')
        .replace(/\([^()]*\)/g, '')
        .split(/(?<=[.;:!?])\s+|\n\n/)
        .map((sentence) => ({ where, words: sentence.trim().split(/\s+/).length })),
    );
    expect(sentences.length).to.be.above(5000);
    expect(sentences.filter(({ words }) => words > 35)).to.deep.equal([]);
  });

  it('give each exported name to one thing', () => {
    const homes = new Map<string, string[]>();
    for (const source of lib) for (const name of exportsOf(source).keys()) homes.set(name, [...(homes.get(name) ?? []), source.path]);
    expect(homes.size).to.be.above(400);
    expect([...homes].filter(([, paths]) => paths.length > 1)).to.deep.equal([]);
  });

  it('explain every export of lib in a docstring', () => {
    const bare = lib.flatMap((source) =>
      [...exportsOf(source)].filter(([, statement]) => !isDocumented(statement)).map(([name]) => `${source.path}: ${name}`),
    );
    expect(bare).to.deep.equal([]);
  });
});

/** Every file of the project, and every folder, from its root. */
const paths = new Set(
  execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: project, encoding: 'utf8' })
    .trim()
    .split('\n')
    .flatMap((path) => path.split('/').map((_, at, parts) => parts.slice(0, at + 1).join('/'))),
);
/** Whether there is a file or folder whose path ends so. */
const exists = (end: string): boolean => [...paths].some((path) => path === end || path.endsWith(`/${end}`));

/** What stands between backticks in a text, blocks apart. */
const spansOf = (text: string): string[] => [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, span]) => span!);

for (const page of ['lib/README.md', 'spec/README.md']) {
  describe(page, () => {
    const spans = spansOf(readFileSync(`${project}/${page}`, 'utf8'));
    const isPath = (span: string): boolean => /^[\w.-]+(?:\/[\w.-]*)+$|^[\w-]+\.(?:ts|md)$/.test(span);

    it('mentions no file and no folder that is not there', () => {
      const mentioned = spans.filter(isPath).map((span) => span.replace(/\/$/, ''));
      expect(mentioned.length).to.be.above(10);
      // A module of a station may be named without its ending.
      expect(mentioned.filter((path) => !exists(path) && !exists(`${path}.ts`))).to.deep.equal([]);
    });

    it('mentions no name that the code does not have', () => {
      const code = sourcesOf('lib', 'spec')
        .map(({ text }) => text)
        .join('\n');
      const words = new Set(code.match(/[\w$]+/g));
      const names = spans.filter((span) => /^[\w$.]+(?:\(.*\))?$/.test(span) && !isPath(span));
      const unknown = names.filter((name) => !(name.replace(/\(.*/, '').match(/[\w$]+/g) ?? []).every((word) => words.has(word)));
      expect(unknown).to.deep.equal([]);
    });
  });
}
