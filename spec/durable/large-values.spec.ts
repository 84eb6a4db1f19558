import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../lib/base/index.js';
import { storageFailed } from '../../lib/files/index.js';
import { checkedNodeOptions, realEnvironment } from '../../lib/handoff/index.js';
import { openDurablePlace } from '../../lib/handoff/node/durable-place.js';
import { Dag, type Handoff, HandoffError } from '../../lib/index.js';
import { ValueFiles } from '../../lib/journal/data-dir/value-files.js';
import { type JournalOptions, journals } from '../../lib/journal/index.js';
import { caught } from '../support/caught.js';
import { gate } from '../support/gate.js';
import { spyLogger } from '../support/spy-logger.js';
import { testClock } from '../support/test-clock.js';
import { DurablePlaces, eventsOf, reasonsIn, recalledIn, startedIn } from './durable-node.js';
import { faultyJournal } from './faulty-journal.js';

const LARGE = 100_000;
const large = (n: number): Uint8Array => new Uint8Array(LARGE + n).fill(n % 251);

/** `a` makes a large value; `b` waits at the gate before it makes another one of it. */
const chain = (held: ReturnType<typeof gate>, ran: string[] = []) =>
  Dag.dynamic('d')
    .add({
      id: 'a',
      code: () => {
        ran.push('a');
        return large(1);
      },
    })
    .add({
      id: 'b',
      code: async (a: Uint8Array) => {
        await held.pass();
        ran.push('b');
        return a.length;
      },
      args: ['a'],
    });

async function flipByte(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[LARGE / 2]! ^= 1;
  await writeFile(path, bytes);
}

