import { Dag, Handoff } from 'handoff-dag';
import { type Bench, pairs, perSecond, type Row, timed } from './measure.js';
import { nactFloor } from './nact-floor.js';

const DAGS = 2000;
const AT_ONCE = 64;
const ROUNDS = 5;
const SHORT_ROUNDS = 3;
const WANTED_PER_SECOND = 5000;
const RETAINED = 10_000;

/** A chain of three that count up from a number. */
function small(from: number) {
  return new Dag(`small ${from}`)
    .add({ id: 'a', code: (given: number) => given + 1, extraArgs: [from] })
    .add({ id: 'b', code: (a: number) => a + 1, args: ['a'] })
    .add({ id: 'c', code: (b: number) => b + 1, args: ['b'] });
}

/** A node that has executed such DAGs, each with an id of its own, and whose values it keeps as long as it does by default. */
class Driver implements AsyncDisposable {
  readonly #handoff: Handoff;
  #next = 0;

  private constructor(handoff: Handoff) {
    this.#handoff = handoff;
  }

  static async start(): Promise<Driver> {
    return new Driver(await Handoff.start({ capabilities: {} }));
  }

  /** Milliseconds of `count` more, built and executed, so many at a time. */
  execute(count: number, atOnce: number, options: { retainMs?: number } = {}): Promise<number> {
    const end = this.#next + count;
    const driveOn = async (): Promise<void> => {
      while (this.#next < end) {
        const from = this.#next;
        this.#next += 1;
        const { results } = await this.#handoff.execute(small(from), options);
        if (results.c !== from + 3) throw new Error(`a run that began with ${from} came to ${results.c}`);
      }
    };
    return timed(() => Promise.all(Array.from({ length: atOnce }, driveOn)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handoff.stop({ graceMs: 0 });
  }
}

async function rate(atOnce: number, rounds: number): Promise<readonly Row[]> {
  await using driver = await Driver.start();
  const { aMs, bMs, ratio, cold } = await pairs(
    rounds,
    () => driver.execute(DAGS, atOnce),
    () => timed(() => nactFloor(3 * DAGS, Math.min(atOnce, 16))),
  );
  const figure = perSecond(DAGS, aMs);
  const what = `DAGs of 3, ${atOnce} at a time`;
  const beside: Row = { what, figure, floor: `bare nact, as many functions ${perSecond(DAGS, bMs)}`, ratio: 1 / ratio, cold: 1 / cold };
  if (atOnce !== AT_ONCE) return [beside];
  const wanted = ((DAGS / aMs) * 1000) / WANTED_PER_SECOND;
  return [{ what, figure, floor: perSecond(WANTED_PER_SECOND, 1000), ratio: wanted, target: 'at least 1' }, beside];
}

/** Whether what is kept of earlier runs slows down later ones. */
async function growth(): Promise<Row> {
  await using driver = await Driver.start();
  await driver.execute(2 * DAGS, AT_ONCE, { retainMs: 0 });
  const freshMs = await driver.execute(DAGS, AT_ONCE);
  await driver.execute(RETAINED - 2 * DAGS, AT_ONCE);
  const laterMs = await driver.execute(DAGS, AT_ONCE);
  return {
    what: `after ${RETAINED.toLocaleString('en-US')} that are retained`,
    figure: perSecond(DAGS, laterMs),
    floor: `after none ${perSecond(DAGS, freshMs)}`,
    ratio: freshMs / laterMs,
    target: 'at least 0.8',
  };
}

/** What a run costs, rather than a function. */
export const smallDagsBench: Bench = {
  name: 'small-dags',
  question: 'How many DAGs of three functions, built within the time, does one driver execute a second?',
  isInShort: true,
  async run({ isShort }) {
    if (isShort) return rate(AT_ONCE, SHORT_ROUNDS);
    return [...(await rate(AT_ONCE, ROUNDS)), ...(await rate(1, ROUNDS)), await growth()];
  },
};
