// Brain: pure.
import type { StoredGroup } from '../groups/verify-groups.js';
import type { StoredRun, StoreOperation, StoreOperations } from './operations.js';
import { hasChanged, isDriven, openedRow, type RunRow, storedRun } from './run-rows.js';

type From<Name extends StoreOperation> = StoreOperations[Name]['from'];
type To<Name extends StoreOperation> = StoreOperations[Name]['to'];
type TableOperations = { [Name in StoreOperation]: (from: From<Name>, nowMs: number) => To<Name> };

/** A group in a `RunTable`. Specs change its bytes, to see that it is noticed. */
export type TableGroup = StoredGroup & { bytes: Uint8Array };

/** Makes the checksum of a group. */
export type GroupChecksum = (runId: string, epoch: number, sequence: number, bytes: Uint8Array) => Uint8Array;

interface TableRun {
  row: RunRow;
  readonly groups: TableGroup[];
}

/** How many bytes of groups are read at once. */
const PAGE_BYTES = 1 << 20;

const isSame = (one: Uint8Array, other: Uint8Array): boolean => one.length === other.length && one.every((byte, at) => byte === other[at]);

/**
 * The store operations over plain maps. The memory journal uses them, and the same laws hold for the databases. Every operation gets the
 * time, `nowMs`, of the one clock by which leases are counted.
 */
export class RunTable implements TableOperations {
  /** By key, in the order in which the runs were first opened. */
  readonly runs = new Map<string, TableRun>();
  readonly #byId = new Map<string, TableRun>();
  /** When the lease of each session ends. */
  readonly sessions = new Map<string, { readonly node: string; readonly endsAtMs: number }>();
  readonly #checksum: GroupChecksum;

  constructor(checksum: GroupChecksum) {
    this.#checksum = checksum;
  }

  /** Performs one operation, at once. */
  perform<Name extends StoreOperation>(name: Name, from: From<Name>, nowMs: number): To<Name> {
    return (this as TableOperations)[name](from, nowMs);
  }

  openRun({ session, isOpenHere, ...request }: From<'openRun'>, nowMs: number): To<'openRun'> {
    const known = this.runs.get(request.key);
    const before = known && this.#read(known, nowMs);
    if ((before?.epoch ?? 0) !== request.knownEpoch) return { type: 'changed', ...(before ? { stored: before } : {}) };
    if (before && isDriven(before, session, isOpenHere)) return { type: 'driven', stored: before };
    if (before && hasChanged(before, request.known)) return { type: 'changed', stored: before };
    const run: TableRun = known ?? { row: openedRow(request, session, before, nowMs), groups: [] };
    run.row = openedRow(request, session, before, nowMs);
    this.runs.set(request.key, run);
    this.#byId.set(run.row.runId, run);
    for (const bytes of request.opening) this.#write(run, bytes);
    this.sessions.set(session.id, { node: session.node, endsAtMs: nowMs + session.leaseMs });
    return { type: 'opened', stored: this.#read(run, nowMs) };
  }

  appendGroup({ runId, epoch, sequence, bytes, summary }: From<'appendGroup'>): To<'appendGroup'> {
    const run = this.#driven(runId, epoch);
    if (!run) return 'taken-over';
    const last = run.groups.at(-1);
    const isNew = !last || last.epoch < epoch || last.sequence < sequence;
    const there = isNew ? undefined : run.groups.find((group) => group.epoch === epoch && group.sequence === sequence);
    if (there) return isSame(there.bytes, bytes) ? 'written' : 'occupied';
    this.#write(run, bytes);
    if (summary) run.row = { ...run.row, summary };
    return 'written';
  }

  endRun({ runId, epoch, state, summary }: From<'endRun'>, nowMs: number): To<'endRun'> {
    const run = this.#driven(runId, epoch);
    if (!run) return 'taken-over';
    run.row = { ...run.row, state, summary, endedAtMs: state === 'interrupted' ? 0 : nowMs };
    return 'ended';
  }

  findRuns({ key, runId, dagId, states, limit = Number.POSITIVE_INFINITY }: From<'findRuns'>, nowMs: number): To<'findRuns'> {
    return [...this.runs.values()]
      .reverse()
      .filter(({ row }) => (key === undefined || row.key === key) && (runId === undefined || row.runId === runId))
      .filter(({ row }) => dagId === undefined || row.dagId === dagId)
      .filter(({ row }) => states === undefined || states.includes(row.state))
      .slice(0, limit)
      .map((run) => this.#read(run, nowMs));
  }

  readGroups({ runId, after }: From<'readGroups'>): To<'readGroups'> {
    const groups = this.#byId.get(runId)?.groups ?? [];
    const first = groups.findIndex(({ epoch, sequence }) => epoch > after.epoch || (epoch === after.epoch && sequence > after.sequence));
    if (first < 0) return [];
    let end = first + 1;
    for (let size = groups[first]!.bytes.length; end < groups.length && size < PAGE_BYTES; end += 1) size += groups[end]!.bytes.length;
    return groups.slice(first, end);
  }

  forgetRun({ key, session, openHere }: From<'forgetRun'>, nowMs: number): To<'forgetRun'> {
    const run = this.runs.get(key);
    if (!run) return { type: 'unknown' };
    const stored = this.#read(run, nowMs);
    if (isDriven(stored, session, openHere.includes(stored.runId))) return { type: 'driven', stored };
    this.runs.delete(key);
    this.#byId.delete(run.row.runId);
    return { type: 'forgotten', stored };
  }

  /** A forgotten run has left no groups here. */
  sweep(): To<'sweep'> {
    return false;
  }

  renewSession({ session, open }: From<'renewSession'>, nowMs: number): To<'renewSession'> {
    for (const [id, { endsAtMs }] of this.sessions) if (endsAtMs <= nowMs) this.sessions.delete(id);
    this.sessions.set(session.id, { node: session.node, endsAtMs: nowMs + session.leaseMs });
    return open.filter(({ runId, epoch }) => this.#byId.get(runId)?.row.epoch !== epoch).map(({ runId }) => runId);
  }

  endSession({ session }: From<'endSession'>): To<'endSession'> {
    this.sessions.delete(session.id);
    return undefined;
  }

  /** The run, if this is its latest epoch. */
  #driven(runId: string, epoch: number): TableRun | undefined {
    const run = this.#byId.get(runId);
    return run?.row.epoch === epoch ? run : undefined;
  }

  #write(run: TableRun, bytes: Uint8Array): void {
    const { epoch } = run.row;
    const last = run.groups.at(-1);
    const sequence = last?.epoch === epoch ? last.sequence + 1 : 0;
    const checksum = this.#checksum(run.row.runId, epoch, sequence, bytes);
    run.groups.push({ epoch, sequence, sizeBytes: bytes.length, checksum, bytes: bytes.slice() });
  }

  #read({ row, groups }: TableRun, nowMs: number): StoredRun {
    const endsAtMs = this.sessions.get(row.session)?.endsAtMs;
    const last = groups.at(-1);
    return storedRun(row, {
      leaseLeftMs: endsAtMs === undefined ? undefined : endsAtMs - nowMs,
      groupCount: last?.epoch === row.epoch ? last.sequence + 1 : 0,
    });
  }
}
