import type { Allocator, ClaimClass } from '../../../allocator/index.js';
import type { HandoffError } from '../../../base/index.js';

/** Finds the functions of a run that no node can run any more, because their modules differ on the nodes that have the resources. */
export class CodeRefusals {
  readonly #run: RefusableRun;
  readonly #allocation: Allocator;

  constructor(run: RefusableRun, allocation: Allocator) {
    this.#run = run;
    this.#allocation = allocation;
  }

  /** A node has a different module. Functions that only this node could run would wait for ever. */
  differs(kind: ClaimClass, node: string, module: string): void {
    const allocation = this.#allocation;
    const { runId, order } = this.#run;
    const { kinds } = order;
    allocation.codeDiffers(kind, node, module);
    for (let index = 0; index < kinds.length; index += 1) {
      const isConcerned = kinds[index] === kind || (kind.group !== undefined && kinds[index]!.group === kind.group);
      const error = isConcerned && this.#run.isReady(index) ? this.of(index) : undefined;
      if (!error) continue;
      allocation.withdraw(runId, index, kinds[index]!);
      return this.#run.refused(index, error);
    }
    return allocation.pump();
  }

  /** Returns why no node can run the function; `undefined` if one can, or could if it came back. */
  of(index: number): HandoffError | undefined {
    const allocation = this.#allocation;
    const { kinds, plan } = this.#run.order;
    const kind = kinds[index]!;
    const differs = kind.group ? kind.group.claims.some((claim) => claim.differs?.size) : kind.differs?.size;
    return differs && allocation.goneNodeFor(kind) === undefined ? allocation.impossible(kind, plan.ids[index]!) : undefined;
  }
}

/** The part of a run that refusing needs. */
export interface RefusableRun {
  readonly runId: string;
  readonly order: { readonly plan: { readonly ids: readonly string[] }; readonly kinds: readonly ClaimClass[] };
  isReady(index: number): boolean;
  /** No node can run the function. */
  refused(index: number, error: HandoffError): void;
}
