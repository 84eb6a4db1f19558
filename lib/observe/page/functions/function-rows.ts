import { useEffect, useRef } from 'preact/hooks';
import type { FunctionRow, FunctionsRequest, RunHeader } from '../../views/view-types.js';
import type { PageFault } from '../data/data-source.js';
import { useAsked } from '../data/use-answers.js';
import type { FunctionFilter } from './function-filter.js';
import { pageOf, type RowWindow } from './row-window.js';

/** The rows that are known of the table. */
export interface FunctionRows {
  /** How many match; `undefined` until the first answer. */
  readonly matching: number | undefined;
  readonly rowAt: (index: number) => FunctionRow | undefined;
  /** The header of the run that the rows are of, and when it came. */
  readonly run: RunHeader;
  readonly atMs: number;
  readonly fault: PageFault | undefined;
}

/** The pages that stay when a person scrolls on. */
const KEPT_PAGES = 40;

/** The rows of a window of the table: asked for by pages, and again when the run has changed. Pages seen before stay until then. */
export function useFunctionRows(run: RunHeader, filter: FunctionFilter, window: Pick<RowWindow, 'first' | 'end'>): FunctionRows {
  const pages = useRef(new Map<number, readonly FunctionRow[]>());
  const filterKey = JSON.stringify([run.runId, filter]);
  const keptFor = useRef(filterKey);
  const matching = useRef<number | undefined>(undefined);
  if (keptFor.current !== filterKey) {
    keptFor.current = filterKey;
    pages.current = new Map();
    matching.current = undefined;
  }
  const { offset, limit } = pageOf(window);
  const request: FunctionsRequest = { view: 'functions', ...filter, offset, limit };
  const { answer, fault, atMs, request: answered } = useAsked(run.runId, request, run.version);
  const isFor = answered !== undefined && JSON.stringify({ ...answered, offset, limit }) === JSON.stringify(request);
  if (answer && isFor) {
    pages.current.delete(answered.offset);
    pages.current.set(answered.offset, answer.functions);
    matching.current = answer.matching;
    const [oldest] = pages.current.keys();
    if (pages.current.size > KEPT_PAGES && oldest !== undefined) pages.current.delete(oldest);
  }
  // What was kept of another version may be old: it is shown until the page itself has come.
  useEffect(() => () => pages.current.clear(), []);
  return {
    matching: matching.current,
    run: answer?.run ?? run,
    atMs,
    fault,
    rowAt: (index) => {
      for (const [from, rows] of [...pages.current].reverse()) {
        const row = rows[index - from];
        if (row !== undefined) return row;
      }
      return undefined;
    },
  };
}
