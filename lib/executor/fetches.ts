import { HandoffError, PassingMap } from '../base/index.js';
import type { Requests, WireMessage, WireMessageOf } from '../peer/index.js';
import { Held, type Origin } from '../value/index.js';
import type { FarValue } from './far-value.js';
import type { ValueListener } from './offers.js';

/** How this node reaches another: over a link, one that will come back included; not itself; or it is this node. */
export type Way = 'direct' | 'none' | 'self';

/** What fetching needs of the node. */
export interface FetchGround {
  readonly node: string;
  readonly requests: Requests;
  wayTo(node: string): Way;
}

/** What was asked for: whole, the bytes of it, or none. */
type Answer = Held | { readonly parts: readonly Uint8Array[]; readonly origin: Origin } | { readonly error: Error | undefined };

interface Fetching {
  readonly listeners: Set<ValueListener>;
  readonly giveUp: () => void;
}

/**
 * Fetches values from the nodes that have them: each at most once at a time, however many want it, but those that come for one alone. What cannot be reached is fetched through
 * another node, which passes it on. Every fetch ends: in the value, or in the error of the node that has it, or `HANDOFF_RESULT_LOST` when there is
 * none, or that node is gone.
 */
export class Fetches {
  readonly #ground: FetchGround;
  readonly #fetching = new PassingMap<string, Fetching>();
  /** By request: whether the bytes that are on their way are a result, which is frozen where it is opened. */
  readonly #coming = new Map<number, { readonly freeze: boolean }>();
  /** Requests for values that come for one alone. */
  readonly #sole = new Set<number>();
  #soleFetches = 0;

  constructor(ground: FetchGround) {
    this.#ground = ground;
  }

  /** How many are under way. */
  get size(): number {
    return this.#fetching.size;
  }

  /** Whether there is a way to a node that leads over no other. */
  reaches(node: string): boolean {
    return this.#ground.wayTo(node) === 'direct';
  }

  /** `via` is asked when there is no way to the origin. Answers how to give it up; then nobody is told. */
  fetch(far: FarValue, via: string | undefined, listener: ValueListener): () => void {
    const to = this.reaches(far.from) ? far.from : via;
    if (to === undefined || !this.reaches(to)) {
      listener.missing(this.#lost(far));
      return () => {};
    }
    const key = far.isSole ? `sole ${++this.#soleFetches}` : JSON.stringify([to, far.value]);
    let fetching = this.#fetching.get(key);
    if (!fetching) {
      fetching = { listeners: new Set(), giveUp: this.#request(to, far, key) };
      this.#fetching.set(key, fetching);
    }
    const { listeners } = fetching;
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0 || this.#fetching.get(key)?.listeners !== listeners) return;
      this.#fetching.get(key)?.giveUp();
      this.#fetching.delete(key);
    };
  }

  /** A node says whether it has what was asked for. */
  heard(from: string, message: WireMessageOf<'value-found' | 'value-missing'>, error: Error | undefined): void {
    const { requests } = this.#ground;
    if (message.type === 'value-missing') return requests.answered(from, message.id, { error });
    const { id, freeze, packed } = message;
    if (packed) requests.answered(from, id, Held.packed(packed, freeze ? 'result' : 'caller'));
    else this.#coming.set(id, { freeze });
  }

  /** Where a value is put together that comes in several chunks. */
  memoryFor(id: number, sizeBytes: number, begin: Uint8Array | undefined): readonly Uint8Array[] | undefined {
    return this.#sole.has(id) ? Held.memoryForOne(sizeBytes, begin) : Held.memory(sizeBytes);
  }

  /** The bytes have come, or will not. */
  value(from: string, id: number, value: readonly Uint8Array[] | Error): void {
    const { requests } = this.#ground;
    const coming = this.#coming.get(id);
    this.#coming.delete(id);
    if (value instanceof Error) requests.answered(from, id, { error: value });
    else requests.answered(from, id, { parts: value, origin: coming?.freeze === false ? 'caller' : 'result' });
  }

  #request(to: string, far: FarValue, key: string): () => void {
    let id = -1;
    const settle = (tell: (listener: ValueListener) => void): void => {
      const fetching = this.#fetching.get(key);
      this.#sole.delete(id);
      this.#fetching.delete(key);
      for (const listener of fetching?.listeners ?? []) tell(listener);
    };
    const found = (answer: Exclude<Answer, { error: unknown }>): void => {
      let held = answer;
      if (!(held instanceof Held)) held = far.isSole ? Held.forOne(held.parts, held.origin) : Held.arrived(held.parts, held.origin);
      const value = held;
      settle((listener) => listener.found(value));
    };
    const ask = (given: number): WireMessage => {
      id = given;
      if (far.isSole) this.#sole.add(id);
      return { type: 'fetch-value', id, value: far.value };
    };
    const giveUp = this.#ground.requests.request<Answer>(to, ask, {
      answered: (answer) => {
        if (!('error' in answer)) found(answer);
        else settle((listener) => listener.missing(answer.error ?? this.#lost(far)));
      },
      failed: () => settle((listener) => listener.missing(this.#lost(far))),
    });
    return () => {
      this.#sole.delete(id);
      giveUp();
    };
  }

  #lost({ from, value }: FarValue): HandoffError {
    const functionId = 'functionId' in value ? value.functionId : undefined;
    const what = functionId === undefined ? 'a value' : `the value of "${functionId}"`;
    const { node } = this.#ground;
    return new HandoffError('HANDOFF_RESULT_LOST', `Node "${node}" cannot get ${what}: node "${from}" does not have it, or is gone`, {
      functionId,
      node: from,
    });
  }
}
