// Brain: pure.
import type { TimeWindow } from './time-window.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const decades = (from: number, to: number): number[] => {
  const found: number[] = [];
  for (let power = from; power <= to; power += 1) for (const digit of [1, 2, 5]) found.push(Number(`${digit}e${power}`));
  return found;
};

/** The distances between ticks that people can count in, ms: 1, 2, 5 and so on below a second, then those of clocks. */
export const TICK_DISTANCES_MS: readonly number[] = [
  ...decades(-3, 2),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((count) => count * DAY),
];

const digitsBelow = (unit: number, distanceMs: number): number => Math.max(0, Math.ceil(-Math.log10(distanceMs / unit) - 1e-9));
const two = (value: number): string => String(value).padStart(2, '0');

/** The label of a tick, as exact as the distance to the next one needs: `1.5 ms`, `2.4 s`, `3:20`, `1:05:00`, `2 d 6:00`. */
export function tickLabel(atMs: number, distanceMs: number): string {
  if (Math.abs(atMs) < distanceMs / 1000) return '0';
  if (distanceMs < 1 && atMs < SECOND) return `${atMs.toFixed(digitsBelow(1, distanceMs))} ms`;
  if (distanceMs < SECOND && atMs < SECOND) return `${Math.round(atMs)} ms`;
  if (atMs < MINUTE) return `${(atMs / SECOND).toFixed(digitsBelow(SECOND, distanceMs))} s`;
  const days = Math.floor(atMs / DAY);
  const hours = Math.floor((atMs % DAY) / HOUR);
  const minutes = Math.floor((atMs % HOUR) / MINUTE);
  const seconds = (atMs % MINUTE) / SECOND;
  const digits = digitsBelow(SECOND, distanceMs);
  const secondsText = digits > 0 ? seconds.toFixed(digits).padStart(digits + 3, '0') : two(Math.round(seconds));
  if (days > 0) return distanceMs >= DAY ? `${days} d` : `${days} d ${hours}:${two(minutes)}`;
  return hours > 0 ? `${hours}:${two(minutes)}:${secondsText}` : `${minutes}:${secondsText}`;
}

/** A part of a run in words, exact to a hundredth of its length: `1.25 s to 2.75 s of 12 s`. */
export function windowText({ fromMs, toMs }: TimeWindow, endMs: number): string {
  const exactMs = 10 ** Math.floor(Math.log10((toMs - fromMs) / 50));
  const shownEndMs = Math.min(toMs, endMs);
  return `${tickLabel(Math.max(0, fromMs), exactMs)} to ${tickLabel(shownEndMs, exactMs)} of ${shownDuration(endMs)}`;
}

/** A duration for people, in three digits: `0.42 ms`, `12.5 ms`, `3.21 s`, `4 min 12 s`, `2 h 05 min`. */
export function shownDuration(durationMs: number): string {
  if (durationMs <= 0) return '0 ms';
  if (durationMs < 0.0095) return '<0.01 ms';
  if (durationMs < 999.5) return `${threeDigits(durationMs)} ms`;
  if (durationMs < 59_950) return `${threeDigits(durationMs / SECOND)} s`;
  if (durationMs < HOUR) return `${Math.floor(durationMs / MINUTE)} min ${two(Math.floor((durationMs % MINUTE) / SECOND))} s`;
  return `${Math.floor(durationMs / HOUR)} h ${two(Math.floor((durationMs % HOUR) / MINUTE))} min`;
}

const threeDigits = (value: number): string => value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
