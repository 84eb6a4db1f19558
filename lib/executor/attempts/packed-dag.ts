import { HandoffError } from '../../base/index.js';
import { type DagLike, dagDataOf } from '../../dag/index.js';
import { type Packed, packSurveyed, StoredValue, type Survey } from '../../value/index.js';
import { moduleOnWire } from '../code/module-on-wire.js';

/**
 * Packs the DAG that a reference has returned, for the driver of its run: its functions, then each list of constants by itself. Modules
 * below `root` are named relative to it, as the driver may have another root. Throws
 * `TypeError` if it is no DAG, `HANDOFF_INVALID_DAG` for plain functions and wrong options, and `HANDOFF_NOT_SERIALIZABLE` for constants
 * that are no values, naming the function. None of these would be otherwise at another attempt.
 */
export function packedDag(dag: unknown, root: string): Packed {
  const { plain, constants } = dagDataOf(dag, (module) => moduleOnWire(module, root));
  const parts = plain.map((part) => StoredValue.packed(packSurveyed(part, SOUND, 'result', false)));
  try {
    for (const values of constants) parts.push(StoredValue.live(values, 0).asList());
    return StoredValue.ofParts(parts).pack('result');
  } catch (error) {
    refuseConstants(dag as DagLike);
    throw error;
  }
}

/** What a survey finds of plain data: looking at it would take as long as packing. */
const SOUND: Survey = {
  ...{ sizeBytes: 0, needsCare: false, freezesWhole: true },
  ...{ hasFields: false, hasHoles: false, isTree: true, isDense: true },
};

function refuseConstants(dag: DagLike): void {
  for (const { id, args, extraArgs } of dag.functions.values()) {
    const lists = [extraArgs, ...args.map((arg) => (typeof arg === 'string' ? [] : arg.extra))];
    for (const values of lists) {
      try {
        StoredValue.live(values, 0).asList().pack('extraArgs');
      } catch (error) {
        if (!HandoffError.is(error, 'HANDOFF_NOT_SERIALIZABLE')) throw error;
        throw new HandoffError(error.code, error.message, { functionId: id, path: error.path });
      }
    }
  }
}
