import { mkdtemp, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../lib/base/index.js';
import { DataDir, GroupBuffer, GroupReader, type Journal, journals, type RunJournal } from '../../lib/journal/index.js';
import { openedRun, requestFor } from '../support/journal-runs.js';
import { postgresServer } from '../support/postgres-server.js';
import { type Bench, pairs, perSecond, type Row, timed } from './measure.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
/** A small success as a runner records it: attempt, node, time, and a value of some 30 bytes, packed. */
const SUCCESS_BYTES = 44;
const IN_A_GROUP = [1_000, 2_000] as const;

const ONE = new Uint8Array(SUCCESS_BYTES).fill(7);

/** A group of so many. */
function successes(count: number): Uint8Array {
  const group = new GroupBuffer();
  for (let index = 0; index < count; index += 1) {
    group.begin(1, index);
    group.bytes(ONE);
    group.end();
  }
  return group.take();
}

interface JournalUnderTest {
  readonly journal: Journal;
  /** How much is stored. */
  sizeBytes(): Promise<number>;
  close(): Promise<void>;
}

let runs = 0;
const newRun = (journal: Journal): Promise<RunJournal> => openedRun(journal, requestFor(`run ${runs++}`));

async function sqlite(folder: string): Promise<JournalUnderTest> {
  const dataDir = await DataDir.open(folder);
  const journal = await journals.sqlite(dataDir, { node: 'bench', clock: systemClock });
  return {
    journal,
    async sizeBytes() {
      const sizes = (await readdir(folder)).filter((name) => name.startsWith('journal.db')).map((name) => stat(join(folder, name)));
      return (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0);
    },
    async close() {
      await journal.close();
      dataDir.close();
    },
  };
}

/** Packs and appends groups, one after the other, and the same bytes to a plain file with fdatasync. */
async function appended(
  name: string,
  under: JournalUnderTest,
  folder: string,
  inGroup: number,
  isSynced: boolean,
  isShort: boolean,
): Promise<Row> {
  const groups = isShort ? 20 : 60;
  const plain = await open(join(folder, `plain ${name} ${inGroup} ${isSynced}`), 'a');
  const pair = await pairs(
    isShort ? 2 : 5,
    async () => {
      const run = await newRun(under.journal);
      return timed(async () => {
        for (let at = 0; at < groups; at += 1) await run.append(successes(inGroup), { isSynced });
      });
    },
    () =>
      timed(async () => {
        for (let at = 0; at < groups; at += 1) {
          await plain.write(successes(inGroup));
          await plain.datasync();
        }
      }),
  );
  await plain.close();
  const count = groups * inGroup;
  return {
    what: `${name}${isSynced ? ', synced' : ''}: small successes in groups of ${inGroup.toLocaleString('en-US')}`,
    figure: perSecond(count, pair.aMs),
    floor: `${perSecond(count, pair.bMs)}: append and fdatasync`,
    ratio: pair.bMs / pair.aMs,
  };
}

async function sized(name: string, under: JournalUnderTest, isShort: boolean): Promise<Row> {
  const groups = isShort ? 50 : 250;
  const before = await under.sizeBytes();
  const run = await newRun(under.journal);
  for (let at = 0; at < groups; at += 1) await run.append(successes(2_000));
  const perSuccess = ((await under.sizeBytes()) - before) / (groups * 2_000);
  return {
    what: `${name}: bytes a small success takes on disk`,
    figure: `${perSuccess.toFixed(1)} B`,
    floor: `${SUCCESS_BYTES} B of its own`,
    ratio: perSuccess / SUCCESS_BYTES,
    target: 'at most 200 B',
  };
}

/** How long a run's groups take to read and unpack, and the longest pause of the loop while they are written and read. */
async function readBack(name: string, under: JournalUnderTest, isShort: boolean): Promise<Row[]> {
  const count = isShort ? 100_000 : 1_000_000;
  const run = await newRun(under.journal);
  let longestMs = 0;
  let isOver = false;
  const watching = (async () => {
    for (let beforeMs = performance.now(); !isOver; ) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const nowMs = performance.now();
      longestMs = Math.max(longestMs, nowMs - beforeMs);
      beforeMs = nowMs;
    }
  })();
  for (let at = 0; at < count; at += 2_000) await run.append(successes(2_000));
  let seen = 0;
  const readMs = await timed(async () => {
    for await (const { bytes } of under.journal.readGroups(run)) for (const reader = new GroupReader(bytes); reader.next(); ) seen += 1;
  });
  isOver = true;
  await watching;
  if (seen !== count) throw new Error(`read ${seen} of ${count} successes`);
  return [
    {
      what: `${name}: read ${count.toLocaleString('en-US')} successes`,
      figure: `${Math.round(readMs)} ms`,
      target: isShort ? 'at most 1 s' : 'at most 10 s',
    },
    { what: `${name}: longest pause of the loop meanwhile`, figure: `${longestMs.toFixed(1)} ms`, target: 'at most 20 ms' },
  ];
}

/** What the journal costs, without the runner. */
export const journalBench: Bench = {
  name: 'journal',
  question: 'How fast are small successes recorded, and how much do they take?',
  async run({ isShort }) {
    const folder = await mkdtemp(join(project, '.bench-'));
    const server = await postgresServer();
    try {
      const rows: Row[] = [];
      const measure = async (name: string, under: JournalUnderTest): Promise<void> => {
        try {
          for (const inGroup of IN_A_GROUP) {
            for (const isSynced of name === 'sqlite' ? [false, true] : [true]) {
              rows.push(await appended(name, under, folder, inGroup, isSynced, isShort));
            }
          }
          rows.push(await sized(name, under, isShort), ...(await readBack(name, under, isShort)));
        } finally {
          await under.close();
        }
      };
      await measure('sqlite', await sqlite(join(folder, 'data')));
      if (server) {
        const journal = await journals.postgres(server.url('bench'), { node: 'bench', clock: systemClock, leaseMs: 60_000 });
        const sizeBytes = async (): Promise<number> => {
          const [row] = await server.query(`SELECT pg_total_relation_size('bench.groups') AS size`);
          return Number(row!.size);
        };
        await measure('postgres', { journal, sizeBytes, close: () => journal.close() });
      }
      return rows;
    } finally {
      await server?.remove();
      await rm(folder, { recursive: true });
    }
  },
};
