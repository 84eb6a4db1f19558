// Brain: pure.
import type { Capabilities } from '../../allocator/index.js';
import type { RunState } from '../brain/run-state.js';
import type { ObservedWait } from './observed-run.js';

/** How many producers are listed. */
const MOST_PRODUCERS = 100;

/** How much of which resource is missing on a node. */
export type LackingThere = ObservedWait['lacking'][number];

/** What a look at a waiting function needs to know beside the state of its run. */
export interface WaitsOf {
  readonly state: RunState;
  readonly maxConcurrency: number;
  /** Since when it has been ready, monotonic ms; NaN if it is not known. */
  readyMs(index: number): number;
  /** The last moment at which an attempt of it ended, ms since the start of the run. */
  lastEndMs(index: number): number;
  /** What is missing for it on the nodes that could run it. */
  lackingFor(index: number): readonly LackingThere[];
  /** What it has been told to lack on the node where it was placed, and waits. */
  lackingThere(index: number): Capabilities | undefined;
  /** The node whose return it waits for, and until when, monotonic ms. */
  missedNode(index: number): { readonly node: string | undefined; readonly untilMs: number } | undefined;
}

/** Returns what a function waits for; `undefined` if it waits for nothing, or never will run. */
export function waitOf(of: WaitsOf, index: number): ObservedWait | undefined {
  const { states, phase } = of.state;
  if (phase !== 'open') return undefined;
  switch (states[index]) {
    case 'waiting':
      return waitingFor(of, index);
    case 'ready':
      return readyFor(of, index);
    case 'placed':
      return placedFor(of, index);
    case 'resting':
      return restingUntil(of, index);
    default:
      return undefined;
  }
}

const none = { producers: [], lacking: [] };

function waitingFor(of: WaitsOf, index: number): ObservedWait | undefined {
  const { state } = of;
  const { plan, states, absent, missing, growth } = state;
  const by = plan.added?.parentOf[index] ?? -1;
  const addedMs = by >= 0 ? Math.max(0, (growth?.composites.get(by)?.openedMs ?? state.startedMs) - state.startedMs) : 0;
  const sinceMs = Math.max(addedMs, of.lastEndMs(index));
  if (missing[index] === 0) return growth?.limits.has(by) ? { ...none, for: 'bound', sinceMs, producers: [by] } : undefined;
  const producers: number[] = [];
  for (let at = plan.producersStart[index]!; at < plan.producersStart[index + 1]! && producers.length < MOST_PRODUCERS; at += 1) {
    const producer = plan.producers[at]!;
    if (states[producer] !== 'succeeded' && !absent.has(producer)) producers.push(producer);
  }
  return { ...none, for: 'producers', sinceMs, producers };
}

function readyFor(of: WaitsOf, index: number): ObservedWait {
  const { state, maxConcurrency } = of;
  const sinceMs = readySinceMs(of, index);
  const missed = of.missedNode(index);
  if (missed) {
    const { node, untilMs } = missed;
    return { ...none, for: 'node', sinceMs, untilMs: untilMs - state.startedMs, ...(node !== undefined && { node }) };
  }
  if (state.counts.placed + state.counts.running >= maxConcurrency) return { ...none, for: 'bound', sinceMs };
  return { for: 'room', sinceMs, producers: [], lacking: of.lackingFor(index) };
}

/** An attempt that was taken over from an earlier driver was never ready here. */
function readySinceMs(of: WaitsOf, index: number): number {
  const readyMs = of.readyMs(index);
  return Number.isNaN(readyMs) ? of.lastEndMs(index) : Math.max(0, readyMs - of.state.startedMs);
}

/** On another node it may have to wait for room there. */
function placedFor(of: WaitsOf, index: number): ObservedWait | undefined {
  const lacking = of.lackingThere(index);
  const node = of.state.nodes[index];
  if (!lacking || node === undefined) return undefined;
  return { for: 'room', sinceMs: readySinceMs(of, index), producers: [], lacking: [{ node, lacking }] };
}

function restingUntil(of: WaitsOf, index: number): ObservedWait {
  const { restsUntilMs, startedMs } = of.state;
  const untilMs = restsUntilMs.get(index);
  return { ...none, for: 'delay', sinceMs: of.lastEndMs(index), ...(untilMs !== undefined && { untilMs: untilMs - startedMs }) };
}
