// Brain: pure.
import type { StepwiseWork } from '../../base/index.js';
import type { ObservedRun } from '../../runner/index.js';
import { idPlaces } from './id-order.js';
import { type Before, pageInOrder } from './page-of-order.js';
import { indexOf, type RunIndex, rounded } from './run-index.js';
import { headerOf, SHOWN_STATES, shownStateOf, stateNumber } from './shown-state.js';
import type { FunctionRow, FunctionsRequest, FunctionsView } from './view-types.js';

/** How many functions are looked at in one step. */
const LOOKED_AT_IN_STEP = 8192;

/** Shows a page of the table of functions. What a function does not have comes last, whichever way the table is sorted. */
export function* functionsView(run: ObservedRun, request: FunctionsRequest): StepwiseWork<FunctionsView> {
  const index = yield* indexOf(run);
  const places = request.sort === 'id' ? yield* idPlaces(run, index.size) : undefined;
  const matching = yield* matchingFunctions(run, index, request);
  const { offset, limit } = request;
  const page = yield* pageOf(run, index, request, matching, places);
  const functions = Array.from(page.subarray(0, Math.min(limit, Math.max(0, matching.length - offset))), (at) =>
    functionRow(run, index, at),
  );
  return { run: headerOf(run), matching: matching.length, functions };
}

/** Returns one row of the table. */
export function functionRow(run: ObservedRun, index: RunIndex, at: number): FunctionRow {
  const row = index.rowOf(at, run.attempts.first);
  const running = run.startedMsOf(at);
  const node = run.nodeOf(at);
  const sizeBytes = run.sizeBytesOf(at);
  const base = {
    functionId: run.idOf(at),
    group: index.groups[index.groupOf[at]!]!,
    state: shownStateOf(run, at),
    attempts: run.attemptOf(at),
  };
  const source = run.sourceOf(at);
  const known = {
    ...base,
    ...(node !== undefined && { node }),
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...((source === 'journal' || source === 'cache') && { source }),
  };
  if (running !== undefined) return { ...known, startMs: rounded(running) };
  if (row < 0) return known;
  return {
    ...known,
    startMs: rounded(startOf(index, row)),
    waitMs: rounded(waitOf(index, row)),
    durationMs: rounded(durationOf(index, row)),
  };
}

/** When it was asked for: half of what was handed over is before its bar. */
const startOf = ({ startMs, handOverMs, base }: RunIndex, row: number): number => startMs[row - base]! - handOverMs[row - base]! / 2;
const waitOf = ({ waitMs, base }: RunIndex, row: number): number => waitMs[row - base]!;
const durationOf = ({ startMs, endMs, handOverMs, base }: RunIndex, row: number): number =>
  endMs[row - base]! - startMs[row - base]! + handOverMs[row - base]!;

function* matchingFunctions(run: ObservedRun, index: RunIndex, { state, group, search }: FunctionsRequest): StepwiseWork<Int32Array> {
  const { size, groupOf } = index;
  const wantedState = state === undefined ? -1 : SHOWN_STATES.indexOf(state);
  const wantedGroup = group === undefined ? -1 : (index.groupNumber(group) ?? -2);
  const found = new Int32Array(size);
  let count = 0;
  for (let from = 0; from < size; from += LOOKED_AT_IN_STEP) {
    const to = Math.min(size, from + LOOKED_AT_IN_STEP);
    for (let at = from; at < to; at += 1) {
      if (wantedGroup !== -1 && groupOf[at] !== wantedGroup) continue;
      if (wantedState >= 0 && stateNumber(run.stateOf(at)) !== wantedState) continue;
      if (search !== undefined && !run.idOf(at).includes(search)) continue;
      found[count] = at;
      count += 1;
    }
    if (to < size) yield;
  }
  return found.subarray(0, count);
}

/** Returns the functions of the page. */
function* pageOf(
  run: ObservedRun,
  index: RunIndex,
  { sort, descending = false, offset, limit }: FunctionsRequest,
  matching: Int32Array,
  places: Int32Array | undefined,
): StepwiseWork<Int32Array> {
  if (sort === 'order') {
    if (!descending) return matching.subarray(offset, offset + limit);
    const end = Math.max(0, matching.length - offset);
    return matching.slice(Math.max(0, end - limit), end).reverse();
  }
  const keyOf = KEYS[sort];
  const keys = new Float64Array(index.size);
  for (let at = 0; at < matching.length; at += 1) {
    const function_ = matching[at]!;
    const key = places ? places[function_]! : keyOf(run, index, function_);
    // Not a number is last: nothing is beyond infinity.
    keys[function_] = Number.isNaN(key) ? Number.POSITIVE_INFINITY : descending ? -key : key;
    if (at % LOOKED_AT_IN_STEP === LOOKED_AT_IN_STEP - 1) yield;
  }
  yield;
  const isBefore: Before = (a, b) => {
    const [x, y] = [keys[a]!, keys[b]!];
    return x < y || (x === y && a < b);
  };
  return pageInOrder(matching.slice(), offset, offset + limit, isBefore);
}

type Key = (run: ObservedRun, index: RunIndex, at: number) => number;

/** Makes the key of the last attempt's facts. */
const ofLastRow =
  (of: (index: RunIndex, row: number) => number): Key =>
  (run, index, at) => {
    const row = index.rowOf(at, run.attempts.first);
    return row < 0 ? Number.NaN : of(index, row);
  };
const lastStart = ofLastRow(startOf);

/** By what functions are sorted. Ids have places of their own. */
const KEYS: Readonly<Record<Exclude<FunctionsRequest['sort'], 'order'>, Key>> = {
  id: () => Number.NaN,
  state: (run, _index, at) => stateNumber(run.stateOf(at)),
  start: (run, index, at) => (run.stateOf(at) === 'running' ? (run.startedMsOf(at) ?? Number.NaN) : lastStart(run, index, at)),
  wait: ofLastRow(waitOf),
  duration: ofLastRow(durationOf),
  size: (run, _index, at) => run.sizeBytesOf(at) ?? Number.NaN,
  attempts: (run, _index, at) => run.attemptOf(at),
};
