import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { silentLogger, systemClock } from '../../lib/base/index.js';
import { Executor, Fetches, type GatheredOutcome, type IsolationRunner, OwnValues } from '../../lib/executor/index.js';
import { loopIsolation } from '../../lib/executor/isolations/loop.js';
import { processIsolation } from '../../lib/executor/isolations/process.js';
import { threadIsolation } from '../../lib/executor/isolations/thread.js';
import { startGathered } from '../../lib/executor/values/gathered-attempt.js';
import type { PlainPlace } from '../../lib/files/index.js';
import { backends, openSpillDisk, ValueStore } from '../../lib/store/index.js';
import { pack, StoredValue } from '../../lib/value/index.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const tasks = new URL('./modules/tasks.ts', import.meta.url).href;
const node = 'here';
const run = { runId: 'r', dagId: 'd' };
const binary = (size: number): Uint8Array => new Uint8Array(size).map((_, at) => at % 251);

/** A node that has room for one value of 1 KiB: all others are on a real disk. */
async function nodeWith(folder: string, of: keyof typeof MAKERS, values: Readonly<Record<string, unknown>>) {
  const disk = await openSpillDisk({ dataDirPath: folder, limitBytes: 1e9, logger: silentLogger, clock: systemClock });
  const options = { node, backend: backends.memory(), clock: systemClock, retainedBytesLimit: 1e9, disk };
  const store = new ValueStore({ ...options, memoryLimitBytes: () => 1 * KIB });
  store.openRun(run.runId, run.dagId);
  const isolation = MAKERS[of]();
  const executor = new Executor(new Map([[of, isolation]]), systemClock);
  const noFiles = { openFile: () => undefined, openRecordedFile: () => undefined, openRemembered: async () => undefined };
  const own = new OwnValues({ node, store, ...noFiles });
  const fetches = new Fetches({
    ...{ node, store, own, ...noFiles, requests: {} as never, compositePage: () => undefined },
    wayTo: () => 'self',
    receivedFrom: () => 0,
    defer: (action) => action(),
  });
  for (const [id, value] of Object.entries(values)) store.put(run.runId, id, StoredValue.packed(pack(value, { where: id })));
  const held = (id: string): StoredValue => store.get(run.runId, id)!;
  const away = async (): Promise<void> => {
    while (!Object.keys(values).every((id) => held(id).isAway)) await new Promise(setImmediate);
  };
  await away();
  const begin = (name: string, ...ids: string[]): Promise<GatheredOutcome> => {
    const code = { module: tasks, name };
    const inputs = ids.map(held);
    const steps = [
      { role: 'function', functionId: 'f', code, inputs, isolation: of, asList: false, extra: undefined, wanted: true },
    ] as const;
    const context = { ...run, functionId: 'f', attempt: 1, node };
    const attempt = { context, steps, timeoutMs: undefined, stopGraceMs: 0, via: undefined };
    return new Promise((resolve) => startGathered(attempt, { node, clock: systemClock, executor, store, fetches }).listen(resolve));
  };
  const placeOf = (id: string): PlainPlace => held(id).away!.place as PlainPlace;
  const end = async (): Promise<void> => {
    await isolation.close();
    await disk.close();
  };
  return { store, executor, held, begin, placeOf, end, [Symbol.asyncDispose]: end };
}

const options = {
  ...{ node, clock: systemClock, root: fileURLToPath(new URL('.', import.meta.url)), threads: 1, loopConcurrency: 4 },
  ...{ threadHeapMiB: 256, freeze: true, logger: silentLogger, onOutput: () => {} },
};
const MAKERS = {
  thread: (): IsolationRunner => threadIsolation(options),
  process: (): IsolationRunner => processIsolation(options),
  loop: (): IsolationRunner => loopIsolation(options),
};

const valuesOf = (outcome: GatheredOutcome): unknown => {
  if (outcome.type !== 'succeeded') throw new Error(`it ended as ${outcome.type}`, { cause: outcome });
  return outcome.values[0]!.open(false);
};

/** Changes a byte in the middle of a value. */
function damage({ path, at = 0, sizeBytes }: PlainPlace): void {
  const bytes = readFileSync(path);
  const middle = at + (sizeBytes >> 1);
  bytes[middle] = bytes[middle]! ^ 1;
  writeFileSync(path, bytes);
}

describe('arguments that lie in files', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'handoff-read-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const rows = { rows: Array.from({ length: 300 }, (_, at) => ({ at, name: `row ${at}` })) };
  const values = { small: binary(4 * KIB), rows, large: binary(3 * MIB), empty: new Uint8Array(1200).subarray(0, 1100) };

  for (const isolation of ['thread', 'process'] as const) {
    describe(`of a ${isolation}`, () => {
      it('are read there: they are what was written, small and large, and do not come into the memory of the node', async () => {
        await using here = await nodeWith(folder, isolation, values);
        const ids = Object.keys(values);
        const outcome = await here.begin('list', ...ids);
        expect(valuesOf(outcome)).to.deep.equal(Object.values(values));
        expect(outcome).to.have.property('phases').that.does.not.have.property('fetchMs');
        expect(ids.map((id) => here.held(id).isAway)).to.deep.equal(ids.map(() => true));
        expect(here.executor.ended).to.deep.equal({ succeeded: 1, failed: 0, timedOut: 0, cancelled: 0 });
      });

      it('are frozen as others are', async () => {
        await using here = await nodeWith(folder, isolation, { numbers: Array.from({ length: 2000 }, (_, at) => at) });
        const outcome = await here.begin('pushTo', 'numbers');
        expect(outcome).to.have.property('type', 'failed');
        expect((outcome as { error: Error }).error).to.be.instanceOf(TypeError);
      });

      it('stay there until the attempt has ended, though nobody else needs them any more', async () => {
        await using here = await nodeWith(folder, isolation, values);
        const begun = here.begin('list', 'small', 'large');
        here.store.dropRun(run.runId);
        expect(valuesOf(await begun)).to.deep.equal([values.small, values.large]);
      });

      it('are lost if they are not what was written, and the function is not called', async () => {
        await using here = await nodeWith(folder, isolation, values);
        damage(here.placeOf('large'));
        const outcome = await here.begin('exit', 'small', 'large');
        expect(outcome).to.deep.include({ type: 'argument-lost', functionId: 'large' });
        expect((outcome as { error: Error }).error).to.include({ code: 'HANDOFF_RESULT_LOST' });
        expect(here.store.get(run.runId, 'large')).to.equal(undefined);
        expect(here.executor.ended).to.deep.equal({ succeeded: 0, failed: 0, timedOut: 0, cancelled: 0 });
        expect(valuesOf(await here.begin('list', 'small'))).to.deep.equal([values.small]);
      });

      it('are lost if the file is too short', async () => {
        await using here = await nodeWith(folder, isolation, values);
        truncateSync(here.placeOf('large').path, MIB);
        expect(await here.begin('list', 'large')).to.deep.include({ type: 'argument-lost', functionId: 'large' });
      });
    });
  }

  it('of a function on the loop come into memory', async () => {
    await using here = await nodeWith(folder, 'loop', { large: values.large });
    expect(valuesOf(await here.begin('count', 'large'))).to.equal(3 * MIB);
  });
});
