import { atOnce, type DagFault, type RestOfWork, resultInSteps } from '../../base/index.js';
import { CLOSURES } from '../graph/closures.js';
import type { Plan } from './plan.js';

/**
 * Lists the faults of a valid DAG in this execution: inputs that a function needs and that have no value (`functionId` is the input's id),
 * and functions that only the driver can run but another node should. In steps; pure.
 */
export function executionFaults(plan: Plan, facts: ExecutionFacts): RestOfWork<DagFault[]> {
  const faults: DagFault[] = [];
  for (const [k, id] of plan.inputs.entries()) {
    if (plan.inputUsed[k] === 0 || facts.hasInput(id)) continue;
    faults.push({
      kind: 'missing-input',
      functionId: id,
      message: `Cannot start: input ${JSON.stringify(id)} has no value, neither in inputs nor stored`,
    });
  }
  if (facts.local) return atOnce(faults);
  const look = (from: number, to: number): void => {
    for (let index = from; index < to; index++) {
      const pin = plan.pin[index];
      if (pin !== undefined && pin !== facts.driver && plan.closure[index] !== 0) faults.push(closureElsewhere(plan, index, pin, facts));
    }
  };
  return resultInSteps(plan.size, look, () => faults);
}

function closureElsewhere(plan: Plan, index: number, pin: string, facts: ExecutionFacts): DagFault {
  const functionId = plan.ids[index]!;
  const reason = CLOSURES[plan.closure[index]!]!;
  const driver = JSON.stringify(facts.driver);
  const why = `${reason} is a plain function, which only the driver ${driver} has, but it is to run on ${JSON.stringify(pin)}`;
  const message = `Cannot place function ${JSON.stringify(functionId)}: ${why}`;
  return { kind: 'closure-on-remote-node', functionId, message };
}

/** The facts that an execution adds to a DAG. */
export interface ExecutionFacts {
  /** The name of the driver's node. */
  readonly driver: string;
  /** Whether an input has a value, given with the execution or stored before. */
  readonly hasInput: (id: string) => boolean;
  /** Whether every function runs on the driver, whatever its `node` says. */
  readonly local: boolean;
}
