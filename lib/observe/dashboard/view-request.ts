import { checkedViewRequest } from '../views/index.js';
import type { ViewRequest } from '../views/view-types.js';

/** Reads what a page asks of a run. Throws `TypeError` or `RangeError` for anything that is no question. */
export function viewRequestIn(text: string): ViewRequest {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw new TypeError('request must be the JSON of a question about the run');
  }
  return checkedViewRequest(given);
}
