import type { Logger } from '../../../base/index.js';
import { type ModuleComparisons, moduleOnWire, type UngatheredStep } from '../../../executor/index.js';

interface Watched {
  readonly nodes: Set<string>;
  readonly differing: string[];
  open: number;
  isTold: boolean;
}

/** Warns once a run for each module that differs between the driver and the nodes that run it, naming the file and the nodes. */
export class CodeWatch {
  readonly #run: { readonly runId: string; readonly dagId: string };
  readonly #deps: CodeWatchDeps;
  readonly #byModule = new Map<string, Watched>();

  constructor(run: { readonly runId: string; readonly dagId: string }, deps: CodeWatchDeps) {
    this.#run = run;
    this.#deps = deps;
  }

  /** Records that these steps run on that node. */
  used(steps: readonly UngatheredStep[], node: string): void {
    for (const { code } of steps) if ('module' in code) this.#used(code.module, node);
  }

  #used(module: string, node: string): void {
    let watched = this.#byModule.get(module);
    if (!watched) {
      watched = { nodes: new Set(), differing: [], open: 0, isTold: false };
      this.#byModule.set(module, watched);
    }
    if (watched.isTold || watched.nodes.has(node)) return;
    watched.nodes.add(node);
    watched.open += 1;
    void this.#compare(moduleOnWire(module, this.#deps.root), node, watched);
  }

  async #compare(module: string, node: string, watched: Watched): Promise<void> {
    const { comparisons, logger } = this.#deps;
    if ((await comparisons.compare(module, node)) === false) watched.differing.push(node);
    watched.open -= 1;
    if (watched.open > 0 || watched.isTold || watched.differing.length === 0) return;
    watched.isTold = true;
    const { dagId, runId } = this.#run;
    const nodes = watched.differing.sort();
    logger.warn({ dagId, runId, module, nodes }, `module ${JSON.stringify(module)} differs between this node and ${nodes.join(', ')}`);
  }
}

/** The parts of the node that comparing code needs. */
export interface CodeWatchDeps {
  readonly comparisons: ModuleComparisons;
  readonly root: string;
  /** Whether no function is placed on a node whose module differs. */
  readonly refusesSkew: boolean;
  readonly logger: Logger;
}