describe('large values of a durable run', () => {
  let dataDir: string;
  let places: DurablePlaces;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'handoff-large-'));
    places = new DurablePlaces();
  });
  afterEach(async () => {
    await places.stop();
    await rm(dataDir, { recursive: true });
  });

  const start = (options = {}): Promise<Handoff> => places.start('here', { dataDir, ...options });
  const filesOf = async (runId: string): Promise<string[]> => (await readdir(join(dataDir, 'values', runId)).catch(() => [])).sort();
  const pathOf = (runId: string, file: string): string => join(dataDir, 'values', runId, file);

  /** Leaves the run of `chain` interrupted while `b` runs, and `a` recorded. */
  async function interrupted(durability: 'batched' | 'strict' = 'batched'): Promise<string> {
    const node = await start();
    const held = gate();
    const run = node.execute(chain(held), { key: 'k', durability });
    const aborted = caught(run);
    await held.reached;
    await node.stop({ graceMs: 0 });
    await aborted;
    held.open();
    return run.id;
  }
  const open = (): ReturnType<typeof gate> => {
    const held = gate();
    held.open();
    return held;
  };

  it('leave the memory without another file', async () => {
    const node = await start({ valueMemoryMiB: 1 });
    const held = gate();
    const made = Array.from({ length: 8 }, (_, n) => `v${n}`);
    const dag = Dag.dynamic('d');
    // Each is made once the one before is recorded.
    for (const [n, id] of made.entries()) {
      dag.add({ id, code: () => new Uint8Array(512 * 1024).fill(n), args: n === 0 ? [] : [`after ${n - 1}`] });
      dag.add({ id: `after ${n}`, code: (bytes: Uint8Array) => bytes.length, args: [id] });
    }
    dag.add({ id: 'all', code: () => held.pass(), args: ['after 7'] });
    const sum = (_: unknown, ...all: Uint8Array[]): number => all.reduce((total, bytes) => total + bytes[9]!, 0);
    dag.add({ id: 'sum', code: sum, args: ['all', ...made] });
    const run = node.execute(dag, { key: 'k', durability: 'strict', collect: 'sinks' });
    await held.reached;
    expect(await readdir(join(dataDir, 'spill')).catch(() => [])).to.deep.equal([]);
    expect((await node.nodes())[0]!.held.memoryBytes).to.be.below(3 * 2 ** 20);
    held.open();
    expect((await run).results['sum']).to.equal(28);
  });

  for (const durability of ['batched', 'strict'] as const) {
    it(`are files with their record, and do not run again: ${durability}`, async () => {
      const runId = await interrupted(durability);
      expect(await filesOf(runId)).to.deep.equal(['1-0']);
      const node = await start();
      const again = node.execute(chain(open()), { key: 'k' });
      const events = await eventsOf(again);
      expect(recalledIn(events)).to.deep.equal(['a']);
      expect(startedIn(events)).to.deep.equal(['b']);
      expect((await again).results).to.deep.equal({ a: large(1), b: LARGE + 1 });
      // Once more, from the record alone.
      await node.stop();
      const last = (await start()).execute(chain(gate()), { key: 'k' });
      expect(startedIn(await eventsOf(last))).to.deep.equal([]);
      expect((await last).results).to.deep.equal({ a: large(1), b: LARGE + 1 });
    });
  }

  for (const [what, harm] of [
    ['missing', (path: string) => rm(path)],
    ['short', (path: string) => truncate(path, LARGE)],
    ['changed', (path: string) => flipByte(path)],
  ] as const) {
    it(`count as lost when their file is ${what}: logged once, set aside, computed again`, async () => {
      const runId = await interrupted();
      await harm(pathOf(runId, '1-0'));
      const logger = spyLogger();
      const node = await start({ logger });
      const ran: string[] = [];
      const again = node.execute(chain(open(), ran), { key: 'k', collect: 'sinks' });
      const events = await eventsOf(again);
      expect(ran).to.deep.equal(['a', 'b']);
      expect(reasonsIn(events)).to.include({ a: 'value-lost' });
      expect((await again).results).to.deep.equal({ b: LARGE + 1 });
      expect(logger.lines.filter(({ level }) => level === 'warn')).to.have.length(1);
    });
  }

  it('are computed again where the file of a completed run is changed', async () => {
    const node = await start();
    const run = node.execute(chain(open()), { key: 'k' });
    await run;
    await flipByte(pathOf(run.id, '1-0'));
    const again = node.execute(chain(open()), { key: 'k' });
    const events = await eventsOf(again);
    expect(startedIn(events)).to.deep.equal(['a']);
    expect(reasonsIn(events)).to.deep.equal({ a: 'value-lost' });
    expect((await again).results).to.deep.equal({ a: large(1), b: LARGE + 1 });
    await node.stop();
    expect(await filesOf(run.id)).to.deep.equal(['2-0']);
  });

  it('of which a hundred are recorded are read only where something needs them', async () => {
    const hundred = Array.from({ length: 100 }, (_, n) => `v${n}`);
    const dag = (held: ReturnType<typeof gate>) => {
      const all = Dag.dynamic('d');
      for (const [n, id] of hundred.entries()) all.add({ id, code: () => large(n) });
      for (const [n, id] of hundred.entries()) {
        all.add({
          id: `of ${id}`,
          code: async (value: Uint8Array) => {
            if (n >= 98) await held.pass();
            return value.length;
          },
          args: [id],
        });
      }
      return all;
    };
    const node = await start();
    const held = gate();
    const run = node.execute(dag(held), { key: 'k', collect: 'sinks', durability: 'strict' });
    const aborted = caught(run);
    let told = 0;
    for await (const event of run) {
      if (event.type === 'function-succeeded') told += 1;
      if (told === 198) break;
    }
    await node.stop({ graceMs: 0 });
    await aborted;
    held.open();
    const { bytesOf } = ValueFiles.prototype;
    const names: number[] = [];
    ValueFiles.prototype.bytesOf = function (name, stamp, lost) {
      names.push(name.index);
      return bytesOf.call(this, name, stamp, lost);
    };
    try {
      const again = (await start()).execute(dag(open()), { key: 'k', collect: 'sinks' });
      expect(startedIn(await eventsOf(again))).to.have.members(['of v98', 'of v99']);
      expect((await again).results).to.deep.equal(Object.fromEntries(hundred.map((id, n) => [`of ${id}`, LARGE + n])));
    } finally {
      ValueFiles.prototype.bytesOf = bytesOf;
    }
    expect(names.sort()).to.deep.equal([98, 99]);
  });

  it('are there before the record that names them, and under strict before anything depends on them', async () => {
    const { write } = ValueFiles.prototype;
    const order: string[] = [];
    ValueFiles.prototype.write = async function (name, parts, isSynced) {
      const stamp = await write.call(this, name, parts, isSynced);
      order.push(`file${isSynced ? ' synced' : ''}`);
      return stamp;
    };
    places.wrap = (journal) => faultyJournal(journal, { beforeWrite: (what) => void (what === 'append' && order.push('record')) });
    try {
      const node = await start();
      const dag = Dag.dynamic('d')
        .add({ id: 'a', code: () => large(1) })
        .add({ id: 'b', code: (a: Uint8Array) => void order.push(`b of ${a.length}`), args: ['a'] });
      await node.execute(dag, { key: 'k', durability: 'strict' });
      expect(order).to.deep.equal(['file synced', 'record', `b of ${LARGE + 1}`, 'record']);
      order.length = 0;
      await node.execute(Dag.dynamic('d').add({ id: 'a', code: () => large(1) }), { key: 'batched' });
      expect(order).to.deep.equal(['file', 'record']);
    } finally {
      ValueFiles.prototype.write = write;
    }
  });

  it('that a crash left without a record do no harm', async () => {
    let isCut = false;
    places.wrap = (journal) =>
      faultyJournal(journal, {
        beforeWrite() {
          if (isCut) throw new HandoffError('HANDOFF_STOPPED', 'the process was killed');
        },
      });
    const node = await start();
    const held = gate();
    isCut = true;
    const run = node.execute(chain(held), { key: 'k', durability: 'strict' });
    await caught(run);
    await node.stop({ graceMs: 0 });
    expect(await filesOf(run.id)).to.deep.equal(['1-0']);
    isCut = false;
    const heir = await start();
    const again = heir.execute(chain(open()), { key: 'k' });
    expect(startedIn(await eventsOf(again))).to.deep.equal(['a', 'b']);
    expect((await again).results).to.deep.equal({ a: large(1), b: LARGE + 1 });
    await heir.stop();
    expect(await filesOf(run.id)).to.deep.equal(['2-0']);
  });

  it('that are lost are computed again of what is recorded of their arguments', async () => {
    const dag = (held: ReturnType<typeof gate>, ran: string[]) => {
      const counted = <T>(id: string, value: T): T => {
        ran.push(id);
        return value;
      };
      return Dag.dynamic('d')
        .add({ id: 'small', code: () => counted('small', 1) })
        .add({ id: 'large', code: (n: number) => counted('large', large(n)), args: ['small'] })
        .add({ id: 'last', code: (value: Uint8Array) => held.pass().then(() => value.length), args: ['large'] });
    };
    const node = await start();
    const held = gate();
    const run = node.execute(dag(held, []), { key: 'k', collect: 'sinks' });
    const aborted = caught(run);
    await held.reached;
    await node.stop({ graceMs: 0 });
    await aborted;
    held.open();
    await rm(pathOf(run.id, '1-1'));
    const ran: string[] = [];
    const { results } = await (await start()).execute(dag(open(), ran), { key: 'k', collect: 'sinks' });
    expect(results).to.deep.equal({ last: LARGE + 1 });
    expect(ran).to.deep.equal(['large']);
  });

  describe('are kept', () => {
    const openJournal = (options: JournalOptions) => journals.memory(places.database, { ...options, clock: systemClock });

    /** What is left of some files once their node has started again so much later. */
    async function leftAfter(runId: string, laterMs: number): Promise<string[]> {
      const clock = testClock();
      clock.advance(Date.now() - clock.wallNow() + laterMs);
      const folder = await openDurablePlace(checkedNodeOptions({ dataDir, logger: spyLogger() }), {
        ...realEnvironment,
        clock,
        openJournal,
      });
      await folder!.close();
      return filesOf(runId);
    }
    const WEEK_MS = 604_800_000;
    const MINUTE_MS = 60_000;

    it('for recordsForMs where the run has completed: those that are collected', async () => {
      const node = await start();
      const dag = Dag.dynamic('d')
        .add({ id: 'a', code: () => large(1) })
        .add({ id: 'b', code: (a: Uint8Array) => large(a.length - LARGE), args: ['a'] });
      const run = node.execute(dag, { key: 'k', collect: 'sinks' });
      await run;
      await node.clear('d');
      await node.stop();
      expect(await leftAfter(run.id, WEEK_MS - MINUTE_MS)).to.deep.equal(['1-1']);
      expect(await leftAfter(run.id, WEEK_MS + MINUTE_MS)).to.deep.equal([]);
    });

    it('as long where it was interrupted: all', async () => {
      const runId = await interrupted();
      expect(await leftAfter(runId, WEEK_MS - MINUTE_MS)).to.deep.equal(['1-0']);
      expect(await leftAfter(runId, WEEK_MS + MINUTE_MS)).to.deep.equal([]);
    });

    it('no longer than their record', async () => {
      const node = await start();
      const [one, other] = [node.execute(chain(open()), { key: 'one' }), node.execute(chain(open()), { key: 'other' })];
      await Promise.all([one, other]);
      await node.forget('one');
      expect(await filesOf(one.id)).to.deep.equal([]);
      expect(await filesOf(other.id)).to.deep.equal(['1-0']);
      await node.stop();
      await (await openJournal({ node: 'x', clock: systemClock, leaseMs: 1000 })).forgetRun('other');
      expect(await leftAfter(other.id, 0)).to.deep.equal([]);
    });
  });

  describe('on a full disk', () => {
    const { write } = ValueFiles.prototype;
    let room = 0;
    let tries = 0;
    beforeEach(() => {
      tries = 0;
      ValueFiles.prototype.write = async function (name, parts, isSynced) {
        tries += 1;
        const there = await Promise.all((await this.runs()).map(filesOf));
        if (there.flat().length >= room) throw storageFailed('full', 'no space left');
        return write.call(this, name, parts, isSynced);
      };
    });
    afterEach(() => {
      ValueFiles.prototype.write = write;
    });

    it('pause the run, which goes on when there is room', async () => {
      room = 0;
      const logger = spyLogger();
      const node = await start({ logger });
      const held = open();
      const run = node.execute(chain(held), { key: 'k', durability: 'strict' });
      while (tries < 2) await new Promise((resolve) => setImmediate(resolve));
      expect(run.progress).to.include({ running: 1, succeeded: 0 });
      expect(logger.lines.filter(({ level }) => level === 'warn')).to.have.length(1);
      room = 1;
      expect((await run).results).to.deep.equal({ a: large(1), b: LARGE + 1 });
    });

    it('interrupt it after journalWaitMs, as full', async () => {
      room = 0;
      const node = await start({ journalWaitMs: 0 });
      for (const durability of ['strict', 'batched'] as const) {
        const run = node.execute(chain(open()), { key: durability, durability });
        expect(await caught(run)).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'full' });
        expect((await node.runs())[0]).to.include({ key: durability, state: 'interrupted' });
      }
    });

    it('make room where all their consumers have succeeded and nobody collects them', async () => {
      room = 1;
      const node = await start({ journalWaitMs: 0 });
      const dag = Dag.dynamic('d')
        .add({ id: 'a', code: () => large(1) })
        .add({ id: 'b', code: (a: Uint8Array) => a.length, args: ['a'] })
        .add({ id: 'c', code: (b: number) => large(b - LARGE), args: ['b'] });
      const run = node.execute(dag, { key: 'k', collect: 'sinks', durability: 'strict' });
      expect((await run).results).to.deep.equal({ c: large(1) });
      await node.stop();
      expect(await filesOf(run.id)).to.deep.equal(['1-2']);
      const all = (await start({ journalWaitMs: 0 })).execute(dag, { key: 'all', collect: 'all', durability: 'strict' });
      expect(await caught(all)).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'full' });
    });
  });
});
