import { inspectNode } from '../../handoff/index.js';
import type { TestCluster } from '../test-cluster.js';

/** Sums of fractions on the wire are floats; the ledger's own are exact. */
const SLACK = 1e-9;

/** Checks what must be true of a cluster at any moment, whatever happens to it. */
export class ClusterOracle {
  readonly #cluster: TestCluster;

  constructor(cluster: TestCluster) {
    this.#cluster = cluster;
  }

  /** Throws if a node still holds something although no run is driven. Values kept for `getResult` are allowed. */
  atRest(): void {
    const living = this.#cluster.living.map((name) => [name, this.#cluster.node(name)[inspectNode]()] as const);
    if (living.some(([, { runs }]) => runs > 0)) return;
    for (const [name, { isFree, running, guestRuns, farAttempts, requests, fetches, offers }] of living) {
      const left = { claims: Number(!isFree), running, guestRuns, farAttempts, requests, fetches, offers };
      const found = Object.entries(left).filter(([, count]) => count > 0);
      if (found.length > 0)
        throw new Error(`Node "${name}" has something left over: ${found.map(([what, count]) => `${count} ${what}`).join(', ')}`);
    }
  }

  /** Throws if a node uses more than it has. */
  look(): void {
    for (const name of this.#cluster.names) {
      const { used, capabilities } = this.#cluster.node(name)[inspectNode]();
      for (const [resource, amount] of Object.entries(used)) {
        const capability = capabilities[resource] ?? 0;
        if (amount > capability + SLACK) throw new Error(`Node "${name}" uses ${amount} ${resource}, and has ${capability}`);
      }
    }
  }
}
