// Brain: pure.
import type { FunctionsRequest, ShownState } from '../../views/view-types.js';
import { STATES_IN_ORDER } from '../theme/tokens.js';

/** How the table can be sorted. */
export type FunctionSort = FunctionsRequest['sort'];

/** The columns of the table, each with what it is sorted by. */
export const FUNCTION_COLUMNS: readonly { readonly sort: FunctionSort; readonly title: string; readonly isNumber: boolean }[] = [
  { sort: 'state', title: 'State', isNumber: false },
  { sort: 'id', title: 'Function', isNumber: false },
  { sort: 'attempts', title: 'Attempts', isNumber: true },
  { sort: 'start', title: 'Start', isNumber: true },
  { sort: 'wait', title: 'Waited', isNumber: true },
  { sort: 'duration', title: 'Duration', isNumber: true },
  { sort: 'size', title: 'Size', isNumber: true },
];

/** What of the functions is shown, as the address has it. */
export interface FunctionFilter {
  readonly state: ShownState | undefined;
  readonly group: string | undefined;
  readonly search: string | undefined;
  readonly sort: FunctionSort;
  readonly descending: boolean;
}

/** Reads the filter from an address. What it does not know is left out: addresses are typed by hand too. */
export function functionFilterOf(query: URLSearchParams): FunctionFilter {
  const sort = query.get('sort') ?? '';
  return {
    state: STATES_IN_ORDER.find((state) => state === query.get('state')),
    group: query.get('group') || undefined,
    search: query.get('search') || undefined,
    sort: FUNCTION_COLUMNS.find((column) => column.sort === sort)?.sort ?? 'order',
    descending: query.get('descending') === 'yes',
  };
}

/** What a click on the title of a column sorts by: its numbers from the largest, its texts from the first, then the other way, then not. */
export function nextSort(
  { sort, descending }: FunctionFilter,
  column: FunctionSort,
  isNumber: boolean,
): Pick<FunctionFilter, 'sort' | 'descending'> {
  if (sort !== column) return { sort: column, descending: isNumber };
  if (descending === isNumber) return { sort: column, descending: !descending };
  return { sort: 'order', descending: false };
}
