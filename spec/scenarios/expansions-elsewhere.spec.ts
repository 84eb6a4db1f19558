import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { Dag, functionsIn } from '../../lib/index.js';
import { SpecCluster } from '../support/cluster.js';

const lib = new URL('../../lib/index.ts', import.meta.url).href;

/** Its DAG names its functions as the node finds them on which it was made. */
const SOURCE = `import { Dag, functionsIn } from ${JSON.stringify(lib)};
const here = functionsIn(import.meta.url);
export const where = () => import.meta.url;
export const half = (value) => value.slice(0, 1);
export const size = (value) => value.length;
export const grown = (isolation) => Dag.dynamic('grown')
  .add({ id: 'a', code: here.where, isolation, node: 'a' })
  .add({ id: 'b', code: here.where, isolation, node: 'b' })
  .add({ id: 'text', code: here.where, isolation, node: 'a' })
  .add({ id: 'size', code: here.size, args: [{ id: 'text', serialize: here.half, extra: [] }], isolation, node: 'b' });
`;

describe('an expansion on a node with another root', () => {
  const roots: string[] = [];
  const root = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'handoff-root-'));
    writeFileSync(join(folder, 'grown.mjs'), SOURCE);
    roots.push(folder);
    return folder;
  };
  let cluster: SpecCluster;
  afterEach(async () => {
    await cluster.stop();
    await Promise.all(roots.splice(0).map((folder) => rm(folder, { recursive: true })));
  });

  for (const isolation of ['loop', 'thread'] as const) {
    it(`has functions that each node finds below its own, made in isolation ${isolation}`, async () => {
      const [a, b] = [root(), root()];
      cluster = await SpecCluster.of({ a: { root: a }, b: { root: b } });
      const { grown } = functionsIn(pathToFileURL(join(a, 'grown.mjs')));
      const dag = Dag.dynamic('d').expand({ id: 'e', code: grown as never, extraArgs: ['loop'], isolation, node: 'b' });
      const { results } = await cluster.node('a').execute(dag);
      const places = results.e as Readonly<Record<string, string>>;
      expect([places.a, places.b, places.size]).to.deep.equal([
        ...[a, b].map((folder) => pathToFileURL(join(folder, 'grown.mjs')).href),
        1,
      ]);
    });
  }
});
