// Measures one way to run the Task Bench in a process of its own, without a compiler: what threads inherit, they must load. Its argument says what; it
// prints by pattern how much of the time of its cores was user code, for functions of each length.
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Dag, functionsIn, Handoff } from 'handoff-dag';
import { BareThreads } from './metg-floor.mjs';
import { producersOf } from './metg-pattern.mjs';

/** @import { MetgCase, MetgPoint } from './metg-cases.js' */

/** So many functions show what one costs, and so few steps still fill all slots. */
const MOST_FUNCTIONS = 4000;
const FEWEST_STEPS = 6;
/** For so long functions of so many µs run before anything is measured: V8 has compiled by then what feeds them. */
const WARM_UP = { ms: 2000, us: 50, steps: 100 };
/** Where the functions get less of the time than this, no shorter ones are measured. */
const ENOUGH_IS_KNOWN = 0.4;

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const root = fileURLToPath(new URL('.', import.meta.url));
const { spin } = functionsIn(new URL('./metg-tasks.mjs', import.meta.url));

/** @type {MetgCase} */
const { how, slots, width, patterns, grainsUs, busyMs, rounds, join, ahead } = JSON.parse(process.argv[2]);

/** More slots than cores get no more time. */
const cores = Math.min(slots, availableParallelism());

/** @typedef {(producers: readonly (readonly number[])[], us: number) => () => Promise<unknown>} Prepare */

/** @type {Prepare} */
function dagOf(producers, us) {
  const dag = Dag.dynamic('metg');
  const isolation = how === 'processes' ? 'process' : how === 'loop' ? 'loop' : 'thread';
  // Other nodes get the next functions ahead of room.
  const cost = how === 'loop' && isAlone ? { place: 1 } : { cpu: 1 };
  for (const [index, before] of producers.entries())
    dag.add({ id: `f${index}`, code: spin, args: before.map((producer) => `f${producer}`), extraArgs: [us], isolation, cost });
  return () => handoff.execute(dag, { collect: [] });
}

const isAlone = join.length === 0;
const floor = how === 'bare' ? new BareThreads(slots, ahead) : undefined;
const capabilities = isAlone ? { cpu: slots, place: 64 } : {};
const handoff = floor ? undefined : await Handoff.start({ name: 'driver', root, logger: quiet, capabilities, join });
await floor?.ready();
/** @type {Prepare} */
const prepare = floor ? (producers, us) => () => floor.run(producers, us) : dagOf;

const stepsOf = (/** @type {number} */ us) =>
  Math.ceil(Math.max(FEWEST_STEPS, Math.min(MOST_FUNCTIONS, (busyMs * 1000 * slots) / us) / width));

const warm = async (/** @type {typeof patterns[number]} */ pattern) => {
  await prepare(producersOf(pattern, width, WARM_UP.steps), WARM_UP.us)();
};
for (let round = 0, startMs = performance.now(); performance.now() - startMs < WARM_UP.ms; round += 1) {
  const pattern = patterns[round % patterns.length];
  if (pattern) await warm(pattern);
}

/** @type {Record<string, MetgPoint[]>} */
const found = {};
for (const pattern of patterns) {
  await warm(pattern);
  found[pattern] = [];
  for (const us of grainsUs) {
    const producers = producersOf(pattern, width, stepsOf(us));
    const shares = [];
    for (let round = 0; round < rounds; round += 1) {
      const run = prepare(producers, us);
      const startMs = performance.now();
      await run();
      shares.push((producers.length * us) / 1000 / cores / (performance.now() - startMs));
    }
    shares.sort((a, b) => a - b);
    const share = shares[shares.length >> 1];
    found[pattern].push({ us, share });
    // Smaller ones leave less.
    if (share < ENOUGH_IS_KNOWN) break;
  }
}
await handoff?.stop();
await floor?.close();
console.log(JSON.stringify(found));
