import { HandoffError } from '../../base/index.js';
import type { ChildInfo, ChildRef, ChildSpec, ExitReason, Parent, Supervisor, SupervisorOptions } from '../contract.js';
import { cellOf, printed } from '../tree/cell.js';
import { Handle } from '../tree/handle.js';
import { checkedSpec, checkedSupervisorOptions, type OwnLimit } from './child-spec.js';
import type { SupervisorCall } from './supervisor-calls.js';
import { type GaveUp, SupervisorCell } from './supervisor-cell.js';

/** All methods except the mark, which is for the compiler only. */
type PublicMethods = Pick<
  Supervisor,
  'exited' | 'startChild' | 'terminateChild' | 'restartChild' | 'deleteChild' | 'whichChildren' | 'countChildren' | 'stop'
>;

/** The handle that users have of a supervisor. */
class SupervisorHandle extends Handle implements PublicMethods {
  readonly #place: SupervisorCell;

  constructor(place: SupervisorCell) {
    super(place);
    this.#place = place;
  }

  get exited(): Promise<ExitReason> {
    return this.#place.exited;
  }

  async startChild<R extends ChildRef>(spec: ChildSpec<R>): Promise<R | undefined> {
    // A supervisor that has ended reports that first, whatever is wrong with the specification.
    if (!this.#place.takesOrders) return this.#request({ type: 'start-child', spec: spec as never });
    return this.#request({ type: 'start-child', spec: checkedSpec(spec, this.#place.options.autoShutdown) });
  }

  async terminateChild(id: string): Promise<void> {
    await this.#request({ type: 'terminate-child', id });
  }

  async restartChild(id: string): Promise<ChildRef | undefined> {
    return this.#request({ type: 'restart-child', id });
  }

  async deleteChild(id: string): Promise<void> {
    await this.#request({ type: 'delete-child', id });
  }

  async whichChildren(): Promise<readonly ChildInfo[]> {
    return this.#request({ type: 'which-children' });
  }

  async countChildren(): Promise<{
    readonly specs: number;
    readonly active: number;
    readonly supervisors: number;
    readonly workers: number;
  }> {
    return this.#request({ type: 'count-children' });
  }

  async stop(): Promise<void> {
    this.#place.stop('shutdown');
    await this.#place.exited;
  }

  #request<T>(order: SupervisorCall): Promise<T> {
    return this.#place.request(order) as Promise<T>;
  }
}

/**
 * Starts a supervisor and its initial children in order, each when the one before has started. If one fails to start, those before it are
 * stopped in reverse order.
 *
 * Before anything is started it rejects with `TypeError` or `RangeError` for wrong options, with `HANDOFF_CHILD` (`'invalid-spec'`,
 * `field`, `value`) for a wrong child, and with `HANDOFF_STOPPED` if the parent has ended.
 *
 * A supervisor that restarts more than `maxRestarts` times within `withinMs` ends its children and itself with `'shutdown'`.
 * @throws `HANDOFF_START_FAILED` (`childId`, `cause`) if a child fails, or if the name is taken under the same parent.
 */
export async function startSupervisor(parent: Parent, options: SupervisorOptions): Promise<Supervisor> {
  const above = cellOf('parent', parent);
  const { children, ...checked } = checkedSupervisorOptions(options);
  const place = new SupervisorCell(above.system, above, checked, (it) => new SupervisorHandle(it) as unknown as Parent);
  await place.begin(children);
  return place.handle as Supervisor;
}

/** Like `startChild`, for a child with its own restart limit: see `OwnLimit`. */
export function startLimitedChild<R extends ChildRef>(
  supervisor: Supervisor,
  spec: ChildSpec<R>,
  ownLimit: OwnLimit,
): Promise<R | undefined> {
  const place = supervisorPlace(supervisor);
  const checked = checkedSpec(spec, place.options.autoShutdown, ownLimit);
  return place.request({ type: 'start-child', spec: checked }) as Promise<R | undefined>;
}

/** Returns why a supervisor gave up, for its owner; `undefined` if it did not. To others it ended with `'shutdown'`, as in OTP. */
export function gaveUp(supervisor: Supervisor): GaveUp | undefined {
  return supervisorPlace(supervisor).gaveUp;
}

/** The actors supervised below a supervisor, for people to read. */
export interface SupervisionTree {
  /** The child's id; for the root the supervisor's name. */
  readonly name: string;
  readonly type: 'worker' | 'supervisor';
  /** How often the supervisor has restarted this child since the supervisor's own start. */
  readonly restarts: number;
  /** The children in start order; empty for a worker. */
  readonly children: readonly SupervisionTree[];
}

/**
 * Returns the tree below a supervisor, in start order. A child is named by its id.
 * @throws `HANDOFF_STOPPED` if the supervisor has ended.
 */
export async function supervisionTree(supervisor: Supervisor): Promise<SupervisionTree> {
  const place = supervisorPlace(supervisor);
  if (place.isOver) throw new HandoffError('HANDOFF_STOPPED', `Cannot show the tree below "${place.name}": it has ended`);
  return { name: place.name, type: 'supervisor', restarts: 0, children: childrenOf(place) };
}

function childrenOf(place: SupervisorCell): readonly SupervisionTree[] {
  return Array.from(place.children.values(), ({ id, type, restarts, incarnation }) => ({
    name: id,
    type,
    restarts,
    children: incarnation?.place instanceof SupervisorCell ? childrenOf(incarnation.place) : [],
  }));
}

function supervisorPlace(supervisor: Supervisor): SupervisorCell {
  const place = cellOf('supervisor', supervisor);
  if (!(place instanceof SupervisorCell)) throw new TypeError(`supervisor must be a Supervisor, not ${printed(supervisor)}`);
  return place;
}
