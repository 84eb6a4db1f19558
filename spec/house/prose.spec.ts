import { expect } from 'chai';
import { exportsOf, isDocumented, sourcesOf } from '../support/sources.js';

const COLUMNS = 140;

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
