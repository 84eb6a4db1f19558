import { inspect } from 'node:util';

/** Of an array it shows properties besides the elements, and no element: then Node asks V8 for those properties alone. */
const BESIDES = {
  ...{ maxArrayLength: 0, depth: 0, compact: true, breakLength: Number.POSITIVE_INFINITY },
  ...{ colors: false, customInspect: false, showHidden: false, showProxy: false, getters: false },
} as const;

/**
 * Whether an array that has been checked has no properties besides its elements; `false` also if that is not known. It takes microseconds,
 * however long the array is: to list all of its keys makes a string for each element.
 */
export const hasElementsOnly = (list: readonly unknown[]): boolean =>
  list.length > 1 && inspect(list, BESIDES) === `[ ... ${list.length} more items ]`;
