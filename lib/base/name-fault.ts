/** Whether each half of a surrogate pair in a text has its other half: UTF-8 carries nothing else. */
export const isWellFormed = (text: string): boolean => (text as string & { isWellFormed(): boolean }).isWellFormed();

/**
 * Returns what is wrong with an id or a name, for a message that names it before; `undefined` if it is good. A good one is a non-empty
 * string without lone surrogates. UTF-8 has no lone surrogates: on another node they would all be one and the same.
 */
export function nameFault(given: unknown): string | undefined {
  if (typeof given !== 'string' || given === '') return 'is not a non-empty string';
  return isWellFormed(given) ? undefined : 'has a lone surrogate, which does not survive the way to another node';
}

/** Throws `TypeError` for a wrong id or name. The message is `intent`, then `what`, then the fault. */
export function refuseWrongName(given: unknown, intent: string, what: string): asserts given is string {
  const fault = nameFault(given);
  if (fault !== undefined) throw new TypeError(`${intent}: ${what} ${fault}`);
}
