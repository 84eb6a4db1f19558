import type { RemoteValue } from '../../executor/index.js';
import type { LimitedWork } from '../../files/index.js';
import type { RememberedFile, RememberedShelf, SingleFlight } from '../../journal/index.js';

/** What remembers the results of a node's functions. One for each node with a `dataDir`. */
export interface RememberedPlace {
  readonly shelf: RememberedShelf;
  /** Lets one function make what several want. Shared by all runs of the node. */
  readonly flights: SingleFlight;
  /** What is being remembered, and has not been written yet. */
  readonly underWay: Set<Promise<unknown>>;
  /** Writes large values, few at a time: what waits here is kept by the store, and can be on its disk. */
  readonly writing: LimitedWork;
  /** Checks the files of hits, few at a time. */
  readonly checking: LimitedWork;
  /** Returns the digest of the content of a module and of what it imports. Rejects if this node does not have it. */
  contentOf(module: string): Promise<string>;
  /** Whether a node that has run these modules has the content that keys were made of, and it has not changed meanwhile. */
  isSameCode(modules: readonly string[], node: string): Promise<boolean>;
  /** Asks the node that has a value for its digest. Never rejects. */
  digestElsewhere(value: RemoteValue): Promise<string | undefined>;
  /** Returns a member that has the file of a large value of another folder; `undefined` if none is there that has it. */
  holderOf(file: RememberedFile): Promise<string | undefined>;
  /** Has another node write a large value that it has made. Resolves to its file; `undefined` if it is not remembered. Never rejects. */
  writeAt(node: string, of: ValueOfRun): Promise<RememberedFile | undefined>;
}

/** Names the value of a function in a run. */
export interface ValueOfRun {
  readonly runId: string;
  readonly epoch: number;
  readonly functionId: string;
}
