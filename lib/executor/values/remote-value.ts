import type { ValueName } from '../../peer/index.js';
import type { ValueStore } from '../../store/index.js';
import type { StoredValue } from '../../value/index.js';

/** A value on another node, with its name there. */
export interface RemoteValue {
  readonly from: string;
  readonly value: ValueName;
  readonly sizeBytes: number;
  /** The same value, if it is here and small. It may ride along with the attempt that would fetch it. */
  readonly inline?: StoredValue | undefined;
  /** Whether only the fetching attempt needs it, and once. Then it may be opened without a copy. */
  readonly isSole?: boolean;
}

/** An argument of a step before everything has been fetched. */
export type ArgumentValue = StoredValue | RemoteValue;

/** Whether an argument is still on another node and has to be fetched. */
export const isRemote = (given: ArgumentValue | number | undefined): given is RemoteValue => typeof given === 'object' && 'from' in given;

/** Whether a value is a function's result or an input, by run. */
export const isOfRun = (value: ValueName): value is Extract<ValueName, { kind: 'of-run' | 'of-file' | 'remembered' }> =>
  value.kind === 'of-run' || value.kind === 'of-file' || value.kind === 'remembered';

/** The name of the array or record that a map or an expansion made. */
export type CompositeName = Extract<ValueName, { kind: 'composite' }>;

/** Whether a value is put together of parts that may be on different nodes. */
export const isComposite = (far: RemoteValue): far is RemoteComposite => far.value.kind === 'composite';

/** A value that is put together of parts. */
export type RemoteComposite = RemoteValue & { readonly value: CompositeName };

/**
 * Returns a value of a run that the store has: a whole one, or a part of it. A part of one that is not in memory has to be fetched. `runId`
 * is the run of those who ask.
 */
export function heldIn(store: RunStore, runId: string, value: ValueName): StoredValue | undefined {
  if (isOfRun(value)) {
    const whole = store.get(runId, value.functionId, value.epoch);
    return value.part !== null && whole?.away ? undefined : partOf(whole, value.part);
  }
  return value.kind === 'composite' ? store.getComposite(runId, value.functionId, value.epoch) : undefined;
}

/** Keeps a value of a run that was fetched, for other attempts. A part of a value is not kept. */
export function keepIn(store: ValueStore, runId: string, value: ValueName, held: StoredValue): void {
  if (value.kind === 'composite') store.putComposite(runId, value.functionId, held, value.epoch);
  else if (isOfRun(value) && value.part === null) store.put(runId, value.functionId, held, value.origin, value.epoch);
}

/** Where the values of runs are found on this node. */
export type RunStore = Pick<ValueStore, 'get' | 'getComposite'>;

/** Returns one part of a value, or, if `part` is null, the whole; `undefined` if it has no such part. */
export function partOf(whole: StoredValue | undefined, part: number | null): StoredValue | undefined {
  if (part === null || !whole) return whole;
  return part < (whole.partCount ?? 0) ? whole.partAt(part) : undefined;
}

/** A packed value up to this size rides along with an attempt or with its receipt, bytes. */
export const RIDES_ALONG_BYTES = 64 * 1024;
