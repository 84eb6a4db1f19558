/** Returns a checked option that is true or false. Throws `TypeError` that names the option and what was given in its place. */
export function checkedFlag(name: string, given: unknown, or: boolean): boolean {
  if (given === undefined) return or;
  if (typeof given !== 'boolean') throw new TypeError(`${name} must be true or false, not ${shown(given)}`);
  return given;
}

/** A text is quoted: `'true'` is not `true`. An object may not let itself be turned into a text. */
function shown(given: unknown): string {
  if (typeof given === 'string') return JSON.stringify(given);
  return given === null || typeof given === 'number' ? String(given) : `a value of type ${typeof given}`;
}
