import type { PlanRecord } from '../../../dag/index.js';
import type { GroupBuffer, GroupReader } from '../../../journal/index.js';
import { pack, unpack } from '../../../value/index.js';
import { KINDS } from './records.js';

/** Some functions that a map or an expansion has added to a run. In its epoch they have the numbers from `from` on. */
export interface GrownEntry {
  /** The number of the map or expansion in this epoch. */
  readonly by: number;
  readonly from: number;
  readonly count: number;
  /** The place of the first of them, and how many places there are. */
  readonly first: number;
  readonly total: number;
  /** What is known of the DAG of an expansion; missing for a map. */
  readonly insides?: GrownInsides | undefined;
}

/** The part of an entry that only an expansion has. Functions have their numbers in its DAG. */
export interface GrownInsides {
  /** By place from the first on, the functions; missing if their numbers are their places. */
  readonly numbers?: readonly number[] | undefined;
  /** Those of them whose values make the record, in order. */
  readonly sinks: readonly number[];
  /** What each function is; missing if it is as in the entry before of this expansion. */
  readonly plan?: PlanRecord | undefined;
}

const IS_EXPANSION = 1;
const HAS_NUMBERS = 2;
const HAS_PLAN = 4;

/** No run can have as many functions: such a number was not written by us. */
const TOO_MANY = 2 ** 26;

/** Writes that functions were added. It comes before all that is written of them. */
export function writeGrown(group: GroupBuffer, { by, from, count, first, total, insides }: GrownEntry): void {
  group.begin(KINDS.grown, by);
  const { numbers, sinks = [], plan } = insides ?? {};
  group.byte((insides ? IS_EXPANSION : 0) + (numbers ? HAS_NUMBERS : 0) + (plan ? HAS_PLAN : 0));
  for (const number of [from, count, first, total]) group.number(number);
  for (const number of numbers ?? []) group.number(number);
  if (insides) group.number(sinks.length);
  for (const sink of sinks) group.number(sink);
  if (plan) group.bytes(pack(plan, { where: 'record' }));
  group.end();
}

/** Reads the entry that `reader` has come to. Throws `RangeError` for numbers that cannot be right. */
export function readGrown(reader: GroupReader): GrownEntry {
  const by = reader.index;
  const flags = reader.byte();
  const [from, count, first, total] = [reader.number(), reader.number(), reader.number(), reader.number()];
  if (by >= from || total >= TOO_MANY || from >= TOO_MANY || first + count > total) throw impossible(by);
  const some = (most: number): number[] => Array.from({ length: most }, () => numberBelow(reader.number(), total, by));
  if ((flags & IS_EXPANSION) === 0) return { by, from, count, first, total };
  const numbers = (flags & HAS_NUMBERS) === 0 ? undefined : some(count);
  const sinks = some(numberBelow(reader.number(), count + 1, by));
  const plan = (flags & HAS_PLAN) === 0 ? undefined : (unpack(reader.rest().slice(), { freeze: false }) as PlanRecord);
  if (plan && !isOfSize(plan, total)) throw impossible(by);
  return { by, from, count, first, total, insides: { numbers, sinks, plan } };
}

const isOfSize = ({ size, ids, since }: PlanRecord, total: number): boolean =>
  size === total && Array.isArray(ids) && ids.length >= size && since instanceof Uint32Array && since.length === ids.length;

function numberBelow(number: number, limit: number, by: number): number {
  if (number >= limit) throw impossible(by);
  return number;
}

const impossible = (by: number): RangeError => new RangeError(`Cannot read what function ${by} has added: its numbers are impossible`);
