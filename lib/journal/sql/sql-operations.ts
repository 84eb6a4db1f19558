import { groupChecksum, isSameBytes } from '../groups/checksum.js';
import type { Session, StoredRun, StoreOperation, StoreOperations } from '../stored/operations.js';
import { hasChanged, isDriven, openedRow, type RunRow } from '../stored/run-rows.js';
import { bytesIn, type Dialect, numberIn, type SqlQuery, type SqlRow, type SqlValue, textBytes, textIn } from './dialect.js';
import { RUN_COLUMNS, readRow, readRun, rowValues, sealedSummary } from './run-row-columns.js';
import { JOURNAL_VERSION, refuseOther } from './schema.js';

type From<Name extends StoreOperation> = StoreOperations[Name]['from'];
type To<Name extends StoreOperation> = Promise<StoreOperations[Name]['to']>;
type OperationsOfTransaction = { [Name in StoreOperation]: (from: From<Name>) => To<Name> };

/** How many groups are looked at in one page, and how many bytes are read. */
const PAGE_GROUPS = 256;
const PAGE_BYTES = 1 << 20;
/** How many groups of a forgotten run are deleted in one transaction. */
const SWEEP_GROUPS = 100;
/** How many runs a renewal asks for at a time. */
const ASKED_AT_ONCE = 500;
/** How long ended sessions are kept, for people who look for what happened, ms. */
const SESSION_KEPT_MS = 86_400_000;

/** The operations of one transaction, in SQL. Each is called within a transaction of its own. */
export class SqlOperations implements OperationsOfTransaction {
  readonly #query: SqlQuery;
  readonly #dialect: Dialect;

  constructor(query: SqlQuery, dialect: Dialect) {
    this.#query = query;
    this.#dialect = dialect;
  }

  /** Performs the one operation of the transaction. */
  perform<Name extends StoreOperation>(name: Name, from: From<Name>): To<Name> {
    return (this as OperationsOfTransaction)[name](from);
  }

