import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { moduleDigest, sameDigest } from '../../lib/executor/index.js';

describe('the digest of a module', () => {
  const folder = mkdtempSync(join(tmpdir(), 'handoff-digest-'));
  const place = (root: string) => ({ node: root, root: join(folder, root) });
  before(() => {
    for (const root of ['a', 'b']) mkdirSync(join(folder, root));
    writeFileSync(join(folder, 'outside.js'), 'export {};');
    for (const [file, content] of [
      ['a/same.js', 'export const f = 1;'],
      ['b/same.js', 'export const f = 1;'],
      ['a/other.js', 'export const f = 1;'],
      ['b/other.js', 'export const f = 2;'],
      ['a/built.ts', 'export const f = 1;'],
      ['b/built.js', 'export const f = 1;'],
    ] as const) {
      writeFileSync(join(folder, file), content);
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  const both = (module: string): readonly (string | undefined)[] =>
    ['a', 'b'].map((root) => {
      const digest = moduleDigest(module, place(root));
      return digest instanceof Promise ? expect.fail('it is short') : digest;
    });

  it('is the same where the content is, and else another', () => {
    const [a, b] = both('./same.js');
    expect(a).to.match(/^\.js [0-9a-f]{64}$/);
    expect(b).to.equal(a);
    const [one, other] = both('./other.js');
    expect(one).to.equal(a);
    expect(other).to.not.equal(one);
  });

  it('tells a source from what was compiled from it', () => {
    const digests = both('./built.ts');
    expect(digests.map((digest) => digest?.split(' ')[0])).to.deep.equal(['.ts', '.js']);
  });

  it('of a long file is read beside everything else, and once', async () => {
    const path = join(folder, 'a/long.js');
    writeFileSync(path, '');
    truncateSync(path, 64 * 1024 * 1024);
    let turns = 0;
    const count = (): void => {
      turns += 1;
      turning = setImmediate(count);
    };
    let turning = setImmediate(count);
    const digest = moduleDigest('./long.js', place('a'));
    expect(digest).to.be.instanceOf(Promise);
    expect(moduleDigest('./long.js', place('a'))).to.equal(digest);
    expect(await digest).to.match(/^\.js [0-9a-f]{64}$/);
    clearImmediate(turning);
    // A turn for each piece that is read.
    expect(turns).to.be.greaterThan(100);
    writeFileSync(join(folder, 'a/long.js'), 'export const f = 1;');
    expect(moduleDigest('./long.js', place('a'))).to.equal(moduleDigest('./same.js', place('a')));
  });

  it('can be compared with another of the same kind of file', () => {
    expect(sameDigest('.js 1', '.js 1')).to.equal(true);
    expect(sameDigest('.js 1', '.js 2')).to.equal(false);
    expect(sameDigest('.js 1', '.ts 1')).to.equal(undefined);
    expect(sameDigest(undefined, '.js 1')).to.equal(undefined);
  });

  it('is none where there is no such file below the root', () => {
    for (const module of ['./none.js', '../outside.js', 'data:text/javascript,1', 'node:fs', '']) {
      expect(moduleDigest(module, place('a')), module).to.equal(undefined);
    }
  });
});
