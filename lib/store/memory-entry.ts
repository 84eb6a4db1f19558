import type { AwayBytes, StoredValue, ValueEntry } from '../value/index.js';
import { BudgetEntry } from './memory-budget.js';

/** What the memory of a node knows of a value that may move. */
export class MemoryEntry extends BudgetEntry implements ValueEntry {
  readonly memory: EntryMemory;
  readonly value: StoredValue;
  /** The name under which it was first owned, for messages. */
  readonly id: string;
  owners = 0;
  file: AwayBytes | undefined = undefined;
  waiting: HereListener[] | undefined = undefined;

  constructor(memory: EntryMemory, value: StoredValue, id: string, isSole: boolean) {
    super(value.sizeBytes, isSole);
    this.memory = memory;
    this.value = value;
    this.id = id;
  }

  use(): void {
    this.memory.use(this);
  }

  endUse(): void {
    this.memory.endUse(this);
  }

  cameBack(): void {
    this.memory.cameBack(this);
  }

  cannotRead(error: unknown): Error {
    return this.memory.cannotRead(this, error);
  }
}

/** A file that may have to be dropped, or kept. */
type KeptFile = AwayBytes & { drop(): void; keepReadable(): void };

/** Drops a file that nobody needs. Those of durable values go with their runs. */
export const dropFile = (file: AwayBytes | undefined): void => {
  if (file && isSpilled(file)) file.drop();
};

/** Whether a file was written for want of memory. */
export const isSpilled = (file: AwayBytes): file is KeptFile => 'drop' in file;

/** Returns what of a value is not in memory, or lost: itself, or some of what it is put together of. */
export function awayIn(value: StoredValue): readonly StoredValue[] {
  if (value.isAway || value.isLost) return [value];
  const parts = value.movableParts;
  if (!parts) return NONE;
  const away: StoredValue[] = [];
  const look = (one: StoredValue): void => {
    if (one.isAway || one.isLost) away.push(one);
    else for (const part of one.movableParts ?? []) look(part);
  };
  look(value);
  return away;
}

const NONE: readonly StoredValue[] = [];

/** Returns the error of a lost value. */
export function errorOf(lost: StoredValue): Error {
  try {
    lost.pack('');
  } catch (error) {
    return error as Error;
  }
  throw new Error('the value is not lost');
}

/** The listeners of values that no store owns, while these are read. */
const waiting = new WeakMap<StoredValue, HereListener[]>();

/** Reads a value that no store owns, once for all that wait for it. */
export function readUnowned(value: StoredValue, listener: HereListener): void {
  const others = waiting.get(value);
  if (others) return void others.push(listener);
  const all = [listener];
  waiting.set(value, all);
  const settled = (tell: (one: HereListener) => void): void => {
    waiting.delete(value);
    for (const one of all) tell(one);
  };
  value.away!.read().then(
    (packed) => {
      if (value.isAway) value.comeBack(packed);
      settled(({ here }) => here());
    },
    (error: unknown) => settled(({ lost }) => lost(error as Error)),
  );
}

/** Waits for a value to be in memory. */
export interface HereListener {
  here(): void;
  /** It cannot be read, and is lost: `HANDOFF_RESULT_LOST`, with the `functionId`. */
  lost(error: Error): void;
}

/** What keeps the entries. */
interface EntryMemory {
  use(entry: MemoryEntry): void;
  endUse(entry: MemoryEntry): void;
  cameBack(entry: MemoryEntry): void;
  cannotRead(entry: MemoryEntry, error: unknown): Error;
}
