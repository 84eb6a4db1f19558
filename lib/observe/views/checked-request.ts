// Brain: pure.
import { SHOWN_STATES } from './shown-state.js';
import type { FunctionsRequest, GraphRequest, TimelineRequest, ViewRequest } from './view-types.js';

/** The longest text that a request may have, characters. */
const MOST_CHARACTERS = 10_000;
/** How many groups may be unfolded. */
const MOST_UNFOLDED = 500;
/** The widest timeline, pixels. */
const WIDEST_PX = 20_000;
/** The largest page of the table of functions. */
const LARGEST_PAGE = 500;
/** No run lasts so long, and has so many functions. */
const MOST = 1e15;

const SORTS = ['order', 'id', 'state', 'start', 'wait', 'duration', 'size', 'attempts'] as const;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Returns a request that came from outside, with nothing in it that no view reads. Throws `TypeError` for what is no request, and
 * `RangeError` for a number or a list beyond its limits; both name the field.
 */
export function checkedViewRequest(given: unknown): ViewRequest {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw wrong('it must be an object', given);
  const fields = given as Fields;
  const { view } = fields;
  if (typeof view !== 'string' || !Object.hasOwn(CHECKS, view)) {
    throw wrong(`view must be one of ${Object.keys(CHECKS).join(', ')}`, view);
  }
  return CHECKS[view as ViewRequest['view']](fields);
}

const CHECKS: { readonly [V in ViewRequest['view']]: (fields: Fields) => ViewRequest } = {
  groups: () => ({ view: 'groups' }),
  summary: () => ({ view: 'summary' }),
  function: (fields) => ({ view: 'function', functionId: textIn(fields, 'functionId') }),
  timeline: checkedTimeline,
  functions: checkedFunctions,
  graph: checkedGraph,
};

function checkedTimeline(fields: Fields): TimelineRequest {
  const fromMs = numberIn(fields, 'fromMs', -MOST, MOST);
  const toMs = numberIn(fields, 'toMs', -MOST, MOST);
  if (toMs <= fromMs) throw new RangeError(`Cannot answer: toMs must be more than fromMs (${fromMs}), not ${toMs}`);
  const { fromRow, toRow } = fields;
  return {
    view: 'timeline',
    fromMs,
    toMs,
    widthPx: wholeIn(fields, 'widthPx', 1, WIDEST_PX),
    ...(fromRow !== undefined && { fromRow: wholeIn(fields, 'fromRow', 0, MOST) }),
    ...(toRow !== undefined && { toRow: wholeIn(fields, 'toRow', 0, MOST) }),
  };
}

function checkedFunctions(fields: Fields): FunctionsRequest {
  const { state, group, search, descending } = fields;
  const sort = fields.sort ?? 'order';
  if (!SORTS.includes(sort as (typeof SORTS)[number])) throw wrong(`sort must be one of ${SORTS.join(', ')}`, sort);
  if (state !== undefined && !SHOWN_STATES.includes(state as (typeof SHOWN_STATES)[number])) {
    throw wrong(`state must be one of ${SHOWN_STATES.join(', ')}`, state);
  }
  if (descending !== undefined && typeof descending !== 'boolean') throw wrong('descending must be true or false', descending);
  return {
    view: 'functions',
    ...(state !== undefined && { state: state as (typeof SHOWN_STATES)[number] }),
    ...(group !== undefined && { group: textIn(fields, 'group') }),
    ...(search !== undefined && { search: textIn(fields, 'search') }),
    sort: sort as (typeof SORTS)[number],
    descending: descending === true,
    offset: wholeIn(fields, 'offset', 0, MOST),
    limit: wholeIn(fields, 'limit', 1, LARGEST_PAGE),
  };
}

function checkedGraph({ unfolded }: Fields): GraphRequest {
  if (unfolded === undefined) return { view: 'graph' };
  if (!Array.isArray(unfolded)) throw wrong('unfolded must be an array of names of groups', unfolded);
  if (unfolded.length > MOST_UNFOLDED)
    throw new RangeError(`Cannot answer: unfolded may have ${MOST_UNFOLDED} names, not ${unfolded.length}`);
  return { view: 'graph', unfolded: unfolded.map((_one, at) => textIn(unfolded as unknown as Fields, String(at), `unfolded[${at}]`)) };
}

function textIn(fields: Fields, field: string, name = field): string {
  const given = fields[field];
  if (typeof given !== 'string') throw wrong(`${name} must be a text`, given);
  if (given.length > MOST_CHARACTERS) {
    throw new RangeError(`Cannot answer: ${name} may have ${MOST_CHARACTERS} characters, not ${given.length}`);
  }
  return given;
}

function numberIn(fields: Fields, field: string, least: number, most: number): number {
  const given = fields[field];
  if (typeof given !== 'number') throw wrong(`${field} must be a number`, given);
  if (!(given >= least && given <= most)) throw new RangeError(`Cannot answer: ${field} must be from ${least} to ${most}, not ${given}`);
  return given;
}

function wholeIn(fields: Fields, field: string, least: number, most: number): number {
  const given = numberIn(fields, field, least, most);
  if (!Number.isInteger(given)) throw new RangeError(`Cannot answer: ${field} must be a whole number, not ${given}`);
  return given;
}

/** What was given is told by its kind, or, if it is short, as it is. */
function wrong(what: string, given: unknown): TypeError {
  const isShort = (typeof given === 'string' && given.length <= 40) || typeof given === 'number' || typeof given === 'boolean';
  const told = isShort ? JSON.stringify(given) : given === null ? 'null' : Array.isArray(given) ? 'an array' : typeof given;
  return new TypeError(`Cannot answer: ${what}, not ${told}`);
}
