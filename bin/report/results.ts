import { inspect } from 'node:util';
import type { Colors } from './colors.js';
import { withOwnFrames } from './own-frames.js';
import { taggedJson } from './tagged-json.js';
import { terminalJson, terminalName } from './terminal-text.js';

/** Returns the results for people: each under its id, text as it is, everything else as Node prints it. */
export function resultsText(results: Readonly<Record<string, unknown>>, colors: Colors): string {
  return Object.keys(results)
    .map((id) => {
      const text = valueText(results[id], colors);
      return `${colors.bold(terminalName(id))}:${text.includes('\n') ? '\n' : ' '}${text.replace(/\n$/, '')}\n`;
    })
    .join('');
}

/**
 * Returns the results for programs: one JSON document, an object of results by id; see `taggedJson`. Throws for values nested too deeply
 * for JSON.
 */
export function resultsJson(results: Readonly<Record<string, unknown>>): string {
  try {
    return `${terminalJson(JSON.stringify(taggedJson({ ...results })))}\n`;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new Error('Cannot write the results as JSON: they are nested too deep, or too large for one text', { cause });
  }
}

const valueText = (value: unknown, colors: Colors): string =>
  typeof value === 'string' ? value : withOwnFrames(inspect(value, { colors: colors.isColorSupported, depth: 6, maxArrayLength: 100 }));
