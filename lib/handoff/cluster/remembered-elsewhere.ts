import type { RememberedFile } from '../../journal/index.js';
import { MOST_REMEMBERED } from '../../peer/index.js';
import type { ClusterQuestions } from './cluster-questions.js';

/** A file that is looked for, and what is to be told of it. */
interface Sought {
  readonly file: RememberedFile;
  readonly told: (holder: string | undefined) => void;
}

/** Finds out which members have large values that are remembered. What is asked for in one turn is asked of each member together. */
export class RememberedElsewhere {
  readonly #cluster: Pick<ClusterQuestions, 'folders' | 'haveRemembered'>;
  #sought: Sought[] = [];

  constructor(cluster: Pick<ClusterQuestions, 'folders' | 'haveRemembered'>) {
    this.#cluster = cluster;
  }

  /** Resolves to a member that has the file, `undefined` if none does. Never rejects. */
  holderOf(file: RememberedFile): Promise<string | undefined> {
    return new Promise((told) => {
      if (this.#sought.push({ file, told }) === 1) queueMicrotask(() => this.#ask());
    });
  }

  #ask(): void {
    const sought = this.#sought;
    this.#sought = [];
    const none = (): void => {
      for (const { told } of sought) told(undefined);
    };
    this.#cluster.folders().then((folders) => {
      const byNode = new Map<string, Sought[]>();
      for (const one of sought) {
        const node = folders.get(one.file.dataDir);
        if (node === undefined) one.told(undefined);
        else if (byNode.has(node)) byNode.get(node)!.push(one);
        else byNode.set(node, [one]);
      }
      for (const [node, all] of byNode) {
        for (let from = 0; from < all.length; from += MOST_REMEMBERED) void this.#askOf(node, all.slice(from, from + MOST_REMEMBERED));
      }
    }, none);
  }

  async #askOf(node: string, sought: readonly Sought[]): Promise<void> {
    const files = sought.map(({ file }) => file);
    const found = await this.#cluster.haveRemembered(node, files);
    for (const [at, { told }] of sought.entries()) told(found[at] ? node : undefined);
  }
}
