import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { UsageError } from '../support/tool.js';
import type { MeasuredRow, MeasuredRows } from './comparison.js';

/** Another form of the file has another number. */
const FORMAT = 1;

/** A run of benchmarks, as `--save` writes it and `--against` reads it. */
export interface SavedRun {
  readonly format: typeof FORMAT;
  /** The commit that was measured; `+` behind it: with changes that are not committed. */
  readonly commit: string;
  readonly node: string;
  readonly machine: string;
  readonly isShort: boolean;
  /** Whether another process kept a core busy. */
  readonly isBusy: boolean;
  readonly rows: MeasuredRows;
}

/** How it was measured, without what came out. */
export function madeHere(given: Pick<SavedRun, 'isShort' | 'isBusy' | 'rows'>): SavedRun {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  let commit = 'unknown';
  try {
    commit = `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') === '' ? '' : '+'}`;
  } catch {
    // The sources came without their history.
  }
  return {
    format: FORMAT,
    commit,
    node: process.version,
    machine: `${availableParallelism()} × ${cpus()[0]?.model ?? process.arch}`,
    ...given,
  };
}

/** Reads a saved run. Throws `UsageError` if the file is none, or of another form. */
export function readRun(path: string): SavedRun {
  let saved: Partial<SavedRun> | null;
  try {
    saved = JSON.parse(readFileSync(path, 'utf8')) as Partial<SavedRun> | null;
  } catch (error) {
    throw new UsageError(`Cannot compare with ${path}: ${(error as Error).message}`);
  }
  const format: unknown = saved?.format;
  if (typeof format === 'number' && format !== FORMAT)
    throw new UsageError(`Cannot compare with ${path}: it has format ${format}, this commit reads ${FORMAT}`);
  if (format !== FORMAT || !isRows(saved?.rows)) throw new UsageError(`Cannot compare with ${path}: no run was saved there`);
  return saved as SavedRun;
}

function isRows(rows: unknown): rows is MeasuredRows {
  if (typeof rows !== 'object' || rows === null) return false;
  return Object.values(rows).every((list) => Array.isArray(list) && list.every(isRow));
}

function isRow(row: Partial<MeasuredRow> | null): boolean {
  const { what, ratios } = row ?? {};
  return typeof what === 'string' && Array.isArray(ratios) && ratios.length > 0 && ratios.every((ratio) => Number.isFinite(ratio));
}

/** Says in what two runs differ beside the code. */
export function differencesOf(before: SavedRun, after: SavedRun): readonly string[] {
  return (['node', 'machine', 'isShort', 'isBusy'] as const)
    .filter((field) => before[field] !== after[field])
    .map((field) => `${field}: ${before[field]} before, ${after[field]} now`);
}