  async openRun({ session, isOpenHere, ...request }: From<'openRun'>): To<'openRun'> {
    await refuseOther(this.#query, this.#dialect);
    const before = await this.#lockedRun(request.key, session);
    if (before?.isDamaged) return { type: 'damaged', stored: before };
    if ((before?.epoch ?? 0) !== request.knownEpoch) return { type: 'changed', ...(before ? { stored: before } : {}) };
    if (before && isDriven(before, session, isOpenHere)) return { type: 'driven', stored: before };
    if (before && hasChanged(before, request.known)) return { type: 'changed', stored: before };
    const row = openedRow(request, session, before, await this.#nowMs());
    if (!(before ? await this.#updateRow(row) : await this.#insertRow(row))) {
      const stored = await this.#run(request.key);
      return { type: 'changed', ...(stored ? { stored } : {}) };
    }
    for (const [sequence, bytes] of request.opening.entries()) await this.#insertGroup(row.runId, row.epoch, sequence, bytes);
    await this.#extend(session);
    return { type: 'opened', stored: (await this.#run(request.key))! };
  }

  async appendGroup({ runId, epoch, sequence, bytes, summary }: From<'appendGroup'>): To<'appendGroup'> {
    if (!(await this.#insertGroup(runId, epoch, sequence, bytes))) {
      const { prefix } = this.#dialect;
      const id = textBytes(runId);
      const [run] = await this.#query(`SELECT epoch FROM ${prefix}runs WHERE run_id = $1`, [id]);
      if (!run || numberIn(run, 'epoch') !== epoch) return 'taken-over';
      const place = 'WHERE run_id = $1 AND epoch = $2 AND sequence = $3';
      const [there] = await this.#query(`SELECT bytes FROM ${prefix}groups ${place}`, [id, epoch, sequence]);
      if (!there || !isSameBytes(bytesIn(there, 'bytes'), bytes)) return 'occupied';
    }
    if (summary) {
      const text = `UPDATE ${this.#dialect.prefix}runs SET summary = $3 WHERE run_id = $1 AND epoch = $2`;
      await this.#query(text, [textBytes(runId), epoch, sealedSummary(runId, summary)]);
    }
    return 'written';
  }

  async endRun({ runId, epoch, state, summary }: From<'endRun'>): To<'endRun'> {
    const { prefix, forUpdate } = this.#dialect;
    const [columns] = await this.#query(`SELECT * FROM ${prefix}runs WHERE run_id = $1 ${forUpdate}`, [textBytes(runId)]);
    if (!columns || numberIn(columns, 'epoch') !== epoch) return 'taken-over';
    const endedAtMs = state === 'interrupted' ? 0 : await this.#nowMs();
    await this.#updateRow({ ...readRow(columns).row, state, summary, endedAtMs });
    return 'ended';
  }

  async findRuns({ key, runId, dagId, states, limit }: From<'findRuns'>): To<'findRuns'> {
    const values: SqlValue[] = [];
    const parameter = (value: SqlValue): string => `$${values.push(value)}`;
    const where = [
      ...(key === undefined ? [] : [`r.key = ${parameter(textBytes(key))}`]),
      ...(runId === undefined ? [] : [`r.run_id = ${parameter(textBytes(runId))}`]),
      ...(dagId === undefined ? [] : [`r.dag_id = ${parameter(textBytes(dagId))}`]),
      ...(states === undefined ? [] : [`r.state IN (${states.map(parameter).join(', ')})`]),
    ];
    const tail = `${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY r.ordinal DESC`;
    const rows = await this.#query(this.#runs(`${tail}${limit === undefined ? '' : ` LIMIT ${Math.trunc(limit)}`}`), values);
    return rows.map((row) => readRun(row, this.#dialect.hasLiveSessions));
  }

  async readGroups({ runId, after }: From<'readGroups'>): To<'readGroups'> {
    const { prefix } = this.#dialect;
    const order = 'ORDER BY epoch, sequence';
    const isAfter = 'run_id = $1 AND (epoch > $2 OR (epoch = $2 AND sequence > $3))';
    const from = [textBytes(runId), after.epoch, after.sequence];
    const sizes = await this.#query(
      `SELECT epoch, sequence, size_bytes FROM ${prefix}groups WHERE ${isAfter} ${order} LIMIT ${PAGE_GROUPS}`,
      from,
    );
    let count = 0;
    for (let size = 0; count < sizes.length && size < PAGE_BYTES; count += 1) size += numberIn(sizes[count]!, 'size_bytes');
    if (count === 0) return [];
    const groups = `SELECT epoch, sequence, size_bytes, checksum, bytes FROM ${prefix}groups`;
    const rows = await this.#query(`${groups} WHERE ${isAfter} ${order} LIMIT ${count}`, from);
    return rows.map((row) => ({
      epoch: numberIn(row, 'epoch'),
      sequence: numberIn(row, 'sequence'),
      sizeBytes: numberIn(row, 'size_bytes'),
      checksum: bytesIn(row, 'checksum'),
      bytes: bytesIn(row, 'bytes'),
    }));
  }

  async forgetRun({ key, session, openHere }: From<'forgetRun'>): To<'forgetRun'> {
    const { prefix } = this.#dialect;
    const stored = await this.#lockedRun(key, session);
    if (!stored) return { type: 'unknown' };
    if (!stored.isDamaged && isDriven(stored, session, openHere.includes(stored.runId))) return { type: 'driven', stored };
    const [row] = await this.#query(`DELETE FROM ${prefix}runs WHERE key = $1 RETURNING run_id`, [textBytes(key)]);
    if (row) await this.#query(`INSERT INTO ${prefix}forgotten (run_id) VALUES ($1) ON CONFLICT DO NOTHING`, [bytesIn(row, 'run_id')]);
    return { type: 'forgotten', stored };
  }

  async sweep(): To<'sweep'> {
    const { prefix, skipLocked, nowMs } = this.#dialect;
    const [row] = await this.#query(`SELECT run_id FROM ${prefix}forgotten LIMIT 1 ${skipLocked}`);
    if (!row) {
      await this.#query(`DELETE FROM ${prefix}sessions WHERE ends_at_ms < ${nowMs} - ${SESSION_KEPT_MS}`);
      return false;
    }
    const id = bytesIn(row, 'run_id');
    const some = `SELECT epoch, sequence FROM ${prefix}groups WHERE run_id = $1 LIMIT ${SWEEP_GROUPS}`;
    const deleted = await this.#query(`DELETE FROM ${prefix}groups WHERE run_id = $1 AND (epoch, sequence) IN (${some}) RETURNING epoch`, [
      id,
    ]);
    if (deleted.length < SWEEP_GROUPS) await this.#query(`DELETE FROM ${prefix}forgotten WHERE run_id = $1`, [id]);
    return true;
  }

  async renewSession({ session, open }: From<'renewSession'>): To<'renewSession'> {
    await refuseOther(this.#query, this.#dialect);
    // The session's row comes first. A transaction that takes a run over locks it too, so either this one sees the new epoch, or that one
    // the new end.
    await this.#extend(session);
    const { prefix } = this.#dialect;
    const isMine = new Set<string>();
    for (let at = 0; at < open.length; at += ASKED_AT_ONCE) {
      const some = open.slice(at, at + ASKED_AT_ONCE);
      const list = some.map((_, index) => `$${index + 1}`).join(', ');
      const ids = some.map(({ runId }) => textBytes(runId));
      const rows = await this.#query(`SELECT run_id, epoch FROM ${prefix}runs WHERE run_id IN (${list})`, ids);
      for (const row of rows) isMine.add(`${numberIn(row, 'epoch')} ${textIn(row, 'run_id')}`);
    }
    return open.filter(({ runId, epoch }) => !isMine.has(`${epoch} ${runId}`)).map(({ runId }) => runId);
  }

  async endSession({ session }: From<'endSession'>): To<'endSession'> {
    await this.#query(`DELETE FROM ${this.#dialect.prefix}sessions WHERE id = $1`, [session.id]);
    return undefined;
  }

  /** The run of a key, with its row and the sessions of its driver and of this node locked until the transaction ends. */
  async #lockedRun(key: string, session: Session): Promise<StoredRun | undefined> {
    const { prefix, forUpdate } = this.#dialect;
    const [row] = await this.#query(`SELECT session FROM ${prefix}runs WHERE key = $1 ${forUpdate}`, [textBytes(key)]);
    if (!row) return undefined;
    // All sessions lock in one order. Otherwise two drivers that take over each other's runs would wait for each other.
    const both = [`${row.session}`, session.id];
    await this.#query(`SELECT id FROM ${prefix}sessions WHERE id IN ($1, $2) ORDER BY id ${forUpdate}`, both);
    return this.#run(key);
  }

  async #run(key: string): Promise<StoredRun | undefined> {
    const [row] = await this.#query(this.#runs('WHERE r.key = $1'), [textBytes(key)]);
    return row && readRun(row, this.#dialect.hasLiveSessions);
  }

  #runs(tail: string): string {
    const { prefix, nowMs } = this.#dialect;
    const lastGroup = `SELECT max(g.sequence) FROM ${prefix}groups g WHERE g.run_id = r.run_id AND g.epoch = r.epoch`;
    return `SELECT r.*, s.id AS live, s.ends_at_ms, ${nowMs} AS now_ms, (${lastGroup}) AS last_group
      FROM ${prefix}runs r LEFT JOIN ${prefix}sessions s ON s.id = r.session ${tail}`;
  }

  async #insertRow(row: RunRow): Promise<boolean> {
    const parameters = RUN_COLUMNS.map((_, at) => `$${at + 1}`).join(', ');
    const text = `INSERT INTO ${this.#dialect.prefix}runs (${RUN_COLUMNS.join(', ')}) VALUES (${parameters})`;
    return (await this.#query(`${text} ON CONFLICT (key) DO NOTHING RETURNING epoch`, rowValues(row))).length > 0;
  }

  async #updateRow(row: RunRow): Promise<boolean> {
    const assignments = RUN_COLUMNS.map((column, at) => `${column} = $${at + 1}`).join(', ');
    const text = `UPDATE ${this.#dialect.prefix}runs SET ${assignments} WHERE run_id = $1 RETURNING epoch`;
    return (await this.#query(text, rowValues(row))).length > 0;
  }

  /** Inserts a group in one statement, conditional on the epoch. Returns false if the epoch differs, or the position is taken. */
  async #insertGroup(runId: string, epoch: number, sequence: number, bytes: Uint8Array): Promise<boolean> {
    const { prefix, forShare, typed, integer, bytes: blob } = this.#dialect;
    const given = [typed('$3', integer), typed('$4', integer), typed('$5', blob), typed('$6', blob)].join(', ');
    const rows: readonly SqlRow[] = await this.#query(
      `INSERT INTO ${prefix}groups (run_id, epoch, sequence, size_bytes, checksum, bytes)
        SELECT r.run_id, r.epoch, ${given} FROM ${prefix}runs r WHERE r.run_id = $1 AND r.epoch = $2 ${forShare}
        ON CONFLICT DO NOTHING RETURNING sequence`,
      [textBytes(runId), epoch, sequence, bytes.length, groupChecksum(runId, epoch, sequence, bytes), bytes],
    );
    return rows.length > 0;
  }

  async #extend({ id, node, leaseMs }: Session): Promise<void> {
    const { prefix, nowMs, integer, typed } = this.#dialect;
    const values = [id, textBytes(node), JOURNAL_VERSION, ...(Number.isFinite(leaseMs) ? [Math.ceil(leaseMs)] : [])];
    const end = Number.isFinite(leaseMs) ? `${nowMs} + ${typed('$4', integer)}` : 'NULL';
    const text = `INSERT INTO ${prefix}sessions (id, node, version, ends_at_ms) VALUES ($1, $2, $3, ${end})`;
    await this.#query(`${text} ON CONFLICT (id) DO UPDATE SET ends_at_ms = excluded.ends_at_ms`, values);
  }

  async #nowMs(): Promise<number> {
    const [row] = await this.#query(`SELECT ${this.#dialect.nowMs} AS now_ms`);
    return numberIn(row as SqlRow, 'now_ms');
  }
}
