import type { Capabilities } from '../../allocator/index.js';
import type { NodeParts } from './node-parts.js';

/** What a node holds and runs: for the testing kit. */
export const inspectNode: unique symbol = Symbol('inspectNode');

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
  /** The numbers of this node's unanswered questions, of fetches in progress, and of offered values. */
  readonly requests: number;
  /** The number of other nodes' questions about runs that are not answered yet. */
  readonly watchers: number;
  readonly fetches: number;
  readonly offers: number;
  /** Bytes of the values here: of all, of those in memory, and on the disk for want of it. */
  readonly heldBytes: number;
  readonly memoryBytes: number;
  readonly spilledBytes: number;
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
  ofRuns,
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
    watchers: ofRuns.size,
    fetches: fetches.size,
    offers: offers.size,
    heldBytes: store.heldBytes,
    memoryBytes: store.memoryBytes,
    spilledBytes: store.spilledBytes,
    links: peers.peers.map(({ name }) => name).sort(),
  };
}
