import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';

const library = JSON.stringify(new URL('../../lib/index.ts', import.meta.url).href);

/** Nodes that start, run and stop, one after the other. Their results are larger than their memory, and nobody looks at them. */
const program = (folder: string): string => `
const { readdirSync } = await import('node:fs');
const { Dag, Handoff } = await import(${library});
const dataDir = ${JSON.stringify(folder)};
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const results = [];
async function lived() {
  const node = await Handoff.start({ name: 'one', logger, capabilities: { cpu: 2 }, valueMemoryMiB: 1, dataDir });
  const dag = Dag.dynamic('d');
  for (let at = 0; at < 6; at += 1) dag.add({ id: 'v' + at, code: () => new Uint8Array(512 * 1024).fill(at) });
  const outcome = await node.execute(dag);
  await node.stop();
  results.push(new WeakRef(outcome.results));
  return new WeakRef(node);
}
const open = () => readdirSync('/proc/self/fd').length;
await lived();
const before = open();
const nodes = [];
for (let time = 0; time < 6; time += 1) nodes.push(await lived());
const left = () => [...nodes, ...results].filter((one) => one.deref()).length;
for (let time = 0; time < 200 && (left() > 0 || open() > before); time += 1) {
  await new Promise(setImmediate);
  gc();
}
console.log(JSON.stringify({ left: left(), files: Math.max(0, open() - before) }));
process.exit();
`;

describe('nodes that have been stopped', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'handoff-stopped-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('leave nothing in memory, and no open file, once nobody has their results any more, looked at or not', async function () {
    if (process.platform !== 'linux') return this.skip();
    const words = ['--expose-gc', '--import', 'tsx', '--input-type=module', '-e', program(folder)];
    const { stdout } = await promisify(execFile)(process.execPath, words);
    expect(JSON.parse(stdout)).to.deep.equal({ left: 0, files: 0 });
  });
});
