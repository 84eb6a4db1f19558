import type { Requests } from '../peer/index.js';
import { moduleDigest } from './module-digest.js';
import type { CodePlace } from './module-resolution.js';

/** A node that has not said so within this time is taken for one that cannot tell, ms. */
const ANSWER_MS = 5000;

/**
 * Whether modules are the same here and on other nodes. Each node is asked once for each module, for as long as it is a member: what a process has
 * loaded it does not load again.
 */
export class ModuleComparisons {
  readonly #place: CodePlace;
  readonly #requests: Requests;
  readonly #digests = new Map<string, string | undefined>();
  readonly #byNode = new Map<string, Map<string, Promise<boolean | undefined>>>();

  constructor(place: CodePlace, requests: Requests) {
    this.#place = place;
    this.#requests = requests;
  }

  /** `module` as it is on the wire. */
  compare(module: string, node: string): Promise<boolean | undefined> {
    let ofNode = this.#byNode.get(node);
    if (!ofNode) {
      ofNode = new Map();
      this.#byNode.set(node, ofNode);
    }
    let answer = ofNode.get(module);
    if (!answer) {
      answer = this.#ask(module, node);
      ofNode.set(module, answer);
    }
    return answer;
  }

  /** A node is a member no more. */
  gone(node: string): void {
    this.#byNode.delete(node);
  }

  async #ask(module: string, node: string): Promise<boolean | undefined> {
    if (!this.#digests.has(module)) this.#digests.set(module, moduleDigest(module, this.#place));
    const digest = this.#digests.get(module);
    // The driver need not have the module.
    if (digest === undefined) return undefined;
    try {
      const limit = { withinMs: ANSWER_MS, what: `whether its module "${module}" is the same` };
      const question = { kind: 'compare-module', module, digest } as const;
      return (await this.#requests.ask<boolean | null>(node, (id) => ({ type: 'ask', id, question }), limit)) ?? undefined;
    } catch {
      return undefined;
    }
  }
}
