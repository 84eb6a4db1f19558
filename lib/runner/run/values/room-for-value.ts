import type { HandoffError } from '../../../base/index.js';
import { storageFailed } from '../../../files/index.js';
import { isKept } from '../../brain/fragile-values.js';
import type { RunState } from '../../brain/run-state.js';

const MIB = 2 ** 20;

/** Returns how many bytes of values nobody needs any more once this function has succeeded. `sizeOf` returns the size of a value. */
export function releasedBytes(state: RunState, index: number, sizeOf: (producer: number) => number): number {
  const { plan, consumersLeft, policy } = state;
  let bytes = 0;
  for (let at = plan.producersStart[index]!; at < plan.producersStart[index + 1]!; at += 1) {
    const producer = plan.producers[at]!;
    const isLast = consumersLeft[producer] === 1 && policy.collected[producer] === 0 && !isKept(state, producer);
    if (isLast) bytes += sizeOf(producer);
  }
  return bytes;
}

/** Returns the failure of an attempt whose value has no room on the node that made it. */
export function noRoomFor(sizeBytes: number, { functionId, node, ...run }: MadeBy): HandoffError {
  const size = `${Math.ceil(sizeBytes / MIB)} MiB`;
  const where = `they fit neither into the memory for values of node "${node}" nor on its disk`;
  const message = `Cannot keep the ${size} that function "${functionId}" has made: ${where}`;
  return storageFailed('full', message, { ...run, functionId, node });
}

/** The function, its run, and the node of the attempt. */
interface MadeBy {
  readonly dagId: string;
  readonly runId: string;
  readonly functionId: string;
  readonly node: string;
}
