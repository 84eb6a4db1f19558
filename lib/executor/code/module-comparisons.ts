import { keepNewest } from '../../base/index.js';
import type { Requests } from '../../peer/index.js';
import { moduleDigest } from './module-digest.js';
import type { CodeRoot } from './module-resolution.js';

/** A node that has not answered within this time counts as unable to tell, ms. */
const ANSWER_MS = 5000;

/** How many modules are remembered, of this node and of each other node. Beyond that the oldest are asked for anew. */
const REMEMBERED = 1000;

/** The result of a comparison: `true` for the same, `false` for different, `undefined` for unknown. */
interface Comparison {
  readonly promise: Promise<boolean | undefined>;
  isOver: boolean;
  isSame: boolean | undefined;
}

/**
 * Compares modules here with those on other nodes. Each node is asked once for each module, as long as it is a member: a process does not
 * load again what it has loaded.
 */
export class ModuleComparisons {
  readonly #place: CodeRoot;
  readonly #requests: Requests;
  readonly #digests = new Map<string, ReturnType<typeof moduleDigest>>();
  readonly #byNode = new Map<string, Map<string, Comparison>>();

  constructor(place: CodeRoot, requests: Requests) {
    this.#place = place;
    this.#requests = requests;
  }

  /** Compares a module, given by its name on the wire. */
  compare(module: string, node: string): Promise<boolean | undefined> {
    return this.#comparison(module, node).promise;
  }

  /** Returns the first of these modules that is known to differ on a node. If some are unknown, asks for them and returns a promise. */
  differing(modules: readonly string[], node: string): string | undefined | Promise<string | undefined> {
    const all = modules.map((module) => this.#comparison(module, node));
    const first = (): string | undefined => modules[all.findIndex(({ isOver, isSame }) => isOver && isSame === false)];
    const isKnown = all.every(({ isOver }) => isOver);
    return isKnown || first() !== undefined ? first() : Promise.all(all.map(({ promise }) => promise)).then(first);
  }

  /** The node is no longer a member. */
  gone(node: string): void {
    this.#byNode.delete(node);
  }

  #comparison(module: string, node: string): Comparison {
    const ofNode = this.#byNode.get(node) ?? new Map<string, Comparison>();
    this.#byNode.set(node, ofNode);
    const known = ofNode.get(module);
    if (known) return known;
    const promise = this.#ask(module, node).then((isSame) => {
      Object.assign(comparison, { isSame, isOver: true });
      return isSame;
    });
    const comparison: Comparison = { promise, isOver: false, isSame: undefined };
    keepNewest(ofNode, module, comparison, REMEMBERED);
    return comparison;
  }

  async #ask(module: string, node: string): Promise<boolean | undefined> {
    if (!this.#digests.has(module)) keepNewest(this.#digests, module, moduleDigest(module, this.#place), REMEMBERED);
    const known = this.#digests.get(module);
    const digest = known instanceof Promise ? await known : known;
    // The driver may lack the module.
    if (digest === undefined) return undefined;
    try {
      const limit = { withinMs: ANSWER_MS, what: `whether its module "${module}" is the same` };
      const question = { kind: 'compare-module', module, digest } as const;
      const answer = await this.#requests.ask<unknown>(node, (id) => ({ type: 'ask', id, question }), limit);
      return typeof answer === 'boolean' ? answer : undefined;
    } catch {
      return undefined;
    }
  }
}
