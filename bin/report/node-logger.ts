import { inspect } from 'node:util';
import type { Logger } from '../../lib/index.js';
import { colorsFor } from './colors.js';
import { terminalLine, terminalName } from './terminal-text.js';

/** Fields that are not shown in every line. */
const QUIET = new Set(['runId']);

/**
 * Returns a logger for a person at a terminal: the time, the event, and its subject. Elsewhere returns `undefined`: JSON lines are written
 * for programs.
 */
export function nodeLogger(stream: NodeJS.WritableStream & { readonly isTTY?: boolean }): Logger | undefined {
  if (!stream.isTTY) return undefined;
  const colors = colorsFor(stream);
  const line = (mark: (text: string) => string) => (fields: object, message: string) => {
    const shown = Object.entries(fields).filter(([field, value]) => value !== undefined && !QUIET.has(field));
    const rest = shown.map(([field, value]) => ` ${colors.dim(`${terminalName(field)}=`)}${terminalName(textOf(value))}`).join('');
    stream.write(`${colors.dim(new Date().toLocaleTimeString('sv'))} ${mark(terminalLine(message))}${rest}\n`);
  };
  return { debug() {}, info: line((text) => text), warn: line(colors.yellow), error: line(colors.red) };
}

const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  return value instanceof Error ? value.message : inspect(value, { depth: 2, breakLength: Number.POSITIVE_INFINITY });
};
