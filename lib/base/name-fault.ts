const isWellFormed = (text: string): boolean => (text as string & { isWellFormed(): boolean }).isWellFormed();

/**
 * What is wrong with an id or a name, for a message that names it before; `undefined` for a good one. It is a non-empty string, and has no
 * half of a surrogate pair alone: UTF-8 has no such halves, so that on another node all of them would be one and the same.
 */
export function nameFault(given: unknown): string | undefined {
  if (typeof given !== 'string' || given === '') return 'is not a non-empty string';
  return isWellFormed(given) ? undefined : 'has a lone surrogate, which does not survive the way to another node';
}

/** Throws `TypeError` for a wrong id or name: `intent`, then `what` and what is wrong with it. */
export function refuseWrongName(given: unknown, intent: string, what: string): asserts given is string {
  const fault = nameFault(given);
  if (fault !== undefined) throw new TypeError(`${intent}: ${what} ${fault}`);
}
