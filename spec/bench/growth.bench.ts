import { PerformanceObserver } from 'node:perf_hooks';
import { doAtOnce } from '../../lib/base/index.js';
import { compile, Dag, growingPlanOf, type Plan, remainingPaths } from '../../lib/dag/index.js';
import type { RunCommand, RunHappening } from '../../lib/runner/brain/messages.js';
import { newRunState, newStateColumns } from '../../lib/runner/brain/run-state.js';
import { stepRun } from '../../lib/runner/brain/run-step.js';
import { RunGrowth } from '../../lib/runner/run/growth/run-growth.js';
import { newRunColumns, roomToGrow } from '../../lib/runner/run/run-columns.js';
import { claimClasses } from '../../lib/runner/runs/claim-classes.js';
import { type Bench, median, type Row } from './measure.js';

const SMALL = 1000;
const LARGE = 1_000_000;
const ADDED = 1000;
const ROUNDS = 15;
const SHORT_ROUNDS = 5;

const code = { module: './m.js', name: 'f' };

/** A DAG of so many functions that wait for nothing, and a map over an input. */
function dagWithMap(size: number): Plan {
  const dag = Dag.dynamic().input('list');
  for (let k = 0; k < size; k += 1) dag.add({ id: `f${k}`, code });
  return compile(dag.map({ id: 'm', over: 'list', code }));
}

/** When a step began, and when it was over, ms. */
type Step = readonly [fromMs: number, toMs: number];

/** Opens a run of a plan without attempts, and lets it add `count` elements. Returns the steps in which it does. */
function stepsAdding(plan: Plan, count: number): readonly Step[] {
  const grown = doAtOnce(growingPlanOf(plan));
  const claims = doAtOnce(claimClasses(plan, { node: 'n', local: false, threadCost: {} }));
  const paths = doAtOnce(remainingPaths(plan, () => 1));
  const columns = doAtOnce(newRunColumns(plan.size, { paths, positions: undefined, meanMs: 1 }, doAtOnce(newStateColumns(plan.shape))));
  const kinds = doAtOnce(roomToGrow(columns, claims));
  const given = { maxRetries: 0, onFailure: 'abort', stopGraceMs: 0, maxFunctions: 3 * LARGE, driver: 'n' } as const;
  const state = newRunState('r', grown.shape, { ...given, collected: new Uint8Array(plan.size) }, columns.state);
  const happenings: RunHappening[] = [{ type: 'run-begun', inputs: [[-1, { split: { count } }]] }];
  const growth = new RunGrowth({ plan: grown, kinds, columns, feed: (happening) => happenings.push(happening) });
  const steps: Step[] = [];
  globalThis.gc?.();
  for (let next = happenings.shift(); next; next = happenings.shift()) {
    const commands: RunCommand[] = [];
    const fromMs = performance.now();
    stepRun(state, next, { nowMs: 0, wallMs: 0 }, commands);
    if (next.type === 'functions-added') growth.applied(next.added);
    for (const command of commands) {
      if (command.type === 'append-elements') growth.appendElements(command);
      else if (command.type === 'take-turn') happenings.push({ type: 'turn-taken' });
    }
    const isGrowing = next.type === 'functions-added' || commands.some(({ type }) => type === 'append-elements');
    if (isGrowing) steps.push([fromMs, performance.now()]);
  }
  if (grown.size !== plan.size + count) throw new Error(`the plan has ${grown.size} functions`);
  return steps;
}

/** How long steps took without the pauses of the garbage collector, ms. */
async function withoutPauses(work: () => readonly Step[]): Promise<readonly number[]> {
  const pauses: Step[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) pauses.push([startTime, startTime + duration]);
  });
  observer.observe({ entryTypes: ['gc'] });
  const steps = work();
  await new Promise((resolve) => setTimeout(resolve, 10));
  observer.disconnect();
  return steps.map(([fromMs, toMs]) => {
    let tookMs = toMs - fromMs;
    for (const [began, ended] of pauses) tookMs -= Math.max(0, Math.min(toMs, ended) - Math.max(fromMs, began));
    return tookMs;
  });
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

async function run(isShort: boolean): Promise<readonly Row[]> {
  const plans = [dagWithMap(SMALL), dagWithMap(LARGE)] as const;
  const tookMs: [number[], number[]] = [[], []];
  for (let round = 0; round < (isShort ? SHORT_ROUNDS : ROUNDS); round += 1) {
    for (const [at, plan] of plans.entries()) tookMs[at]!.push(sum(await withoutPauses(() => stepsAdding(plan, ADDED))));
  }
  const [smallMs, largeMs] = tookMs.map((values) => median(values.slice(1))) as [number, number];
  const steps = await withoutPauses(() => stepsAdding(plans[1], LARGE));
  return [
    {
      what: `${ADDED.toLocaleString('en-US')} elements added to a run of a million functions`,
      figure: `${largeMs.toFixed(1)} ms`,
      floor: `${smallMs.toFixed(1)} ms to a run of a thousand`,
      ratio: largeMs / smallMs,
      target: 'about 1',
    },
    {
      what: 'a million elements added to it: the longest of their steps, without pauses of the garbage collector',
      figure: `${Math.max(...steps).toFixed(1)} ms, of ${steps.length} steps and ${sum(steps).toFixed(0)} ms`,
      target: 'about 10 ms',
    },
  ];
}

/** What it costs a run to grow. */
export const growthBench: Bench = {
  name: 'growth',
  question: 'Does adding functions to a run cost what is added, however many it has?',
  run: ({ isShort }) => run(isShort),
};
