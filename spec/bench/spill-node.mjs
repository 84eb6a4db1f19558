// A node of the bench of spilling, in a process in which nothing is compiled, as users run it.
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { Dag, functionsIn, Handoff } from 'handoff-dag';

/** @type {import('handoff-dag').FunctionsIn<typeof import('./spill-tasks.mjs')>} */
const tasks = functionsIn(new URL('./spill-tasks.mjs', import.meta.url));
const MIB = 2 ** 20;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * How large the values are, and what they are all together, bytes; and the memory of the node, MiB.
 * @typedef {{ readonly sizeBytes: number, readonly totalBytes: number, readonly memoryMiB: number }} Work
 */

/**
 * How long it took and how late a timer was, ms; the most memory of the process, and the most that lay on the disk, bytes.
 * @typedef {{ readonly tookMs: number, readonly peakBytes: number, readonly lateMs: number, readonly diskBytes: number }} Spilled
 */

/**
 * A tree takes all values as they come; when it is done, another one takes them again in another order. So all of them are held at once.
 * @returns {{ readonly dag: import('handoff-dag').DynamicDag, readonly sum: number }}
 */
export function tree(/** @type {Work} */ { sizeBytes, totalBytes }) {
  const count = Math.round(totalBytes / sizeBytes);
  const arity = sizeBytes >= 64 * MIB ? 2 : 8;
  const dag = Dag.dynamic(`values of ${sizeBytes}`);
  const cost = (/** @type {number} */ values) => ({ cpu: 1, memory: Math.ceil((values * sizeBytes) / MIB) });
  const values = Array.from({ length: count }, (_, index) => `v${index}`);
  // A thread has its own copy of what it makes, and of what it takes.
  for (const [index, id] of values.entries()) dag.add({ id, code: tasks.made, extraArgs: [sizeBytes, index], cost: cost(2) });
  const summed = (/** @type {string} */ name, /** @type {readonly string[]} */ leaves, /** @type {readonly string[]} */ after) => {
    let level = leaves;
    for (let depth = 0; level.length > 1 || depth === 0; depth += 1) {
      const next = [];
      for (let from = 0; from < level.length; from += arity) {
        const id = `${name}${depth}-${from}`;
        const args = level.slice(from, from + arity);
        const isLeaf = depth === 0;
        const given = { id, code: tasks.summed, args: isLeaf ? [...args, ...after] : args };
        dag.add({ ...given, cost: isLeaf ? cost(2 * args.length) : { cpu: 1 } });
        next.push(id);
      }
      level = next;
    }
    return /** @type {string} */ (level[0]);
  };
  const first = summed('a', values, []);
  const shuffled = values.map((_, at) => /** @type {string} */ (values[(at * stride(count)) % count]));
  summed('b', shuffled, [first]);
  const sum = (count * (count - 1)) / 2;
  // Each of the second leaves has the sum of the first tree too.
  return { dag, sum: sum + sum * Math.ceil(count / arity) };
}

/** A number that has no divisor in common with `count`: its multiples are all places, in another order. */
function stride(/** @type {number} */ count) {
  /** @type {(a: number, b: number) => number} */
  const divisor = (a, b) => (b === 0 ? a : divisor(b, a % b));
  let found = Math.floor(count * 0.618) || 1;
  while (divisor(found, count) !== 1) found += 1;
  return found;
}

/** The most memory that a process has had, bytes. */
export function peakOf(/** @type {number | 'self'} */ pid) {
  const found = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1]) * 1024;
}

/**
 * On one node, which drives the run itself.
 * @returns {Promise<Spilled>}
 */
export async function onOne(/** @type {Work} */ work) {
  const { dag, sum } = tree(work);
  const capabilities = { cpu: 2, memory: work.memoryMiB };
  const root = fileURLToPath(new URL('.', import.meta.url));
  const handoff = await Handoff.start({ name: 'one', root, logger: quiet, capabilities, threads: 2 });
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  let diskBytes = 0;
  const looks = setInterval(() => {
    void handoff.nodes().then(([node]) => {
      diskBytes = Math.max(diskBytes, node?.held.diskBytes ?? 0);
    });
  }, 50);
  const startMs = performance.now();
  const { results } = await handoff.execute(dag, { collect: 'sinks' });
  const tookMs = performance.now() - startMs;
  clearInterval(looks);
  delays.disable();
  check(results, sum);
  await handoff.stop();
  return { tookMs, peakBytes: peakOf('self'), lateMs: delays.max / 1e6, diskBytes };
}

export function check(/** @type {Readonly<Record<string, unknown>>} */ results, /** @type {number} */ sum) {
  const [found] = Object.values(results);
  if (found !== sum) throw new Error(`the sum is ${String(found)}, not ${sum}`);
}
