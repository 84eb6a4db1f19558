// Brain: pure.
import type { ShownState, StateCounts } from '../../views/view-types.js';

const counting = new Intl.NumberFormat('en');
const short = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** A whole number with its thousands apart. */
export const countText = (count: number): string => counting.format(count);

/** A count and what is counted: `1 node`, `2 nodes`. */
export const countOf = (count: number, one: string, many = `${one}s`): string => `${countText(count)} ${count === 1 ? one : many}`;

/** What is said in place of the names of what is lacked. */
const LACK_WORDS: Readonly<Record<string, string>> = { valueMemoryMiB: 'of memory for values' };

/** How much of which resources is missing. */
export const lackText = (lacking: Readonly<Record<string, number>>): string =>
  Object.entries(lacking)
    .map(([resource, amount]) => `${resourceText(resource, amount)} ${LACK_WORDS[resource] ?? resource}`)
    .join(' and ');

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Bytes, in the unit that leaves at most four digits. */
export function bytesText(bytes: number): string {
  let at = 0;
  let amount = bytes;
  while (amount >= 1_000 && at < BYTE_UNITS.length - 1) {
    amount /= 1_024;
    at++;
  }
  return `${short.format(amount)} ${BYTE_UNITS[at]}`;
}

/** An amount of a resource. `memory` counts MiB, as everywhere; others that are named for bytes or MiB have these units. */
export function resourceText(name: string, amount: number): string {
  if (/bytes$/i.test(name)) return bytesText(amount);
  if (name === 'memory' || /mib$/i.test(name)) return bytesText(amount * 1024 * 1024);
  return Number.isInteger(amount) ? countText(amount) : short.format(amount);
}

/** How long something took: three digits and one unit below a minute, two units above. */
export function durationText(ms: number): string {
  if (!Number.isFinite(ms) || ms <= 0) return '0 ms';
  if (ms < 0.01) return `${short.format(ms * 1_000)} µs`;
  if (ms < 999.5) return `${short.format(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(ms < 9_995 ? 2 : 1)} s`;
  return longText(Math.round(ms / 1_000));
}

/** How long something has gone on: it changes once a second at most, but for the first ten. */
export function elapsedText(ms: number): string {
  if (!Number.isFinite(ms) || ms <= 0) return '0.0 s';
  return ms < 10_000 ? `${(Math.floor(ms / 100) / 10).toFixed(1)} s` : longText(Math.floor(ms / 1_000));
}

function longText(seconds: number): string {
  const two = (amount: number): string => String(Math.floor(amount)).padStart(2, '0');
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${two(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${two((seconds % 3_600) / 60)} m`;
  return `${Math.floor(seconds / 86_400)} d ${two((seconds % 86_400) / 3_600)} h`;
}

/** A part of a whole, in percent. What is not all is never shown as 100 %, and what is not nothing never as 0 %. */
export function percentText(amount: number, total: number): string {
  if (total <= 0) return '0 %';
  const percent = (amount / total) * 100;
  if (percent > 99 && amount < total) return '99 %';
  if (percent < 1 && amount > 0) return '<1 %';
  return `${Math.round(percent)} %`;
}

/** The end of a long id, which tells ids of one time apart. */
export const shortId = (id: string): string => (id.length > 12 ? `…${id.slice(-8)}` : id);

/** A module's name with its last folder alone: the whole is in a title beside it. */
export const shortCode = (code: string): string => code.replace(/^file:\/\/.*?\/(?=[^/#]*\/[^/#]*(?:#|$))/, '…/');

/** The counts as a sentence, in the order given; states without functions are left out. */
export const countsSentence = (counts: Partial<StateCounts>, order: readonly ShownState[]): string =>
  order.flatMap((state) => (counts[state] ? [`${countText(counts[state])} ${state}`] : [])).join(', ') || 'no functions';
