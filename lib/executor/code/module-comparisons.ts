import type { Requests } from '../../peer/index.js';
import { moduleDigest } from './module-digest.js';
import type { CodeRoot } from './module-resolution.js';

/** A node that has not said so within this time is taken for one that cannot tell, ms. */
const ANSWER_MS = 5000;

/** How many modules are remembered, here and of each node; of more the oldest are asked for anew. */
const REMEMBERED = 1000;

/** What came of asking: `true` the same, `false` not, `undefined` it cannot be told. */
interface Comparison {
  readonly promise: Promise<boolean | undefined>;
  isOver: boolean;
  isSame: boolean | undefined;
}

/**
 * Whether modules are the same here and on other nodes. Each node is asked once for each module, for as long as it is a member: what a
 * process has loaded it does not load again.
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

  /** `module` as it is on the wire. */
  compare(module: string, node: string): Promise<boolean | undefined> {
    return this.#comparison(module, node).promise;
  }

  /** The first of these modules that is known to differ on a node; asks for those that are not known, and is a promise until all are. */
  differing(modules: readonly string[], node: string): string | undefined | Promise<string | undefined> {
    const all = modules.map((module) => this.#comparison(module, node));
    const first = (): string | undefined => modules[all.findIndex(({ isOver, isSame }) => isOver && isSame === false)];
    const isKnown = all.every(({ isOver }) => isOver);
    return isKnown || first() !== undefined ? first() : Promise.all(all.map(({ promise }) => promise)).then(first);
  }

  /** A node is a member no more. */
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
    remember(ofNode, module, comparison);
    return comparison;
  }

  async #ask(module: string, node: string): Promise<boolean | undefined> {
    if (!this.#digests.has(module)) remember(this.#digests, module, moduleDigest(module, this.#place));
    const known = this.#digests.get(module);
    const digest = known instanceof Promise ? await known : known;
    // The driver need not have the module.
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

function remember<T>(all: Map<string, T>, name: string, one: T): void {
  all.set(name, one);
  if (all.size > REMEMBERED) all.delete(all.keys().next().value!);
}
