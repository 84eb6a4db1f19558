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
