// Brain: pure.
import type { StepwiseWork } from '../../base/index.js';
import type { ObservedRun, ObservedWait } from '../../runner/index.js';
import { functionRow } from './functions.js';
import { indexOf, type RunIndex, rounded } from './run-index.js';
import { headerOf, linkTo } from './shown-state.js';
import type { AttemptDetail, FunctionView, LinkedFunction, WaitDetail } from './view-types.js';

/** How many attempts, and how many producers and consumers, are listed. */
const MOST_ATTEMPTS = 100;
const MOST_LINKS = 200;

/** Shows all about one function. */
export function* functionView(run: ObservedRun, { functionId }: { readonly functionId: string }): StepwiseWork<FunctionView> {
  const index = yield* indexOf(run);
  const at = run.indexOf(functionId);
  // One that was added meanwhile is seen at the next look.
  if (at === undefined || at >= index.size) return { run: headerOf(run) };
  const [error, skippedFor, wait] = [run.errorOf(at), run.skippedFor(at), run.waitOf(at)];
  const by = run.partOf(at);
  const producers = linksTo(run, run.producersOf(at));
  const consumers = linksTo(run, run.consumersOf(at));
  return {
    run: headerOf(run),
    function: {
      ...functionRow(run, index, at),
      code: run.codeOf(at),
      isolation: run.isolationOf(at),
      ...(by !== undefined && { partOf: linkTo(run, by) }),
      ...(skippedFor && { skippedFor }),
      ...(error && { error }),
      history: historyOf(run, index, at),
      producers: producers.links,
      moreProducers: producers.more,
      consumers: consumers.links,
      moreConsumers: consumers.more,
      ...(wait && { wait: waitDetail(run, wait) }),
      lines: run.linesOf(at),
    },
  };
}

function linksTo(run: ObservedRun, indices: readonly number[]): { readonly links: readonly LinkedFunction[]; readonly more: number } {
  const links = Array.from(indices.slice(0, MOST_LINKS), (one) => linkTo(run, one));
  return { links, more: Math.max(0, indices.length - MOST_LINKS) };
}

function historyOf(run: ObservedRun, index: RunIndex, at: number): AttemptDetail[] {
  const { attempts } = run;
  const { fn, base } = index;
  const rows: number[] = [];
  const last = index.lastRow[at]!;
  for (let row = last; row >= attempts.first && rows.length < MOST_ATTEMPTS; row -= 1) if (fn[row - base] === at) rows.push(row);
  return rows.reverse().map((row) => {
    const { attempt, node, slot, outcome, phases } = attempts.row(row);
    const startMs = rounded(index.startMs[row - base]!);
    const endMs = rounded(index.endMs[row - base]!);
    return { attempt, node, isolation: run.isolationOf(at), slot, outcome, startMs, endMs, phases };
  });
}

function waitDetail(run: ObservedRun, wait: ObservedWait): WaitDetail {
  const { for: reason, sinceMs, untilMs, node, producers, lacking } = wait;
  return {
    for: reason,
    sinceMs: rounded(sinceMs),
    forMs: rounded(Math.max(0, run.elapsedMs - sinceMs)),
    ...(node !== undefined && { node }),
    ...(untilMs !== undefined && { untilMs: rounded(untilMs) }),
    producers: producers.map((one) => linkTo(run, one)),
    lacking,
  };
}
