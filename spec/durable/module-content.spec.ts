import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Dag, type Handoff } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { spyLogger } from '../support/spy-logger.js';
import { DurablePlaces, eventsOf, reasonsIn, recalledIn } from './durable-node.js';

describe('the content of modules', () => {
  let root: string;
  let places: DurablePlaces;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'handoff-content-'));
    await writeFile(join(root, 'package.json'), '{ "type": "module" }');
    await writeFile(join(root, 'rate.mjs'), 'export const rate = 2;\n');
    await writeFile(join(root, 'first.mjs'), "import { rate } from './rate.mjs';\nexport const first = () => rate;\n");
    await writeFile(join(root, 'other.mjs'), 'export const other = (x = 0) => x + 1;\n');
    places = new DurablePlaces();
  });
  afterEach(async () => {
    await places.stop();
    await rm(root, { recursive: true });
  });
  const dag = () =>
    Dag.dynamic('d')
      .add({ id: 'first', code: { module: 'first.mjs', name: 'first' } })
      .add({ id: 'other', code: { module: 'other.mjs', name: 'other' } })
      .add({ id: 'next', code: { module: 'other.mjs', name: 'other' }, args: ['first'] });
  /** A node that has read none of the modules yet. */
  const node = (name: string): Promise<Handoff> => places.start(name, { root });

  it('is part of a function: what a change of it, or of a module that it imports, makes run again, and what consumes that', async () => {
    const before = await node('before');
    await before.execute(dag(), { key: 'k' });
    await before.execute(dag(), { key: 'wiring' });
    await before.stop();
    await writeFile(join(root, 'rate.mjs'), 'export const rate = 20;\n');
    const after = await node('after');
    const again = after.execute(dag(), { key: 'k' });
    expect(reasonsIn(await eventsOf(again))).to.deep.equal({ first: 'code', next: 'producer' });
    expect((await again).results).to.deep.equal({ first: 20, other: 1, next: 21 });
    const asWired = after.execute(dag(), { key: 'wiring', reuse: 'same-wiring' });
    expect(recalledIn(await eventsOf(asWired))).to.have.members(['first', 'other', 'next']);
    expect((await asWired).results).to.deep.equal({ first: 2, other: 1, next: 3 });
  });

  it('is not looked at where a version stands for it: then only another version makes a function run again', async () => {
    const versioned = (version: string) =>
      Dag.dynamic('v')
        .add({ id: 'first', code: { module: 'first.mjs', name: 'first' }, version })
        .add({ id: 'plain', code: version === '2' ? () => 'new' : () => 'old', version: '1' });
    const before = await node('before');
    await before.execute(versioned('1'), { key: 'k' });
    await before.stop();
    await writeFile(join(root, 'rate.mjs'), 'export const rate = 20;\n');
    const after = await node('after');
    const same = after.execute(versioned('1'), { key: 'k' });
    expect(recalledIn(await eventsOf(same))).to.have.members(['first', 'plain']);
    const changed = after.execute(versioned('2'), { key: 'k' });
    expect(reasonsIn(await eventsOf(changed))).to.deep.equal({ first: 'code' });
    expect((await changed).results).to.deep.equal({ first: 20, plain: 'old' });
  });

  it('lets a run go on once its module is mended: what had succeeded does not run again', async () => {
    await writeFile(join(root, 'other.mjs'), "export const other = () => { throw new Error('no'); };\n");
    const before = await node('before');
    expect(await caught(before.execute(dag(), { key: 'k', maxRetries: 0, onFailure: 'continue' }))).to.include({
      code: 'HANDOFF_FUNCTION_FAILED',
    });
    await before.stop();
    await writeFile(join(root, 'other.mjs'), 'export const other = (x = 0) => x + 1;\n');
    const after = await node('after');
    const again = after.execute(dag(), { key: 'k', onFailure: 'abort' });
    expect(recalledIn(await eventsOf(again))).to.deep.equal(['first']);
    expect((await again).results).to.deep.equal({ first: 2, other: 1, next: 3 });
  });

  it('is unknown where the driver does not have the module: a warning says so once, and the name alone is compared', async () => {
    const logger = spyLogger();
    const handoff = await places.start('driver', { root, logger });
    const missing = () => Dag.dynamic('d').add({ id: 'far', code: { module: 'far.mjs', name: 'far' }, maxRetries: 0 });
    await caught(handoff.execute(missing(), { key: 'k' }));
    const again = handoff.execute(missing(), { key: 'k' });
    const failed = caught(again);
    expect(reasonsIn(await eventsOf(again))).to.deep.equal({ far: 'failed' });
    await failed;
    const told = logger.lines.filter(({ level, message }) => level === 'warn' && message.includes('does not have a module'));
    expect(told).to.have.length(1);
  });
});
