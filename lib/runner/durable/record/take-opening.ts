import type { PlanRecord } from '../../../dag/index.js';
import { StoredValue } from '../../../value/index.js';
import { recordedOptions } from '../../runs/run-options.js';
import type { RunRequest } from '../../runs/run-request.js';
import type { RunHistory } from './record-reader.js';
import type { Opening } from './records.js';
import type { Recalled } from './run-record.js';
import { takeDag } from './take-plan.js';

/** Returns what is recorded of a run when it is opened: what is new or differs from the opening before. */
export async function takeOpening(
  request: RunRequest,
  record: RunHistory | undefined,
  again: Recalled | undefined,
  plan: PlanRecord,
): Promise<Opening> {
  const { mode, options, inputs } = request;
  const packed = [...inputs].flatMap(([id, value]): [string, Uint8Array][] =>
    value instanceof StoredValue ? [[id, value.pack(`inputs.${id}`)]] : [],
  );
  return {
    dagId: request.plan.dagId,
    mode,
    ...(again?.isSame ? {} : { planned: { plan: again?.plan ?? plan, dag: await takeDag(request) } }),
    inputs: packed,
    options: { ...record?.opening.options, ...recordedOptions(request.given), durability: options.durability },
    reasons: again?.recollection.reasons ?? [],
  };
}
