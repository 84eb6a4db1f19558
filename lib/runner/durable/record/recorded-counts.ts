import type { RunHistory } from './record-reader.js';
import { isHolding } from './run-record.js';

/** How many functions a run has according to its record, with those that it has added, and how many of them have succeeded. */
export interface RecordedCounts {
  readonly total: number;
  readonly succeeded: number;
}

/** Counts what is recorded of a run, and holds. A map or expansion has succeeded when all that it has added has. */
export function countsIn(history: RunHistory): RecordedCounts {
  const { plan, parts } = history;
  let succeeded = 0;
  let total = plan.size;
  for (let number = 0; number < plan.size; number += 1) {
    if (!parts.of(number)) succeeded += Number(isHolding(history, number));
    else if (!history.failed.has(number)) succeeded += Number(isWhole(history, number));
  }
  forEachPart(history, ({ part, since, isComposite }) => {
    total += 1;
    if (isComposite) succeeded += Number(isWhole(history, ~part));
    else if (isPartHolding(history, part, since)) succeeded += 1;
  });
  return { total, succeeded };
}

/** Whether a part has a recorded success that holds. `since`: the epoch in which it became what it is. */
export const isPartHolding = ({ parts: { successes, failed } }: RunHistory, part: number, since: number): boolean =>
  successes.epochOf(part) >= Math.max(1, since) && !failed.has(part);

/** Whether all that a map or expansion has added is recorded: a success, or a failure without which the run went on. */
export function isWhole(history: RunHistory, composite: number): boolean {
  let isWanting = false;
  const look = ({ part, since, isComposite }: WalkedPart): void => {
    if (!isComposite && !isPartHolding(history, part, since) && !history.parts.failed.get(part)) isWanting = true;
  };
  forEachPart(history, look, [[composite, composite < 0 ? 0 : history.plan.since[composite]!]]);
  return !isWanting;
}

/** Walks over all parts, or those of some maps and expansions, which are given with the epochs in which they became what they are. */
export function forEachPart(
  { plan, parts }: RunHistory,
  look: (walked: WalkedPart) => void,
  within = [...parts.composites.keys()].filter((one) => one >= 0).map((one): [number, number] => [one, plan.since[one]!]),
): void {
  const toWalk = [...within];
  for (let next = toWalk.pop(); next; next = toWalk.pop()) {
    const [composite, since] = next;
    const { start, total, plan: insides } = parts.of(composite)!;
    for (let place = 0; place < total; place += 1) {
      const part = start + place;
      const isComposite = parts.of(~part) !== undefined;
      const own = Math.max(since, insides?.since[place] ?? 0);
      if (isComposite) toWalk.push([~part, own]);
      look({ part, since: own, isComposite });
    }
  }
}

/** A part on a walk. */
interface WalkedPart {
  readonly part: number;
  /** The epoch in which it became what it is. */
  readonly since: number;
  /** Whether it is a map or an expansion that has added parts itself. */
  readonly isComposite: boolean;
}
