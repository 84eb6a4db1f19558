import { HandoffError, textOf } from '../../base/index.js';
import { type StorageFault, storageFailed } from '../../files/index.js';

const codeOf = (error: unknown): string => `${(error as { readonly code?: unknown } | undefined)?.code ?? ''}`;

/** The form of a code of PostgreSQL; those of Node, as `ECONNREFUSED`, are longer. */
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** By code, or by the class that its first two letters name. */
const FAULTS: Readonly<Record<string, StorageFault>> = {
  '08': 'unreachable',
  '25006': 'not-writable',
  '28': 'unreachable',
  '3D': 'unreachable',
  '3F': 'damaged',
  '42501': 'not-writable',
  '42703': 'damaged',
  '42P01': 'damaged',
  '53': 'unreachable',
  '53100': 'full',
  '57': 'unreachable',
  '58': 'unreachable',
  XX: 'damaged',
};

/**
 * Returns an error of PostgreSQL, or of the way to it, as ours. An error that means a wrong statement is a bug, and is returned as it is.
 */
export function postgresFailed(error: unknown, place: string): unknown {
  if (HandoffError.is(error)) return error;
  const code = codeOf(error);
  const reason = SQLSTATE.test(code) ? (FAULTS[code] ?? FAULTS[code.slice(0, 2)]) : 'unreachable';
  return reason ? storageFailed(reason, `Cannot use the journal at ${place}: ${textOf(error)}`, { cause: error }) : error;
}

/** Two transactions conflicted, and one of them was given up: it can be tried again. */
export const isConflict = (error: unknown): boolean => ['40001', '40P01'].includes(codeOf(error));

/** The database refuses this user, or does not exist: waiting does not help. */
export const isRefusal = (error: unknown): boolean => /^(?:28|3D)/.test(codeOf(error));

/** Whether the database answered, or we gave up, so that the connection can be used again. */
export const isAnswer = (error: unknown): boolean =>
  HandoffError.is(error) || (SQLSTATE.test(codeOf(error)) && !/^(?:08|57)/.test(codeOf(error)));
