/** Amounts by resource name, e.g. `{ cpu: 8, memory: 16_000 }`; `memory` in MiB. */
export type Capabilities = Readonly<Record<string, number>>;

/** A node as a strategy sees it: the driver's picture of it, which is exact for its own node and a hint for others. */
export interface NodeView {
  /** The node's name, which `place` returns. */
  readonly name: string;
  /** What the node has, exactly as registered. */
  readonly capabilities: Capabilities;
  /** What running functions hold there, of all drivers. */
  readonly used: Capabilities;
  /** Whether it is the driver's own node. */
  readonly isSelf: boolean;
  /** Whether what it has free now holds the cost. */
  readonly fits: boolean;
  /** How many bytes of the function's arguments lie elsewhere, and are not on their way there for another function either. */
  readonly bytesToMove: number;
  /**
   * How many functions of its family were placed there: of those whose values something will need together with its own, of those whose
   * values are needed together with theirs, and so on. The more of them meet on a node, the less has to move from there.
   */
  readonly kin: number;
}

/** One function that could run now. `nodes` are those that could ever hold it: the driver's own first, then by name. */
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
 * Chooses the node of a function. Asked when at least one node has room; asked again whenever something changed.
 * `place` returns the name of one of `nodes`, or `undefined` to wait. A name whose node has no room now waits for it. A throw, or a name
 * that is not among them, ends the run with `HANDOFF_ALLOCATION_FAILED`.
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
  /** Returns the name of one of `request.nodes`, or `undefined` to wait. */
  place(request: PlacementRequest): string | undefined;
}
