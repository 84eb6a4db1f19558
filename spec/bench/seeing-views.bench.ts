import { type ViewRequest, viewInSteps } from '../../lib/observe/views/index.js';
import { AttemptColumns } from '../../lib/runner/observed/attempt-columns.js';
import { type FakeRun, sizedRun } from '../support/observed-run.js';
import { type Bench, median, type Row } from './measure.js';

const SIZE = 100_000;
const ROUNDS = 15;
const SHORT_ROUNDS = 5;
const WANTED_MS = 5;

/** What pages ask for. */
const requestsOf = (lastedMs: number): Readonly<Record<string, ViewRequest>> => ({
  groups: { view: 'groups' },
  'timeline, all of it': { view: 'timeline', fromMs: 0, toMs: lastedMs, widthPx: 1200 },
  'timeline, a tenth': { view: 'timeline', fromMs: lastedMs / 2, toMs: lastedMs * 0.6, widthPx: 1200 },
  'functions, in order': { view: 'functions', sort: 'order', offset: 0, limit: 100 },
  'functions, by duration': { view: 'functions', sort: 'duration', descending: true, offset: 0, limit: 100 },
  'functions, by id': { view: 'functions', sort: 'id', offset: SIZE / 2, limit: 100 },
  'functions, searched for': { view: 'functions', sort: 'size', search: '77', offset: 0, limit: 100 },
  function: { view: 'function', functionId: 'stage-b-77' },
  'graph, folded': { view: 'graph' },
  summary: { view: 'summary' },
});

/** A made run, with its attempts in the columns of a real one. */
function madeRun(): FakeRun {
  const run = sizedRun({ functions: SIZE, nodes: 8, slots: 8, failEvery: 500 });
  const columns = new AttemptColumns((index) => run.idOf(index));
  const { nodes } = run.attempts;
  run.attempts.each(
    0,
    run.attempts.count,
    (_row, index, attempt, node, ...rest) => void columns.add(index, attempt, nodes[node]!, ...rest),
  );
  Object.defineProperty(run, 'attempts', { value: columns });
  // That of a real run is counted as it goes on.
  Object.defineProperty(run, 'progress', { value: run.progress });
  return run;
}

/** Milliseconds of all steps, and of the longest. */
function look(run: FakeRun, request: ViewRequest): { readonly allMs: number; readonly longestMs: number } {
  const steps = viewInSteps(run, request);
  let [allMs, longestMs] = [0, 0];
  for (;;) {
    const startMs = performance.now();
    const { done } = steps.next();
    const tookMs = performance.now() - startMs;
    allMs += tookMs;
    longestMs = Math.max(longestMs, tookMs);
    if (done) return { allMs, longestMs };
  }
}

async function run({ isShort }: { readonly isShort: boolean }): Promise<readonly Row[]> {
  const seen = madeRun();
  const rows: Row[] = [];
  for (const [what, request] of Object.entries(requestsOf(seen.elapsedMs))) {
    const first = look(seen, request);
    const later = Array.from({ length: isShort ? SHORT_ROUNDS : ROUNDS }, () => {
      // Something has changed since.
      seen.version += 1;
      return look(seen, request);
    });
    const longestMs = median(later.map((one) => one.longestMs));
    rows.push({
      what: `${what}: the longest step on the loop`,
      figure: `${longestMs.toFixed(2)} ms (all steps ${median(later.map((one) => one.allMs)).toFixed(1)} ms; the first look ${first.allMs.toFixed(0)} ms)`,
      target: `at most ${WANTED_MS} ms`,
    });
  }
  return rows;
}

/** What looking at a large run costs its driver. */
export const seeingViewsBench: Bench = {
  name: 'seeing-views',
  question: `What does each view of a run of ${SIZE.toLocaleString('en-US')} functions and attempts cost the loop of its driver?`,
  isInShort: true,
  run,
};
