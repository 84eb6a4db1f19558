import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDir, type Journal, type JournalName, type JournalOptions, journals, MemoryDatabase } from '../../lib/journal/index.js';
import { bytesIn } from '../../lib/journal/sql/dialect.js';
import { openSqlite } from '../../lib/journal/sqlite/sqlite-connection.js';
import { type PostgresServer, postgresServer } from './postgres-server.js';
import { testClock } from './test-clock.js';

/** Where journals of one variant are opened: what survives them, and ways to harm it. */
export interface JournalPlace {
  /** The clock of the drivers stands still unless one is given. */
  open(options?: Partial<JournalOptions>): Promise<Journal>;
  /** Ends the lease of a node that is silent, as time would. */
  endLease(node: string): Promise<void>;
  /** Flips a bit in the middle of a group. */
  flip(key: string, sequence: number): Promise<void>;
  /** Cuts a group short. */
  tear(key: string, sequence: number): Promise<void>;
  /** Closes what is still open, and deletes everything. */
  remove(): Promise<void>;
}

/** A lease of so many milliseconds, unless a spec says otherwise. */
export const LEASE_MS = 10_000;

function flipped(bytes: Uint8Array): Uint8Array {
  bytes[bytes.length >> 1]! ^= 1;
  return bytes;
}
const torn = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length >> 1);

function memoryPlace(): JournalPlace {
  const clock = testClock();
  const database = new MemoryDatabase(clock);
  const opened: Journal[] = [];
  const group = (key: string, sequence: number) => database.groupsOf(key).find((one) => one.sequence === sequence)!;
  return {
    async open(options = {}) {
      const journal = await journals.memory(database, { node: 'a', clock: testClock(), leaseMs: LEASE_MS, ...options });
      opened.push(journal);
      return journal;
    },
    endLease: async (node) => database.endLease(node),
    async flip(key, sequence) {
      flipped(group(key, sequence).bytes);
    },
    async tear(key, sequence) {
      const one = group(key, sequence);
      one.bytes = torn(one.bytes);
    },
    async remove() {
      for (const journal of opened) await journal.close();
    },
  };
}

/** A folder of its own for each journal that writes; those that only read open the same. */
async function sqlitePlace(): Promise<JournalPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'handoff-journal-'));
  const opened: Journal[] = [];
  const withGroup = async (key: string, sequence: number, harm: (bytes: Uint8Array) => Uint8Array): Promise<void> => {
    const connection = await openSqlite(join(folder, 'journal.db'));
    const where = 'WHERE sequence = $2 AND run_id = (SELECT run_id FROM runs WHERE key = $1)';
    const place = [new TextEncoder().encode(key), sequence];
    const [row] = connection.query(`SELECT bytes FROM groups ${where}`, place);
    connection.query(`UPDATE groups SET bytes = $3 ${where}`, [...place, harm(bytesIn(row!, 'bytes').slice())]);
    connection.close();
  };
  return {
    async open({ node = 'a', clock = testClock(), isReadOnly = false } = {}) {
      const dataDir = await DataDir.open(folder, { isReadOnly });
      const journal = await journals.sqlite(dataDir, { node, clock });
      const close = journal.close.bind(journal);
      journal.close = async () => {
        await close();
        dataDir.close();
      };
      opened.push(journal);
      return journal;
    },
    endLease: async () => {},
    flip: (key, sequence) => withGroup(key, sequence, flipped),
    tear: (key, sequence) => withGroup(key, sequence, torn),
    async remove() {
      for (const journal of opened) await journal.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** A schema of its own in one server. */
async function postgresPlace(server: PostgresServer): Promise<JournalPlace> {
  const schema = `s${randomBytes(8).toString('hex')}`;
  const opened: Journal[] = [];
  const withGroup = async (key: string, sequence: number, harm: (bytes: Uint8Array) => Uint8Array): Promise<void> => {
    const where = `WHERE sequence = $2 AND run_id = (SELECT run_id FROM "${schema}".runs WHERE key = $1)`;
    const place = [Buffer.from(key), sequence];
    const [row] = await server.query(`SELECT bytes FROM "${schema}".groups ${where}`, place);
    const harmed = Buffer.from(harm(Uint8Array.from(row!.bytes as Buffer)));
    await server.query(`UPDATE "${schema}".groups SET bytes = $3 ${where}`, [...place, harmed]);
  };
  return {
    async open(options = {}) {
      const journal = await journals.postgres(server.url(schema), { node: 'a', clock: testClock(), leaseMs: LEASE_MS, ...options });
      opened.push(journal);
      return journal;
    },
    async endLease(node) {
      await server.query(`UPDATE "${schema}".sessions SET ends_at_ms = 0 WHERE node = $1`, [Buffer.from(node)]);
    },
    flip: (key, sequence) => withGroup(key, sequence, flipped),
    tear: (key, sequence) => withGroup(key, sequence, torn),
    async remove() {
      for (const journal of opened) await journal.close();
      await server.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
    },
  };
}

/** Where the journals of a variant are opened. */
export interface JournalPlaces {
  /** Whether several journals may be open at one place at once. */
  readonly isShared: boolean;
  /** Before the first place is made; returns false where this machine does not have what the variant needs. */
  begin(): Promise<boolean>;
  /** Makes an empty place. */
  make(): Promise<JournalPlace>;
  /** After the last place is removed. */
  end(): Promise<void>;
}

const nothing = { begin: async () => true, end: async () => {} };
let server: PostgresServer | undefined;

/** One for each variant. */
export const journalPlaces: Readonly<Record<JournalName, JournalPlaces>> = {
  memory: { ...nothing, isShared: true, make: async () => memoryPlace() },
  sqlite: { ...nothing, isShared: false, make: sqlitePlace },
  postgres: {
    isShared: true,
    async begin() {
      server = await postgresServer();
      return server !== undefined;
    },
    make: () => postgresPlace(server!),
    end: async () => server?.remove(),
  },
};
