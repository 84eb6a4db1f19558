import type { RunEvent } from '../../lib/index.js';
import type { Group } from './groups.js';

/** The progress of a group. */
export interface GroupTally {
  readonly label: string;
  /** Grows when a map or an expansion in it adds functions. */
  total: number;
  running: number;
  succeeded: number;
  failed: number;
  /** How many attempts failed and were followed by another. */
  retried: number;
  /** How many functions were skipped or cancelled. */
  dropped: number;
  /** The times of the group's first start and last end, on the driver's wall clock. */
  startedAtMs: number | undefined;
  endedAtMs: number | undefined;
}

/** Counts the events of a run by group. Pure: pass events in, read the groups. */
export class Tally {
  readonly groups: readonly GroupTally[];
  readonly #byId = new Map<string, GroupTally>();
  /** The maps that have added nothing yet. Each counts as one function, until its elements count instead. */
  readonly #maps = new Set<string>();
  /** The maps, and groups of what was added, that count as their parts. */
  readonly #grown = new Set<string>();
  readonly #running = new Set<string>();
  readonly #succeeded = new Set<string>();

  constructor(groups: readonly Group[]) {
    this.groups = groups.map(({ label, ids, maps = [] }) => {
      const tally = newTally(label, ids.length);
      for (const id of ids) this.#byId.set(id, tally);
      for (const id of maps) this.#maps.add(id);
      return tally;
    });
  }

  /** Counts one event. Returns the group that it was counted in, if it was. */
  count(event: RunEvent): GroupTally | undefined {
    // In a long run the oldest events may be missing.
    if (event.type === 'run-completed') {
      for (const group of this.groups) {
        group.running = 0;
        group.succeeded = Math.max(0, group.total - group.failed - group.dropped);
      }
    }
    if (event.type === 'functions-added') return this.#added(event.by, event.count);
    if (!('functionId' in event)) return undefined;
    const group = this.#groupOf(event.functionId);
    if (!group) return undefined;
    if (this.#grown.has(event.functionId)) {
      // Its elements have been counted. Only a failure may be one of its own.
      if (event.type !== 'function-failed') return undefined;
      group.total += 1;
    }
    switch (event.type) {
      case 'function-started':
        group.startedAtMs ??= event.atMs;
        if (!this.#running.has(event.functionId)) group.running += 1;
        this.#running.add(event.functionId);
        return group;
      case 'function-lost':
        // It was lost while it ran, or with the node that had its value.
        if (this.#succeeded.delete(event.functionId)) group.succeeded -= 1;
        this.#ended(event.functionId, group);
        return group;
      case 'function-resting':
        this.#ended(event.functionId, group);
        group.retried += 1;
        return group;
      case 'function-succeeded':
        group.succeeded += 1;
        this.#succeeded.add(event.functionId);
        break;
      case 'function-failed':
        group.failed += 1;
        break;
      case 'function-skipped':
      case 'function-cancelled':
        group.dropped += 1;
        break;
      default:
        return group;
    }
    this.#ended(event.functionId, group);
    group.endedAtMs = event.atMs;
    return group;
  }

  /** Whether a function is put together of functions that it has added. */
  isOfParts(functionId: string): boolean {
    return this.#grown.has(functionId);
  }

  /** Whether anything has started in the group of a function. All of it may be recorded or remembered. */
  hasStarted(functionId: string): boolean {
    return this.#groupOf(functionId)?.startedAtMs !== undefined;
  }

  #added(by: string, count: number): GroupTally | undefined {
    const group = this.#groupOf(by) ?? this.#newGroup(by);
    if (count === 0) return group;
    group.total += count;
    if (this.#maps.delete(by)) {
      this.#grown.add(by);
      group.total -= 1;
    }
    return group;
  }

  /** Where the groups are not known beforehand, what a map or an expansion adds is one. */
  #newGroup(by: string): GroupTally {
    const group = newTally(by, 0);
    this.#byId.set(by, group);
    this.#grown.add(by);
    return group;
  }

  /** Returns the group of a function of the DAG, or that of the map or the expansion that has added it. */
  #groupOf(functionId: string): GroupTally | undefined {
    for (let id = functionId; ; ) {
      const group = this.#byId.get(id);
      const slash = id.lastIndexOf('/');
      const end = id.endsWith(']') ? Math.max(slash, id.lastIndexOf('[')) : slash;
      if (group || end <= 0) return group;
      id = id.slice(0, end);
    }
  }

  #ended(functionId: string, group: GroupTally): void {
    if (this.#running.delete(functionId)) group.running -= 1;
  }
}

const newTally = (label: string, total: number): GroupTally => ({
  label,
  total,
  running: 0,
  succeeded: 0,
  failed: 0,
  retried: 0,
  dropped: 0,
  startedAtMs: undefined,
  endedAtMs: undefined,
});

/** Whether the group has no work left. */
export const isOver = ({ total, succeeded, failed, dropped }: GroupTally): boolean => succeeded + failed + dropped >= total;
