import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import './functions.css';
import type { RunHeader, ShownState } from '../../views/view-types.js';
import { onNextFrame } from '../browser-clock.js';
import { countOf } from '../format/amounts.js';
import { Choices } from '../parts/choices.js';
import { EmptyState, Notice } from '../parts/notice.js';
import { SearchField } from '../parts/search-field.js';
import { useFilter, useNavigation, usePlace } from '../router/navigation.js';
import { STATES_IN_ORDER } from '../theme/tokens.js';
import { FUNCTION_COLUMNS, type FunctionFilter, type FunctionSort, functionFilterOf, nextSort } from './function-filter.js';
import { FunctionLine } from './function-line.js';
import { useFunctionRows } from './function-rows.js';
import { ROW_PX, rowWindow, scrollToRow } from './row-window.js';

/** The functions of a run as a table of any length: only the rows that are seen are drawn, and asked for. */
export function FunctionTable({ run }: { readonly run: RunHeader }) {
  const { query } = usePlace();
  const navigation = useNavigation();
  const filter = functionFilterOf(query);
  const sortBy = (column: FunctionSort, isNumber: boolean): void => {
    const next = nextSort(filter, column, isNumber);
    navigation.setQuery('sort', next.sort === 'order' ? '' : next.sort);
    navigation.setQuery('descending', next.descending ? 'yes' : '');
  };
  return (
    <section class="functions" aria-label="Functions">
      <FilterBar run={run} filter={filter} />
      <FunctionGrid run={run} filter={filter} sortBy={sortBy} />
    </section>
  );
}

function FilterBar({ run, filter }: { readonly run: RunHeader; readonly filter: FunctionFilter }) {
  const [, setState] = useFilter('state');
  const [search, setSearch] = useFilter('search');
  const [group, setGroup] = useFilter('group');
  const states = STATES_IN_ORDER.filter((state) => run.progress[state] > 0 || filter.state === state);
  const choices = states.map((state: ShownState) => ({ value: state as string, text: state as string, count: run.progress[state] }));
  return (
    <div class="toolbar">
      <Choices
        label="State"
        value={filter.state ?? ''}
        choices={[{ value: '', text: 'all', count: run.progress.total }, ...choices]}
        onChoose={setState}
      />
      <SearchField label="Search ids" value={search} onValue={setSearch} />
      {group !== '' && (
        <span class="tag tag-filter">
          <span class="mono user-text">{group}</span>
          <button type="button" onClick={() => setGroup('')} aria-label={`Show all groups, not only ${group}`}>
            ×
          </button>
        </span>
      )}
    </div>
  );
}

interface GridProps {
  readonly run: RunHeader;
  readonly filter: FunctionFilter;
  sortBy(column: FunctionSort, isNumber: boolean): void;
}

/** How far the arrow keys go from a row; `undefined` for other keys. */
function stepOf(key: string, visible: number): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: visible,
    PageUp: -visible,
    Home: Number.NEGATIVE_INFINITY,
    End: Number.POSITIVE_INFINITY,
  };
  return Object.hasOwn(steps, key) ? steps[key] : undefined;
}

function FunctionGrid({ run, filter, sortBy }: GridProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [scrolledPx, setScrolledPx] = useState(0);
  const [heightPx, setHeightPx] = useState(600);
  const [active, setActive] = useState(0);
  // The row that is to have the focus once it is drawn.
  const wanted = useRef<number | undefined>(undefined);
  const known = useRef(run.progress.total);
  const window = rowWindow(known.current, scrolledPx, heightPx);
  const rows = useFunctionRows(run, filter, window);
  const count = rows.matching ?? known.current;
  known.current = count;
  const drawn = count === 0 ? window : rowWindow(count, scrolledPx, heightPx);

  const filterKey = JSON.stringify(filter);
  useLayoutEffect(() => {
    scroller.current?.scrollTo({ top: 0 });
    setScrolledPx(0);
    setActive(0);
  }, [filterKey]);
  useEffect(() => {
    const observer = new ResizeObserver(() => setHeightPx(scroller.current?.clientHeight ?? 600));
    observer.observe(scroller.current!);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    const link =
      wanted.current === undefined ? null : scroller.current?.querySelector<HTMLAnchorElement>(`a[data-row="${wanted.current}"]`);
    if (!link) return;
    wanted.current = undefined;
    link.focus({ preventScroll: true });
  });

  const cancelFrame = useRef<(() => void) | undefined>(undefined);
  const onScroll = (): void => {
    cancelFrame.current?.();
    cancelFrame.current = onNextFrame(() => setScrolledPx(scroller.current?.scrollTop ?? 0));
  };
  const handleKey = useRef<(index: number, event: KeyboardEvent) => void>(undefined!);
  handleKey.current = (index, event) => {
    const step = stepOf(event.key, Math.max(1, Math.floor(heightPx / ROW_PX) - 1));
    if (step === undefined) return;
    event.preventDefault();
    const next = Math.min(count - 1, Math.max(0, index + step));
    wanted.current = next;
    setActive(next);
    // The head stays at the top of the scrolled part: a row below it is not seen.
    const top = scrollToRow(count, next, scroller.current!.scrollTop, heightPx - ROW_PX);
    scroller.current!.scrollTop = top;
    setScrolledPx(top);
  };
  // Rows compare their properties, so this must stay the same object.
  const onKey = useCallback((index: number, event: KeyboardEvent) => handleKey.current(index, event), []);
  const isActiveDrawn = active >= drawn.first && active < drawn.end;
  const firstSeen = Math.min(count - 1, Math.max(0, Math.floor(scrolledPx / ROW_PX)));
  return (
    <div class="function-grid" ref={scroller} onScroll={onScroll}>
      <table class="data function-table" aria-rowcount={count + 1} aria-label="Functions of the run">
        <thead>
          <tr aria-rowindex={1}>
            {FUNCTION_COLUMNS.map(({ sort, title, isNumber }) => {
              const isSorted = filter.sort === sort;
              const direction = filter.descending ? 'descending' : 'ascending';
              return (
                <th key={sort} scope="col" class={`column-${sort}${isNumber ? ' right' : ''}`} aria-sort={isSorted ? direction : 'none'}>
                  <button type="button" class="sort" onClick={() => sortBy(sort, isNumber)}>
                    {title}
                    <span class="sort-sign" aria-hidden="true">
                      {isSorted ? (filter.descending ? '↓' : '↑') : ''}
                    </span>
                  </button>
                </th>
              );
            })}
            <th scope="col" class="column-node">
              <span class="sort">Node</span>
            </th>
          </tr>
        </thead>
        <tbody>
          <tr class="spacer" style={{ height: `${drawn.abovePx}px` }} />
          {Array.from({ length: Math.max(0, drawn.end - drawn.first) }, (_, at) => {
            const index = drawn.first + at;
            const isReachable = isActiveDrawn ? index === active : index === firstSeen;
            return <FunctionLine key={index} {...{ index, isReachable, onKey }} row={rows.rowAt(index)} run={rows.run} atMs={rows.atMs} />;
          })}
          <tr class="spacer" style={{ height: `${drawn.belowPx}px` }} />
        </tbody>
      </table>
      {rows.matching === 0 && <EmptyState title="No function matches">Choose another state, or search for less.</EmptyState>}
      {rows.fault && <Notice kind="warning">{rows.fault.message}</Notice>}
      <p class="hidden" role="status">
        {rows.matching === undefined ? '' : `${countOf(rows.matching, 'function')} match`}
      </p>
    </div>
  );
}
