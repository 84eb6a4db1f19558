import type { strategies } from '../../lib/allocator/index.js';
import { doAtOnce } from '../../lib/base/index.js';
import { compile, Dag, type DynamicDag, remainingPaths } from '../../lib/dag/index.js';
import { seededRandom } from '../../lib/testing/seeded-random.js';
import { BrainsOnly } from './brains-only.js';

/** What is scheduled on what. */
export interface ScaleShape {
  readonly nodes: number;
  readonly cpusEach: number;
  readonly functions: number;
  /** How many functions are in a layer; each takes the results of three of the layer before. */
  readonly width: number;
  /** The name of one of the engine's own. */
  readonly strategy: keyof typeof strategies;
}

/** What it came to: virtual and real ms, and how far the schedule is from what none can undercut. */
export interface ScaleOutcome {
  readonly makespanMs: number;
  readonly boundMs: number;
  readonly tookMs: number;
  /** What the process occupies at its end, the DAG included. */
  readonly residentBytes: number;
}

/** It is never called; a function of this process would be bound to the driver. */
const NOWHERE = { module: 'nowhere.js', name: 'nothing' };
const SHORTEST_MS = 1000;
const LONGEST_MS = 60_000;

/** Layers of functions that last between a second and a minute, at random but the same each time. */
export function randomLayers({ functions, width }: ScaleShape): DynamicDag {
  const random = seededRandom(1);
  const dag = Dag.dynamic('layers');
  const cost = { cpu: 1 };
  for (let index = 0; index < functions; index += 1) {
    const before = index - (index % width) - width;
    const args = before < 0 ? [] : Array.from({ length: 3 }, () => `f${before + Math.floor(random() * width)}`);
    const estimateMs = Math.round(SHORTEST_MS + random() * (LONGEST_MS - SHORTEST_MS));
    dag.add({ id: `f${index}`, code: NOWHERE, args, isolation: 'loop', cost, estimateMs });
  }
  return dag;
}

/** Schedules such a run. Takes so long as its brains do: nothing else is in the way. */
export function scheduleOnly(shape: ScaleShape): ScaleOutcome {
  const plan = compile(randomLayers(shape));
  const { nodes, cpusEach, strategy } = shape;
  const lasts = (index: number): number => plan.specs[index]!.estimateMs!;
  let workMs = 0;
  for (let index = 0; index < plan.size; index += 1) workMs += lasts(index);
  const pathMs = doAtOnce(remainingPaths(plan, lasts)).reduce((longest, one) => Math.max(longest, one), 0);
  const simulation = new BrainsOnly({ plan, nodes, cpusEach, strategy, lastsMs: lasts });
  const startMs = performance.now();
  const makespanMs = simulation.run();
  const tookMs = performance.now() - startMs;
  return { makespanMs, boundMs: Math.max(pathMs, workMs / (nodes * cpusEach)), tookMs, residentBytes: process.memoryUsage().rss };
}
