import { closeSync, mkdtempSync, openSync, readSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '../../lib/base/index.js';
import { openSpillDisk, type SpilledBytes } from '../../lib/store/index.js';
import { type Bench, type Pair, pairs, type Row, timed } from './measure.js';

const KIB = 1024;
const MIB = 1024 * KIB;

const SIZES: readonly (readonly [name: string, sizeBytes: number])[] = [
  ['64 KiB', 64 * KIB],
  ['1 MiB', MIB],
  ['64 MiB', 64 * MIB],
];
/** So much is written and read of each size. */
const TOTAL_BYTES = 512 * MIB;
const SHORT_TOTAL_BYTES = 128 * MIB;
const ROUNDS = 5;
const SHORT_ROUNDS = 2;
/** So many values are on their way to the disk, or from it, at once. */
const AT_ONCE = 4;
const CHUNK_BYTES = MIB;
const BEAT_MS = 20;

const rate = (bytes: number, ms: number): string => `${Math.round(bytes / MIB / (ms / 1000))} MiB/s`;

/** The bare disk: one file for each value, in turn, a chunk at a time, without a check; in this thread, as another would only add to it. */
class BareDisk {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  write(value: Uint8Array, count: number): void {
    for (let at = 0; at < count; at += 1) {
      const file = openSync(join(this.#folder, `bare-${at}`), 'wx', 0o600);
      for (let from = 0; from < value.length; from += CHUNK_BYTES) writeSync(file, value, from, Math.min(CHUNK_BYTES, value.length - from));
      closeSync(file);
    }
  }

  /** Into new memory for each value, as what reads it keeps it. */
  read(sizeBytes: number, count: number): void {
    for (let at = 0; at < count; at += 1) {
      const memory = new Uint8Array(new SharedArrayBuffer(sizeBytes));
      const file = openSync(join(this.#folder, `bare-${at}`), 'r');
      for (let from = 0; from < sizeBytes; from += CHUNK_BYTES) readSync(file, memory, from, Math.min(CHUNK_BYTES, sizeBytes - from), from);
      closeSync(file);
    }
  }

  clear(count: number): void {
    for (let at = 0; at < count; at += 1) unlinkSync(join(this.#folder, `bare-${at}`));
  }
}

async function severalAtOnce(count: number, work: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await work(next - 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** How late a beat of 20 ms is at most. It leaves the processor to what is measured. */
class Beat {
  #dueMs = 0;
  #lateMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    this.#next();
  }

  /** Returns the longest delay since the last call, ms. */
  take(): number {
    const lateMs = Math.max(this.#lateMs, performance.now() - this.#dueMs);
    this.#lateMs = 0;
    this.#dueMs = performance.now() + BEAT_MS;
    return lateMs;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #next(): void {
    this.#dueMs = performance.now() + BEAT_MS;
    this.#timer = setTimeout(() => {
      this.#lateMs = Math.max(this.#lateMs, performance.now() - this.#dueMs);
      this.#next();
    }, BEAT_MS);
  }
}

const row = (what: string, bytes: number, { aMs, bMs, ratio }: Pair): Row => ({
  what,
  figure: rate(bytes, aMs),
  floor: rate(bytes, bMs),
  ratio: 1 / ratio,
  target: '0.5',
});

async function rowsOf(name: string, sizeBytes: number, { totalBytes, rounds }: { totalBytes: number; rounds: number }): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'handoff-bench-files-'));
  const disk = await openSpillDisk({ dataDirPath: folder, logger: silentLogger, clock: systemClock });
  const bare = new BareDisk(folder);
  const count = totalBytes / sizeBytes;
  const value = new Uint8Array(new SharedArrayBuffer(sizeBytes));
  for (let at = 0; at < sizeBytes; at += 3) value[at] = at * 31;
  const values: SpilledBytes[] = [];
  const watch = new Beat();
  let [writeLateMs, readLateMs] = [0, 0];
  let isBareThere = false;
  const clear = async (): Promise<void> => {
    for (const one of values.splice(0)) one.drop();
    while (disk.usedBytes > 0) await new Promise((resolve) => setImmediate(resolve));
  };
  try {
    const written = await pairs(
      rounds,
      async () => {
        await clear();
        watch.take();
        const tookMs = await timed(() => severalAtOnce(count, async () => void values.push(await disk.write([value]))));
        writeLateMs = Math.max(writeLateMs, watch.take());
        return tookMs;
      },
      async () => {
        if (isBareThere) bare.clear(count);
        isBareThere = true;
        return timed(async () => bare.write(value, count));
      },
    );
    const read = await pairs(
      rounds,
      async () => {
        watch.take();
        const tookMs = await timed(() => severalAtOnce(count, async (at) => void (await values[at]!.read())));
        readLateMs = Math.max(readLateMs, watch.take());
        return tookMs;
      },
      () => timed(async () => bare.read(sizeBytes, count)),
    );
    return [
      row(`${name} values, written`, totalBytes, written),
      row(`${name} values, read`, totalBytes, read),
      {
        what: `${name} values, a beat late by, at most`,
        figure: `${writeLateMs.toFixed(1)} ms`,
        floor: `${readLateMs.toFixed(1)} ms at reading`,
      },
    ];
  } finally {
    watch.stop();
    await disk.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Files of values beside those that a program writes and reads itself, without a check and while its event loop stands still. */
export const filesBench: Bench = {
  name: 'files',
  question: 'how fast are spilled values written and read, beside the bare disk, and how late is the event loop meanwhile?',
  isInShort: true,
  async run({ isShort }) {
    const rows: Row[] = [];
    const how = { totalBytes: isShort ? SHORT_TOTAL_BYTES : TOTAL_BYTES, rounds: isShort ? SHORT_ROUNDS : ROUNDS };
    for (const [name, sizeBytes] of SIZES) rows.push(...(await rowsOf(name, sizeBytes, how)));
    return rows;
  },
};
