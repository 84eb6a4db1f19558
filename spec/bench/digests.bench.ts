import { createHash } from 'node:crypto';
import { digestOf, digestOfHeld, digestsOfHeld, pack, StoredValue, splitLive, survey } from '../../lib/value/index.js';
import { LoopWatch } from './loop-watch.js';
import { type Bench, pairs, type Row } from './measure.js';

const ROUNDS = 15;
const SHORT_ROUNDS = 3;
const ROWS = 20_000;
const SMALL_CALLS = 20_000;
const MIB = 2 ** 20;
const BINARY_MIB = [1, 16, 64] as const;
const where = 'value';

/** Processor time of this process, ms: others on the machine do not count. */
async function cpuMs(action: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const wallMs = async (action: () => unknown): Promise<number> => {
  const startMs = performance.now();
  await action();
  return performance.now() - startMs;
};

const each = <T>(make: (k: number) => T, count = ROWS): T[] => Array.from({ length: count }, (_, k) => make(k));

const OBJECTS: Readonly<Record<string, () => unknown>> = {
  'rows of primitives': () => each((id) => ({ id, name: `row ${id}`, price: id * 1.5, isOdd: id % 2 === 1, place: 'Zürich' })),
  'rows with lists and dates': () => each((id) => ({ id, name: `row ${id}`, tags: ['a', 'b'], at: new Date(id), isOdd: id % 2 === 1 })),
  'nested objects': () => each((k) => ({ a: { b: { c: [k, { d: k }] } }, e: [[1, 2], [3]] }), ROWS / 4),
  'a Map of rows': () => new Map(each((id) => [id, { id, name: `row ${id}` }] as const)),
  numbers: () => each((k) => k / 7, 10 * ROWS),
  texts: () => each((k) => `a text that somebody has written, number ${k}`),
};

async function ofObjects(rounds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, make] of Object.entries(OBJECTS)) {
    const value = make();
    const known = survey(value, { where, freeze: false });
    const walk = (): unknown => survey(value, { where, freeze: false });
    const of = async (options: object): ReturnType<typeof pairs> =>
      pairs(
        rounds,
        () => cpuMs(() => digestOf(value, { where, isChecked: true, ...options })),
        () => cpuMs(walk),
      );
    const alone = await of({});
    const made = await of({ known });
    const floor = `the walk that checks ${alone.bMs.toFixed(1)} ms`;
    const target = 'at most 2';
    rows.push({ what: `${name}, unpacked`, figure: `${alone.aMs.toFixed(1)} ms`, floor, ratio: alone.ratio, target });
    rows.push({ what: `${name}, where they are made`, figure: `${made.aMs.toFixed(1)} ms`, floor, ratio: made.ratio, target });
  }
  return rows;
}

async function ofBinary(rounds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const mib of BINARY_MIB) {
    const bytes = new Uint8Array(mib * MIB).map((_, at) => at);
    const packed = pack(bytes, { where, shared: true });
    const bare = (): unknown => createHash('sha256').update(bytes).digest();
    const rate = (ms: number): string => `${(mib / (ms / 1000)).toFixed(0)} MiB/s`;
    const here = await pairs(
      rounds,
      () => cpuMs(() => digestOf(bytes, { where })),
      () => cpuMs(bare),
    );
    const target = 'at least 0.7';
    rows.push({
      what: `${mib} MiB of binary data, where they are made`,
      figure: rate(here.aMs),
      floor: `SHA-256 alone ${rate(here.bMs)}`,
      ratio: 1 / here.ratio,
      target,
    });
    const inThread = (): unknown => digestOfHeld(StoredValue.packed(packed));
    const there = await pairs(
      rounds,
      () => wallMs(inThread),
      () => wallMs(bare),
    );
    const watch = new LoopWatch();
    await inThread();
    const { ranMs } = watch.take();
    watch.stop();
    rows.push({
      what: `${mib} MiB of binary data, in a thread`,
      figure: rate(there.aMs),
      floor: `SHA-256 alone, on the loop, ${rate(there.bMs)}; longest turn ${ranMs.toFixed(1)} ms`,
      ratio: 1 / there.ratio,
      target,
    });
  }
  return rows;
}

async function ofSmall(rounds: number): Promise<Row[]> {
  const small = { id: 1, name: 'a', tags: ['b', 'c'] };
  const many = async (action: () => unknown): Promise<number> => {
    const ms = await cpuMs(() => {
      for (let call = 0; call < SMALL_CALLS; call += 1) action();
    });
    return ms / SMALL_CALLS;
  };
  const text = Buffer.from(JSON.stringify(small));
  const one = await pairs(
    rounds,
    () => many(() => digestOfHeld(StoredValue.live(small, 40))),
    () => many(() => createHash('sha256').update(text).digest('base64url')),
  );
  const list = each((k) => ({ k, name: `element ${k}` }), 5 * ROWS);
  const held = splitLive(list, survey(list, { where, freeze: true }));
  const elements = await pairs(
    rounds,
    () => cpuMs(() => digestsOfHeld(held)),
    () =>
      cpuMs(() =>
        survey(
          each((k) => ({ k, name: `element ${k}` }), 5 * ROWS),
          { where, freeze: true },
        ),
      ),
  );
  const us = (ms: number): string => `${(ms * 1000).toFixed(1)} µs`;
  return [
    { what: 'a small object', figure: us(one.aMs), floor: `SHA-256 of its text ${us(one.bMs)}`, ratio: one.ratio },
    {
      what: `each of ${list.length.toLocaleString('en')} elements of a map`,
      figure: us(elements.aMs / list.length),
      floor: `to make and check them ${us(elements.bMs / list.length)}`,
      ratio: elements.ratio,
    },
  ];
}

/** What remembered results ask of values. */
export const digestsBench: Bench = {
  name: 'digests',
  question: 'What does it cost to know whether a value is the same as one before?',
  isInShort: true,
  async run({ isShort }) {
    const rounds = isShort ? SHORT_ROUNDS : ROUNDS;
    return [...(await ofObjects(rounds)), ...(await ofBinary(rounds)), ...(await ofSmall(rounds))];
  },
};
