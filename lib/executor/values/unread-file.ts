import type { PlainPlace } from '../../files/index.js';
import type { StoredValue } from '../../value/index.js';

/**
 * Why an attempt has not called its function: an argument lies in a file that its thread could not read. Then the node reads it, and finds
 * out what has become of it. Users never see it.
 */
export class UnreadFile extends Error {
  constructor() {
    super('an argument could not be read from its file');
  }
}

/** Returns where a thread or a process reads a value by itself; `undefined` if it is in memory, or only this process finds its file. */
export const filePlaceOf = ({ away }: StoredValue): PlainPlace | undefined => away?.place as PlainPlace | undefined;

/** Whether an attempt has ended so. It is none that counts: it is made again at once. */
export const isUnread = (outcome: { readonly type: string; readonly error?: unknown }): boolean =>
  outcome.type === 'failed' && outcome.error instanceof UnreadFile;
