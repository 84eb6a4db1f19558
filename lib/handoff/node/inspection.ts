import type { Capabilities } from '../../allocator/index.js';
import type { NodeParts } from './node-parts.js';

/** What a node holds and runs, counted at one moment within a turn. Once its runs are over, all of it should be nothing. */
export interface NodeInspection {
  readonly capabilities: Capabilities;
  /** The resources used by running functions, according to the ledger. */
  readonly used: Capabilities;
  /** Whether nothing is claimed: no resource, no slot. */
  readonly isFree: boolean;
  /** How many slots are claimed, of all isolations. */
  readonly slotsUsed: number;
  /** The number of attempts in progress in this node's executor. */
  readonly running: number;
  /** The numbers of runs that it drives, of other nodes' runs with attempts here, and of its runs' attempts elsewhere. */
  readonly runs: number;
  readonly guestRuns: number;
  readonly farAttempts: number;
  /** The numbers of unanswered questions, fetches in progress, and offered values. */
  readonly requests: number;
  readonly fetches: number;
  readonly offers: number;
  readonly heldBytes: number;
  /** The peers that it has a link with. */
  readonly links: readonly string[];
}

/** Reads the state of a node from its parts, for its status and for specs. Changes nothing. */
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
    slotsUsed: ledger.slotsUsed,
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
