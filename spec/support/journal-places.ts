import { type Journal, type JournalName, type JournalOptions, journals, MemoryDatabase } from '../../lib/journal/index.js';
import { testClock } from './test-clock.js';

/** Where journals of one variant are opened: what survives them, and ways to harm it. */
export interface JournalPlace {
  /** Whether several journals may be open at once. */
  readonly isShared: boolean;
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

function memoryPlace(): JournalPlace {
  const clock = testClock();
  const database = new MemoryDatabase(clock);
  const opened: Journal[] = [];
  const group = (key: string, sequence: number) => database.groupsOf(key).find((one) => one.sequence === sequence)!;
  return {
    isShared: true,
    async open(options = {}) {
      const journal = await journals.memory(database, { node: 'a', clock: testClock(), leaseMs: LEASE_MS, ...options });
      opened.push(journal);
      return journal;
    },
    endLease: async (node) => database.endLease(node),
    async flip(key, sequence) {
      const { bytes } = group(key, sequence);
      bytes[bytes.length >> 1]! ^= 1;
    },
    async tear(key, sequence) {
      const one = group(key, sequence);
      one.bytes = one.bytes.subarray(0, one.bytes.length >> 1);
    },
    async remove() {
      for (const journal of opened) await journal.close();
    },
  };
}

/** Makes an empty place for each variant; `undefined` where this machine does not have what the variant needs. */
export const journalPlaces: Readonly<Record<JournalName, () => Promise<JournalPlace | undefined>>> = {
  memory: async () => memoryPlace(),
};
