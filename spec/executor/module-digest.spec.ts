import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { moduleDigest } from '../../lib/executor/index.js';

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

  const both = async (module: string): Promise<readonly (string | undefined)[]> =>
    Promise.all(['a', 'b'].map((root) => moduleDigest(module, place(root))));

  it('is the same where the content is, and else another', async () => {
    const [a, b] = await both('./same.js');
    expect(a).to.match(/^\.js [0-9a-f]{64}$/);
    expect(b).to.equal(a);
    const [one, other] = await both('./other.js');
    expect(one).to.equal(a);
    expect(other).to.not.equal(one);
  });

  it('tells a source from what was compiled from it', async () => {
    const digests = await both('./built.ts');
    expect(digests.map((digest) => digest?.split(' ')[0])).to.deep.equal(['.ts', '.js']);
  });

  it('is none where there is no such file below the root', async () => {
    for (const module of ['./none.js', '../outside.js', 'data:text/javascript,1', 'node:fs', '']) {
      expect(await moduleDigest(module, place('a')), module).to.equal(undefined);
    }
  });
});
