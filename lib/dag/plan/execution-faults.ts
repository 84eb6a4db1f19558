import type { DagFault } from '../../base/index.js';
import { CLOSURES } from '../graph/closures.js';
import type { Plan } from './plan.js';

/**
 * Lists the faults of a valid DAG in this execution: inputs that a function needs and that have no value (`functionId` is the input's id),
 * and functions that only the driver can run but another node should. Pure.
 */
export function executionFaults(plan: Plan, facts: ExecutionFacts): DagFault[] {
  const faults: DagFault[] = [];
  for (const [k, id] of plan.inputs.entries()) {
    if (plan.inputUsed[k] === 0 || facts.hasInput(id)) continue;
    faults.push({
      kind: 'missing-input',
      functionId: id,
      message: `Cannot start: input ${JSON.stringify(id)} has no value, neither in inputs nor stored`,
    });
  }
  if (facts.local) return faults;
  for (const [index, pin] of plan.pin.entries()) {
    if (pin === undefined || pin === facts.driver) continue;
    const functionId = plan.ids[index]!;
    const where = `it is to run on ${JSON.stringify(pin)}`;
    if (plan.closure[index] !== 0) {
      const reason = CLOSURES[plan.closure[index]!]!;
      const driver = JSON.stringify(facts.driver);
      const why = `${reason} is a plain function, which only the driver ${driver} has, but ${where}`;
      const message = `Cannot place function ${JSON.stringify(functionId)}: ${why}`;
      faults.push({ kind: 'closure-on-remote-node', functionId, message });
    }
  }
  return faults;
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
