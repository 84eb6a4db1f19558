import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Dag, type DynamicDag, Handoff } from 'handoff-dag';
import { type PostgresServer, postgresServer } from '../support/postgres-server.js';
import { alone } from './alone.js';
import type { RecordedRunOptions, Resumption } from './durable-alone.js';
import { type Bench, median, type Pair, pairs, perSecond, type Row, timed } from './measure.js';
import { ProcessWatch } from './process-watch.mjs';
import { checkResults, layers, nothing } from './shapes.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const entry = fileURLToPath(new URL('./alone-entry.mjs', import.meta.url));

type Place = RecordedRunOptions['place'];

let keys = 0;
const newKey = (): string => `run ${keys++}`;

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

/** CPU time of this process, ms. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function ran(handoff: Handoff, dag: DynamicDag, key?: string): Promise<void> {
  const { results } = await handoff.execute(dag, key === undefined ? {} : { key });
  checkResults(results, dag.size);
}

/** The same functions with and without a record, in turn: by the clock, and by the CPU time of the process with all its threads. */
async function rates(name: string, handoff: Handoff, atLeast: number, isShort: boolean): Promise<Row[]> {
  const dag = layers(10).make(10_000);
  const cpu: { plain: number[]; durable: number[] } = { plain: [], durable: [] };
  const measured = (kind: keyof typeof cpu, key: () => string | undefined) => async (): Promise<number> => {
    const before = cpuMs();
    const tookMs = await timed(() => ran(handoff, dag, key()));
    cpu[kind].push(cpuMs() - before);
    return tookMs;
  };
  const plain = measured('plain', () => undefined);
  const durable = measured('durable', newKey);
  await pairs(isShort ? 2 : 8, plain, durable);
  const { aMs, bMs, ratio }: Pair = await pairs(isShort ? 5 : 15, plain, durable);
  const perFunction = (kind: keyof typeof cpu): string => `${((median(cpu[kind]) / dag.size) * 1000).toFixed(1)} µs`;
  return [
    {
      what: `${name}: 10,000 recorded in batches, ${layers(10).name}`,
      figure: perSecond(dag.size, bMs),
      floor: `not recorded ${perSecond(dag.size, aMs)}`,
      ratio,
      target: `at least ${atLeast}`,
    },
    {
      what: `${name}: CPU time of each`,
      figure: perFunction('durable'),
      floor: `not recorded ${perFunction('plain')}`,
      ratio: median(cpu.plain) / median(cpu.durable),
    },
  ];
}

/** Levels of so many functions, each of which needs one of the level before. */
function levels(count: number, width: number): DynamicDag {
  const dag = Dag.dynamic(`levels of ${width}`);
  for (let level = 0; level < count; level += 1) {
    for (let at = 0; at < width; at += 1) dag.add({ id: `${level} ${at}`, code: nothing, args: level === 0 ? [] : [`${level - 1} ${at}`] });
  }
  return dag;
}

/** What each level waits for under `strict`, beside a plain fdatasync of as many bytes. */
async function strict(handoff: Handoff, folder: string, isShort: boolean): Promise<Row[]> {
  const count = 20;
  const rows: Row[] = [];
  for (const width of [1, 100, 1000]) {
    const dag = levels(count, width);
    const bytes = new Uint8Array(width * 30);
    const plain = await open(join(folder, `plain ${width}`), 'a');
    const pair = await pairs(
      isShort ? 3 : 7,
      async () => {
        const lastMs = await timed(() => handoff.execute(dag, { key: newKey(), durability: 'strict' }));
        const withoutMs = await timed(() => handoff.execute(dag));
        return (lastMs - withoutMs) / count;
      },
      async () => {
        const tookMs = await timed(async () => {
          for (let at = 0; at < count; at += 1) {
            await plain.write(bytes);
            await plain.datasync();
          }
        });
        return tookMs / count;
      },
    );
    await plain.close();
    rows.push({
      what: `strict: a level of ${width} more than without`,
      figure: ms(pair.aMs),
      floor: `append and fdatasync ${ms(pair.bMs)}`,
      ratio: pair.ratio,
      target: 'at most 2',
    });
  }
  return rows;
}

/** The longest pause of the loop while many are recorded, and while the same ones are not. */
async function pauses(handoff: Handoff, isShort: boolean): Promise<Row> {
  const dag = layers(10).make(100_000);
  const longest = async (key: () => string | undefined): Promise<number> => {
    const all: number[] = [];
    for (let round = 0; round < (isShort ? 1 : 3); round += 1) {
      const watch = new ProcessWatch();
      await new Promise((resolve) => setTimeout(resolve, 20));
      await ran(handoff, dag, key());
      all.push(watch.end().longestPauseMs);
    }
    return median(all);
  };
  await ran(handoff, dag);
  const plainMs = await longest(() => undefined);
  const durableMs = await longest(newKey);
  return {
    what: 'longest pause of the loop, 100,000 recorded',
    figure: ms(durableMs),
    floor: `not recorded ${ms(plainMs)}`,
    ratio: durableMs / plainMs,
    target: 'at most 20 ms',
  };
}

