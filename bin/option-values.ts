import { InvalidArgumentError } from 'commander';

/** Reads a number option, at least 0. Commander adds the option's name to the message. */
export function amount(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) throw new InvalidArgumentError('It must be a number, at least 0.');
  return value;
}

/** Reads an integer option, at least 0. */
export function count(text: string): number {
  const value = amount(text);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('It must be a whole number.');
  return value;
}

/** Reads an integer option, at least `least`. */
export const countFrom =
  (least: number) =>
  (text: string): number => {
    const value = count(text);
    if (value < least) throw new InvalidArgumentError(`It must be at least ${least}.`);
    return value;
  };

/** Reads one more function whose result is wanted. `all` and `sinks` must stand alone. */
export function collected(text: string, before?: 'all' | 'sinks' | readonly string[]): 'all' | 'sinks' | readonly string[] {
  nonEmpty(text);
  if (before === 'all' || before === 'sinks' || (before !== undefined && (text === 'all' || text === 'sinks'))) {
    throw new InvalidArgumentError('Give all, or sinks, or the ids of functions.');
  }
  return text === 'all' || text === 'sinks' ? text : [...(before ?? []), text];
}

/** Reads a text that must not be empty. */
export function nonEmpty(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It must not be empty.');
  return text;
}

/** Reads one more `id=json` and adds it to the inputs read so far. The id ends at the first `=`. */
export function input(text: string, before: ReadonlyMap<string, unknown> = new Map()): ReadonlyMap<string, unknown> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be of the form id=json, as in rate=1.2.');
  const id = text.slice(0, at);
  if (before.has(id)) throw new InvalidArgumentError(`Input "${id}" is given twice.`);
  try {
    return new Map(before).set(id, JSON.parse(text.slice(at + 1)));
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}. Text needs its quotes: '${id}="text"'.`);
  }
}

/** Reads one more `name=n` and adds it to the resources read so far. */
export function resource(text: string, before: ReadonlyMap<string, number> = new Map()): ReadonlyMap<string, number> {
  const at = text.lastIndexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be of the form name=n, as in gpu=1.');
  const name = text.slice(0, at);
  if (name === 'cpu' || name === 'memory') throw new InvalidArgumentError(`"${name}" has an option of its own, --${name}.`);
  if (before.has(name)) throw new InvalidArgumentError(`Resource "${name}" is given twice.`);
  return new Map(before).set(name, amount(text.slice(at + 1)));
}

/** Reads one more URL, or several separated by commas, and adds them to those read so far. */
export function urls(text: string, before: readonly string[] = []): readonly string[] {
  const given = text.split(/[\s,]+/).filter((url) => url !== '');
  for (const url of given)
    if (!/^[a-z][a-z\d+.-]*:\/\/[^/]/.test(url)) throw new InvalidArgumentError(`"${url}" is not of the form ws://host:port.`);
  if (given.length === 0) throw new InvalidArgumentError('It must not be empty.');
  return [...before, ...given];
}
