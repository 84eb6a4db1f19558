import type { Allocator } from '../../allocator/index.js';
import { withoutSlots } from '../../base/index.js';
import type { Executor } from '../../executor/index.js';
import type { RememberedShelf } from '../../journal/index.js';
import type { Membership } from '../../nodes/index.js';
import type { NodeMeasures } from '../../observe/index.js';
import type { LinkTraffic } from '../../peer/index.js';
import type { RunMeter, Runs } from '../../runner/index.js';
import type { ValueStore } from '../../store/index.js';

/** Returns what a node knows of itself in numbers. Looks at the attempts of its runs that nobody has looked at yet. */
export function nodeMeasures({
  meter,
  executor,
  runs,
  allocation,
  store,
  traffic,
  membership,
  memoryLimitBytes,
  filesBytes,
  shelf,
}: MeasuredParts): NodeMeasures {
  const functions = meter.measure();
  const { succeeded, failed, timedOut, cancelled } = executor.ended;
  const { capabilities, used } = allocation.ledger.report;
  const remembered = shelf?.stats ?? { entries: 0, bytes: 0, hits: 0 };
  const members = { up: 0, suspect: 0, leaving: 0 };
  for (const { status } of membership.members) members[status] += 1;
  return {
    functions,
    attempts: { succeeded, failed, 'timed-out': timedOut, cancelled, lost: meter.lost },
    phases: meter.phases,
    current: meter.current(),
    runs: { running: runs.size },
    capacity: withoutSlots(capabilities),
    used: withoutSlots(used),
    valueBytes: { memory: store.memoryBytes, disk: filesBytes(), remembered: remembered.bytes },
    valueLimitBytes: { memory: memoryLimitBytes() },
    remembered,
    transferredBytes: { sent: traffic.sentBytes, received: traffic.receivedBytes },
    members,
  };
}

/** The parts that are counted. */
interface MeasuredParts {
  readonly meter: RunMeter;
  readonly executor: Executor;
  readonly runs: Runs;
  readonly allocation: Allocator;
  readonly store: ValueStore;
  readonly traffic: LinkTraffic;
  readonly membership: Membership;
  /** Returns how many bytes of values stay in memory. */
  readonly memoryLimitBytes: () => number;
  /** Returns how many bytes of values are in files, but for those that are remembered. */
  readonly filesBytes: () => number;
  /** The results that are remembered; `undefined` without a `dataDir`. */
  readonly shelf: RememberedShelf | undefined;
}