async function bytesIn(folder: string): Promise<number> {
  const files = (await readdir(folder)).filter((name) => name.startsWith('journal.db'));
  const sizes = await Promise.all(files.map((name) => stat(join(folder, name))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

/** What a run of so many leaves on disk for each, its plan included. */
async function sized(folder: string): Promise<Row> {
  const count = 100_000;
  const handoff = await Handoff.start({ dataDir: folder });
  const before = await bytesIn(folder);
  await ran(handoff, layers(1).make(count), newKey());
  await handoff.stop();
  const each = ((await bytesIn(folder)) - before) / count;
  return {
    what: 'bytes on disk for a small success and its function',
    figure: `${each.toFixed(0)} B`,
    ratio: each / 200,
    target: 'at most 1: 200 B',
  };
}

/** Goes on with a record of so many successes, in a process that does nothing else. */
async function resumed(name: string, placeOf: (round: number) => Place, count: number, isShort: boolean): Promise<Row[]> {
  const all: Resumption[] = [];
  for (let round = 0; round < (isShort ? 1 : 3); round += 1) {
    const options: RecordedRunOptions = { place: placeOf(round), count };
    await alone('./durable-alone.ts', 'recordRun', options);
    const one = await alone<Resumption>('./durable-alone.ts', 'resumeRun', options);
    if (one.recalled !== count) throw new Error(`${one.recalled} of ${count} successes were recalled`);
    all.push(one);
  }
  const of = (field: keyof Resumption): number => median(all.map((one) => one[field]));
  const limitMs = count / 100;
  return [
    {
      what: `${name}: ${count.toLocaleString('en-US')} recorded, until the next starts`,
      figure: ms(of('firstMs')),
      floor: `in all ${ms(of('wholeMs'))}, wanted ${ms(limitMs)}`,
      ratio: of('firstMs') / limitMs,
      target: 'at most 1',
    },
    {
      what: `${name}: longest pause of the loop meanwhile`,
      figure: ms(of('longestPauseMs')),
      floor: 'wanted 20 ms',
      ratio: of('longestPauseMs') / 20,
      target: 'at most 1',
    },
  ];
}

const LEASE_MS = 1000;

/** A driver is killed: how long until another one runs its function. */
async function takenOver(server: PostgresServer, isShort: boolean): Promise<Row> {
  const all: number[] = [];
  for (let round = 0; round < (isShort ? 1 : 3); round += 1) {
    const place = { journal: server.url(`taken_${round}`), leaseMs: LEASE_MS };
    const driver = fork(entry, ['./durable-alone.ts', 'driveForEver', JSON.stringify({ place, count: 0 })]);
    await once(driver, 'message');
    await using handoff = await Handoff.start(place);
    let startedMs = 0;
    const code = (): number => {
      startedMs = performance.now();
      return 1;
    };
    const dag = Dag.dynamic('for ever').add({ id: 'last', version: '1', code });
    const killedMs = performance.now();
    driver.kill('SIGKILL');
    await handoff.execute(dag, { key: 'recorded', waitMs: 60_000 });
    all.push(startedMs - killedMs);
  }
  return {
    what: `taken over, by a lease of ${LEASE_MS} ms`,
    figure: ms(median(all)),
    floor: `lease and 1 s: ${LEASE_MS + 1000} ms`,
    ratio: median(all) / (LEASE_MS + 1000),
    target: 'at most 1',
  };
}

/** What durable runs cost, and how fast they go on. */
export const durableBench: Bench = {
  name: 'durable',
  question: 'What does recording a run cost, and how fast does it go on after its driver died?',
  async run({ isShort }) {
    const folder = await mkdtemp(join(project, '.bench-'));
    const server = await postgresServer();
    const rows: Row[] = [];
    try {
      {
        await using handoff = await Handoff.start({ dataDir: join(folder, 'data'), capabilities: {} });
        rows.push(...(await rates('sqlite', handoff, 0.6, isShort)), ...(await strict(handoff, folder, isShort)));
        rows.push(await pauses(handoff, isShort));
      }
      rows.push(await sized(join(folder, 'sized')));
      if (server) {
        await using handoff = await Handoff.start({ journal: server.url('rates'), capabilities: {} });
        rows.push(...(await rates('postgres', handoff, 0.5, isShort)));
      }
      for (const count of isShort ? [100_000] : [100_000, 1_000_000]) {
        rows.push(...(await resumed('sqlite', (round) => ({ dataDir: join(folder, `${count} ${round}`) }), count, isShort)));
      }
      if (server) rows.push(await takenOver(server, isShort));
      return rows;
    } finally {
      await server?.remove();
      await rm(folder, { recursive: true });
    }
  },
};
