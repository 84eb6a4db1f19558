import { doInTurns, newId, type StepwiseWork } from '../../../base/index.js';
import { type ConstantBytes, type DagRecord, modulesOf, type Plan, type PlanRecord, recordDag, recordPlan } from '../../../dag/index.js';
import { type ArgumentValue, moduleOnWire } from '../../../executor/index.js';
import { ConstantColumn, digestOf, StoredValue, unpack } from '../../../value/index.js';
import type { Constants } from '../../run/values/constants.js';

/** Records the plan of a request, with its constants and inputs as they were captured. An input on another node counts as a new one. */
export async function takePlan({ plan, constants, inputs }: PlanSource, { root, contentOf }: PlanTaking): Promise<PlanRecord> {
  const contents = new Map<string, string | undefined>();
  for (const module of await doInTurns(modulesOf(plan))) contents.set(module, await contentOf(module));
  const work = recordPlan(plan, {
    nameOf: (module) => moduleOnWire(module, root),
    contentOf: (module) => contents.get(module),
    constants: new TakenConstants(constants),
    inputDigest: (id) => {
      const value = inputs.get(id);
      if (!value) return undefined;
      return value instanceof StoredValue ? digestOf(value.open(true), { where: `inputs.${id}` }) : newId();
    },
    epoch: 1,
  });
  return doInTurns(work);
}

/** The column of constants, as they were when the run was requested. */
class TakenConstants implements ConstantBytes {
  readonly #column = new ConstantColumn();
  readonly #constants: Constants;

  constructor(constants: Constants) {
    this.#constants = constants;
  }

  get length(): number {
    return this.#column.length;
  }

  add(values: readonly unknown[]): StepwiseWork<undefined> | undefined {
    const isPlain = values.every((value) => typeof value !== 'object' || value === null);
    return this.#column.add(isPlain ? values : (this.#constants.held('', values).open(true) as readonly unknown[]));
  }

  toBytes(): Uint8Array {
    return this.#column.toBytes();
  }
}

/** What a DAG holds besides its plan, with its constants packed. */
export type PackedDag = Omit<DagRecord, 'values'> & { readonly values: readonly Uint8Array[] };

/** Records what the DAG of a request holds besides its plan. */
export async function takeDag({ plan, constants }: PlanSource): Promise<PackedDag> {
  const dag = await doInTurns(recordDag(plan));
  return { ...dag, values: dag.values.map((values) => constants.held('', values).pack('extraArgs')) };
}

/** Unpacks what `takeDag` made. */
export const unpackedDag = (dag: PackedDag): DagRecord => ({
  ...dag,
  values: dag.values.map((packed) => unpack(packed, { freeze: false }) as readonly unknown[]),
});

/** Returns the same plan, with the recorded digests of inputs that were not given again. */
export function withInputsOf(plan: PlanRecord, recorded: PlanRecord): PlanRecord {
  const known = new Map(recorded.inputs.map((id, at) => [id, recorded.inputDigests[at] ?? null]));
  return { ...plan, inputDigests: plan.inputs.map((id, at) => plan.inputDigests[at] ?? known.get(id) ?? null) };
}

/** The parts of a request that are recorded. */
export interface PlanSource {
  readonly plan: Plan;
  readonly constants: Constants;
  readonly inputs: ReadonlyMap<string, ArgumentValue>;
}

/** The parts of a node that recording a plan needs. */
export interface PlanTaking {
  /** The folder that modules are relative to. */
  readonly root: string;
  /** The digest of a module; `undefined` if this node does not have it. */
  contentOf(module: string): Promise<string | undefined>;
}
