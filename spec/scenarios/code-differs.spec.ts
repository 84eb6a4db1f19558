import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Dag } from '../../lib/index.js';
import { SpecCluster } from '../support/cluster.js';
import { settled } from '../support/test-clock.js';

describe('code that is not the same everywhere', () => {
  const folders: string[] = [];
  /** A root whose `tasks.mjs` is that text. */
  const rootWith = (text: string, file = 'tasks.mjs'): string => {
    const folder = mkdtempSync(join(tmpdir(), 'handoff-root-'));
    folders.push(folder);
    writeFileSync(join(folder, 'package.json'), '{}');
    writeFileSync(join(folder, file), text);
    return folder;
  };
  const one = 'export const which = () => 1; export const other = () => 10;';
  const two = 'export const which = () => 2; export const other = () => 20;';
  let cluster: SpecCluster;

  afterEach(async () => {
    await cluster.stop();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  const dag = (id: string): Dag<{ b: unknown; c: unknown; again: unknown }> => {
    const module = './tasks.mjs';
    return new Dag(id)
      .add({ id: 'b', code: { module, name: 'which' }, node: 'b', isolation: 'loop' })
      .add({ id: 'c', code: { module, name: 'which' }, node: 'c', isolation: 'loop' })
      .add({ id: 'again', code: { module, name: 'other' }, node: 'c', isolation: 'loop' }) as never;
  };
  const warnings = (): { fields: Record<string, unknown>; message: string }[] =>
    cluster.logs.get('a')!.lines.filter(({ level, message }) => level === 'warn' && message.startsWith('module '));

  it('runs as each node has it, and the run warns once, naming the file and the nodes', async () => {
    cluster = await SpecCluster.of({ a: { root: rootWith(one) }, b: { root: rootWith(one) }, c: { root: rootWith(two) } });
    const { results } = await cluster.node('a').execute(dag('first'));
    expect(results).to.deep.equal({ b: 1, c: 2, again: 20 });
    await settled();
    expect(warnings()).to.have.length(1);
    expect(warnings()[0]!.message).to.equal('module "./tasks.mjs" is not the same here and on c');
    expect(warnings()[0]!.fields).to.deep.include({ dagId: 'first', module: './tasks.mjs', nodes: ['c'] });
    await cluster.node('a').execute(dag('second'));
    await settled();
    expect(warnings().map(({ fields }) => fields.dagId)).to.deep.equal(['first', 'second']);
  });

  it('is not told where it is the same, nor of what the driver does not have', async () => {
    cluster = await SpecCluster.of({ a: { root: rootWith('', 'other.mjs') }, b: { root: rootWith(one) }, c: { root: rootWith(two) } });
    const { results } = await cluster.node('a').execute(dag('driverless'));
    expect(results).to.deep.equal({ b: 1, c: 2, again: 20 });
    await settled();
    expect(warnings()).to.deep.equal([]);
  });
});
