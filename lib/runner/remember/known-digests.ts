import { partAt, type RunPlan } from '../../dag/index.js';
import { type ArgumentValue, isRemote, type RemoteValue } from '../../executor/index.js';
import {
  bytesOfDigest,
  combinedDigest,
  DIGEST_BYTES,
  type Digests,
  digestAt,
  digestOfHeld,
  digestsOfHeld,
  StoredValue,
  type ValueFacts,
} from '../../value/index.js';
import type { RunState } from '../brain/run-state.js';

/** A digest, as far as it is known: `undefined` if it cannot be. A promise if it is being taken. */
export type KnownDigest = string | undefined | Promise<string | undefined>;

/** The digests of the values of one run: those that nodes have told, and those that are taken here of what is here. */
export class KnownDigests {
  readonly #of: DigestsOf;
  readonly #digests = new Map<number, string>();
  /** By function whose array a map goes over, the digests of its elements. */
  readonly #parts = new Map<number, Uint8Array>();
  /** What was taken here, or is being taken. */
  readonly #taking = new WeakMap<StoredValue, Digests | Promise<Digests>>();
  /** By what it is of, the digest of a value that only another node has. */
  readonly #far = new Map<string, KnownDigest>();
  /** By map or expansion, the digest of what it gives. */
  readonly #composites = new Map<number, string>();
  /** Grows when a value was made again, and is another one. */
  changes = 0;

  constructor(of: DigestsOf) {
    this.#of = of;
  }

  /** A function has made its value, or its value is remembered or recorded. */
  note(index: number, facts: Pick<ValueFacts, 'digest' | 'split'> | undefined): void {
    const known = this.#digests.get(index);
    const digest = facts?.digest;
    if (known !== undefined && known !== digest) {
      this.changes += 1;
      this.#composites.clear();
    }
    const split = facts?.split;
    const parts = split && 'count' in split ? split.digests : undefined;
    this.#far.delete(`function ${index}`);
    if (digest === undefined) this.#digests.delete(index);
    else this.#digests.set(index, digest);
    if (parts) this.#parts.set(index, parts);
    else this.#parts.delete(index);
  }

  /** Returns the digest of the value of a function. */
  ofFunction(index: number): KnownDigest {
    const known = this.#digests.get(index);
    if (known !== undefined) return known;
    if (this.#of.state.absent.has(index)) return digestOfHeld(StoredValue.nothing);
    if (this.#of.isComposite(index)) return this.#ofComposite(index);
    const held = this.#of.held(index);
    return held ? this.#digestOf(held) : this.#elsewhere(`function ${index}`, () => this.#of.farValue(index));
  }

  /** Returns the digest of an input. */
  ofInput(id: string): KnownDigest {
    const given = this.#of.inputs.get(id);
    if (StoredValue.is(given)) return this.#digestOf(given);
    return isRemote(given) ? this.#elsewhere(`input ${id}`, () => given) : undefined;
  }

  /** Asks the node that has a value, once. */
  #elsewhere(name: string, findValue: () => RemoteValue | undefined): KnownDigest {
    if (this.#far.has(name)) return this.#far.get(name);
    const value = findValue();
    const asked = value && this.#of.digestElsewhere(value);
    this.#far.set(name, asked);
    void asked?.then((digest) => {
      // It may have been made again meanwhile.
      if (this.#far.get(name) === asked) this.#far.set(name, digest);
    });
    return asked;
  }

  /** Returns the digest of the element in a place of what a map goes over. */
  ofElement(map: number, place: number): KnownDigest {
    const { plan, isComposite, inputs } = this.#of;
    const { over } = plan.growth!.maps.get(map)!;
    if (over >= 0 && isComposite(over)) return this.ofFunction(partAt(plan.added!.parts.get(over)!, place));
    const parts = this.#parts.get(over);
    if (parts) return digestAt(parts, place);
    const whole = over >= 0 ? this.#of.held(over) : inputs.get(plan.inputs[-over - 1]!);
    return StoredValue.is(whole) ? found(this.#taken(whole), ({ digests }) => digests && digestAt(digests, place)) : undefined;
  }

  #digestOf(held: StoredValue): KnownDigest {
    return held.digest ?? found(this.#taken(held), ({ digest }) => digest);
  }

  /** Takes the digests of a value here, once: a thousand elements may ask for those of their array while they are being taken. */
  #taken(held: StoredValue): Digests | Promise<Digests> {
    const known = this.#taking.get(held);
    if (known) return known;
    const digests = digestsOfHeld(held);
    this.#taking.set(held, digests);
    if (digests instanceof Promise) void digests.then((all) => this.#taking.set(held, all));
    return digests;
  }

  /** What is put together of parts has a digest of theirs: nothing is read for it. */
  #ofComposite(index: number): KnownDigest {
    const known = this.#composites.get(index);
    if (known !== undefined) return known;
    const parts = this.#of.plan.added?.parts.get(index);
    if (!parts) return undefined;
    const indices = parts.sinks ?? Array.from({ length: parts.total }, (_, place) => partAt(parts, place));
    const digests = new Uint8Array(DIGEST_BYTES * indices.length);
    const waits: Promise<unknown>[] = [];
    for (const [place, part] of indices.entries()) {
      const digest = this.ofFunction(part);
      if (digest === undefined) return undefined;
      if (digest instanceof Promise) waits.push(digest);
      else digests.set(bytesOfDigest(digest), DIGEST_BYTES * place);
    }
    // By then those that were waited for are known; what still is not, has none.
    if (waits.length > 0) return Promise.all(waits).then((found) => (found.includes(undefined) ? undefined : this.#ofComposite(index)));
    const keys = parts.keys && digestOfHeld(StoredValue.live([...parts.keys], 0));
    if (keys instanceof Promise) return keys.then((digest) => this.#combined(index, digests, digest));
    return this.#combined(index, digests, keys);
  }

  #combined(index: number, digests: Uint8Array, keys: string | undefined): string {
    const digest = combinedDigest(digests, { keys });
    this.#composites.set(index, digest);
    return digest;
  }
}

const found = <T>(digests: Digests | Promise<Digests>, then: (digests: Digests) => T): T | Promise<T> =>
  digests instanceof Promise ? digests.then(then) : then(digests);

/** The run whose values they are of. */
export interface DigestsOf {
  readonly plan: RunPlan;
  readonly state: Pick<RunState, 'absent'>;
  /** The inputs, in the form in which the run has them. */
  readonly inputs: ReadonlyMap<string, ArgumentValue>;
  /** Returns the value of a function if it is on this node. */
  held(index: number): StoredValue | undefined;
  isComposite(index: number): boolean;
  /** Returns the value of a function that is not on this node; `undefined` if there is none. */
  farValue(index: number): RemoteValue | undefined;
  /** Asks the node that has a value for its digest. Never rejects. */
  digestElsewhere(value: RemoteValue): Promise<string | undefined>;
}
