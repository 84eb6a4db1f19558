import type { Capabilities } from '../../allocator/index.js';
import type { NodeParts } from './node-parts.js';

/** What a node holds and has under way, counted at one moment within a turn: what should be nothing once its runs are over. */
export interface NodeInspection {
  readonly capabilities: Capabilities;
  /** By running functions, as the ledger has it. */
  readonly used: Capabilities;
  /** Whether nothing is claimed: no resource, no thread, no place on the loop. */
  readonly isFree: boolean;
  /** Threads and places on the loop that are claimed. */
  readonly slotsUsed: number;
  /** Attempts under way in this node's executor. */
  readonly running: number;
  /** Runs that it drives; runs of others that happen here too; attempts of its runs elsewhere. */
  readonly runs: number;
  readonly guestRuns: number;
  readonly farAttempts: number;
  /** Questions without an answer, fetches under way, values on offer. */
  readonly requests: number;
  readonly fetches: number;
  readonly offers: number;
  readonly heldBytes: number;
  /** The peers that it has a link with. */
  readonly links: readonly string[];
}

/** Reads the state of a node out of its parts, for its status and for specs. Changes nothing. */
export function inspect({
  allocation,
  executor,
  runs,
  guests,
  remote,
  requests,
  fetches,
  offers,
  store,
  peers,
}: NodeParts): NodeInspection {
  const { ledger } = allocation;
  return {
    capabilities: ledger.capabilities,
    used: ledger.used,
    isFree: ledger.isFree,
    slotsUsed: ledger.slots.thread.used + ledger.slots.loop.used,
    running: executor.running,
    runs: runs.size,
    guestRuns: guests.size,
    farAttempts: remote.size,
    requests: requests.size,
    fetches: fetches.size,
    offers: offers.size,
    heldBytes: store.heldBytes,
    links: peers.peers.map(({ name }) => name).sort(),
  };
}
