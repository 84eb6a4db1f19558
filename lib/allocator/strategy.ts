/** Amounts by resource name, e.g. `{ cpu: 8, memory: 16_000 }`; `memory` in MiB. */
export type Capabilities = Readonly<Record<string, number>>;

/** A node as a strategy sees it: exact for the driver's own node, an estimate for others. */
export interface NodeView {
  /** The node's name, which `place` returns. */
  readonly name: string;
  /** What the node has, exactly as registered. */
  readonly capabilities: Capabilities;
  /** What running functions hold there, of all drivers. */
  readonly used: Capabilities;
  /** Whether it is the driver's own node. */
  readonly isSelf: boolean;
  /** Whether its free resources hold the cost now. */
  readonly fits: boolean;
  /** How many bytes of the function's arguments are on other nodes, and not on their way to this one for another function. */
  readonly bytesToMove: number;
  /**
   * How many functions of its family were placed there. A family is connected by values that some function needs together. The more of a
   * family run on one node, the less data must move from there.
   */
  readonly kin: number;
}

/** One function that could run now, and the nodes that could ever hold it. */
export interface PlacementRequest {
  /** The DAG id of the run. */
  readonly dagId: string;
  /** The function to place. */
  readonly functionId: string;
  /** What the function holds while it runs. */
  readonly cost: Capabilities;
  /** The nodes that could ever hold it: the driver's own first, then by name. At least one. */
  readonly nodes: readonly NodeView[];
}

/**
 * Chooses the node of a function. It is asked when at least one node has room, and again whenever something changed. A throw, or a name
 * that is not among the shown ones, ends the run with `HANDOFF_ALLOCATION_FAILED`.
 */
export interface AllocationStrategy {
  /** The name of the strategy, for error messages. */
  readonly name: string;
  /**
   * Whether the strategy always takes a node with room if there is one, and never one without. If so, it is shown only nodes with room,
   * and is not asked if there is only one, which saves time. Otherwise it is shown all nodes that could ever hold the function, and is
   * always asked.
   * @default false
   */
  readonly takesAnyRoom?: boolean;
  /**
   * How long after `place` let a function wait it is asked again, at the latest, ms. It is asked sooner when anything changes.
   * @default 1000
   */
  readonly askAgainMs?: number;
  /** Returns the name of one of `request.nodes`, or `undefined` to wait. If that node has no room now, the function waits for it. */
  place(request: PlacementRequest): string | undefined;
}
