import { textOf } from '../base/index.js';
import type { Packed } from './pack.js';
import { packThrownForWire, unpackThrown } from './thrown.js';

/** What was thrown, as plain data: it can be cloned, compared and written to a file. */
export interface ThrownData {
  /** What a message says of it. */
  readonly text: string;
  /** The thing itself, packed, at most 1 MiB. */
  readonly packed: Packed;
}

/** What was thrown itself, by the data that was made of it here. */
const originals = new WeakMap<ThrownData, { readonly thrown: unknown }>();

/** Makes plain data of what was thrown, whatever it is. Never throws. */
export function thrownData(thrown: unknown): ThrownData {
  const data = { text: textOf(thrown), packed: packThrownForWire(thrown) };
  originals.set(data, { thrown });
  return data;
}

/** What was thrown: the very object where the data was made in this process and is no copy, else one like it. Never throws. */
export function thrownOf(data: ThrownData): unknown {
  let original = originals.get(data);
  if (!original) {
    original = { thrown: unpackThrown(data.packed) };
    originals.set(data, original);
  }
  return original.thrown;
}
