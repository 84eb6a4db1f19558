import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Handoff, type NodeOptions } from '../../lib/index.js';
import { type Program, program } from '../examples/program.js';
import { postgresForEach } from '../support/postgres-server.js';
import { spyLogger } from '../support/spy-logger.js';
import { eventsOf, startedIn } from './durable-node.js';
import { heldDag } from './programs/held-functions.js';

const NODE = fileURLToPath(new URL('programs/held-node.ts', import.meta.url));

describe('a driver in a process of its own that is killed while functions run on two other nodes', () => {
  const postgres = postgresForEach();
  const programs: Program[] = [];
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'handoff-taken-over-'));
  });
  afterEach(async () => {
    for (const { child } of programs) child.kill('SIGKILL');
    await Promise.all(programs.splice(0).map(({ ended }) => ended));
    await rm(folder, { recursive: true });
  });

  function start(options: NodeOptions, ...args: readonly string[]): Program {
    const started = program(NODE, JSON.stringify({ journal: postgres.url, leaseMs: 1000, ...options }), ...args);
    started.ended.catch(() => {});
    programs.push(started);
    return started;
  }

  it('is followed by the node that executes the key after its lease: both go on, and each runs once', async () => {
    const own = { name: 'b', journal: postgres.url, leaseMs: 1000, capabilities: { cpu: 1 }, logger: spyLogger() };
    await using b = await Handoff.start({ ...own, listen: '127.0.0.1:0' });
    const c = start({ name: 'c', capabilities: { cpu: 1 }, join: [b.address!] });
    await c.writes(/ws:\/\/\S+/);
    const a = start({ name: 'a', capabilities: {}, join: [b.address!] }, folder);
    await a.writes(/on-b runs[\s\S]*on-c runs|on-c runs[\s\S]*on-b runs/);
    const begun = async (): Promise<string[]> => (await readFile(join(folder, 'begun'), 'utf8').catch(() => '')).trim().split('\n').sort();
    while ((await begun()).length < 2) await new Promise((resolve) => setImmediate(resolve));
    a.child.kill('SIGKILL');
    await a.ended;
    const heir = b.execute(heldDag(folder), { key: 'k', waitMs: 60_000 });
    const events = eventsOf(heir);
    for await (const event of heir) {
      if (event.type === 'function-started' && event.functionId === 'on-c') break;
    }
    await writeFile(join(folder, 'open'), '');
    expect((await heir).results).to.deep.equal({ 'on-b': 4, 'on-c': 4, sum: 8 });
    expect(startedIn(await events).sort()).to.deep.equal(['on-b', 'on-c', 'sum']);
    expect(await begun()).to.deep.equal(['on-b on b', 'on-c on c']);
  });
});
