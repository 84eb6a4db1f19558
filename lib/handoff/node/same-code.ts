import { type ModuleClaim, moduleOnWire, type RanCode, SharedLooks } from '../../executor/index.js';
import type { ClusterQuestions } from '../cluster/cluster-questions.js';

/**
 * Whether what a node has run of some modules until now was the content that this node has. Asked of each node once at a time, however many
 * results wait for the answer. A node that does not answer, or has not the module, has not run it.
 */
export class SameCode {
  readonly #deps: SameCodeDeps;
  readonly #looks = new SharedLooks<boolean>();

  constructor(deps: SameCodeDeps) {
    this.#deps = deps;
  }

  /** Never rejects. */
  async isOn(node: string, modules: readonly string[]): Promise<boolean> {
    if (modules.length === 0) return true;
    return this.#looks.look(JSON.stringify([node, ...modules]), () => this.#look(node, modules));
  }

  async #look(node: string, modules: readonly string[]): Promise<boolean> {
    const { ranCode, root, cluster } = this.#deps;
    try {
      const digestOf = async (module: string): Promise<string> => (await ranCode.contents.contentOf(module)).digest;
      const claims = await Promise.all(modules.map(async (module): Promise<ModuleClaim> => ({ module, digest: await digestOf(module) })));
      if (node === this.#deps.node) return await ranCode.isStill(claims);
      const named = claims.map(({ module, digest }) => ({ module: moduleOnWire(module, root), digest }));
      return (await cluster().ask<unknown>(node, { kind: 'check-content', modules: named })) === true;
    } catch {
      return false;
    }
  }
}

interface SameCodeDeps {
  readonly node: string;
  /** The folder that modules are relative to. */
  readonly root: string;
  readonly ranCode: RanCode;
  /** It is made later. */
  readonly cluster: () => Pick<ClusterQuestions, 'ask'>;
}
