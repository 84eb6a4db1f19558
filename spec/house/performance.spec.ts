import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { sourcesOf } from '../support/sources.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(`${project}/lib/PERFORMANCE.md`, 'utf8');

/** The entries of the page: the name of a trick, then all that is said of it. */
const entries = page
  .split(/\n(?=- \*\*|## )/)
  .filter((part) => part.startsWith('- **'))
  .map((part) => ({ name: part.slice(4, part.indexOf('**', 4)), text: part.replace(/\s+/g, ' ') }));

const named = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, found]) => found!);

/** The names of the benchmarks, as `npm run bench -- name` knows them. */
const benches = new Set(
  sourcesOf('spec/bench').flatMap(({ path, text }) => (path.endsWith('.bench.ts') ? named(text, /^ {2}name: '([\w-]+)'/gm) : [])),
);

/** Names of the language and of the C library. */
const NOT_OURS = new Set(['Infinity', 'M_MMAP_THRESHOLD']);

const fileOf = (path: string): string => `${project}/${path.startsWith('bin/') ? path : `lib/${path}`}`;

describe('lib/PERFORMANCE.md', () => {
  it('names the files of each trick, and no file that is not there', () => {
    expect(entries.length).to.be.above(40);
    for (const { name, text } of entries) {
      const files = named(text, /`([\w./-]+\.ts)`/g);
      expect(files, name).to.not.be.empty;
      for (const file of files) expect(existsSync(fileOf(file)), `${name}: ${file}`).to.equal(true);
    }
  });

  it('says of each trick how to see that it can go', () => {
    expect(benches.size).to.be.above(10);
    for (const { name, text } of entries) {
      expect(text, name).to.match(/ Check: /);
      for (const words of named(text, /`npm run bench -- ([^`]+)`/g)) expect([...benches], name).to.include.members(words.split(' '));
    }
  });

  it('names no constant, no function and no method that the files of its trick do not have', () => {
    for (const { name, text } of entries) {
      const code = named(text, /`([\w./-]+\.ts)`/g)
        .map((file) => readFileSync(fileOf(file), 'utf8'))
        .join('\n');
      for (const word of named(text, /`(#?[A-Za-z]\w+)`/g)) if (!NOT_OURS.has(word)) expect(code, name).to.include(word);
    }
  });

  it('keeps to 140 columns, and is found from lib/README.md', () => {
    expect(page.split('\n').filter((line) => line.length > 140)).to.be.empty;
    expect(readFileSync(`${project}/lib/README.md`, 'utf8')).to.include('(PERFORMANCE.md)');
  });
});
