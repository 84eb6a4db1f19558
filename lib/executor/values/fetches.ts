import { HandoffError, PassingMap, textOf } from '../../base/index.js';
import { NoRoom, type RequestLimit, type Requests, type WireMessage, type WireMessageOf } from '../../peer/index.js';
import { type Origin, StoredValue } from '../../value/index.js';
import type { ValueListener } from './offers.js';
import type { RemoteValue } from './remote-value.js';

/** How this node reaches another: over a link, one that will come back included; not itself; or it is this node. */
export type FetchRoute = 'direct' | 'none' | 'self';

/** What fetching needs of the node. */
export interface FetchDeps {
  readonly node: string;
  readonly requests: Requests;
  wayTo(node: string): FetchRoute;
  /** How many bytes of values have come from a node: grows while one is on its way. */
  receivedFrom(node: string): number;
}

/** How long a node that has a value may take to send its first byte, and after that between two signs of progress, ms. */
const SILENCE_MS = 30_000;

/** The same for who passes it on: it says nothing while it gets the value itself, which may be large and its own link slow. */
const PASSING_ON_MS = 600_000;

/** By DAG id a value is looked up and sent at once. */
const LOOK_UP_MS = 5000;

/** What was asked for: whole, the bytes of it, or none. */
type Answer = StoredValue | { readonly parts: readonly Uint8Array[]; readonly origin: Origin } | { readonly error: Error | undefined };

interface Fetching {
  readonly listeners: Set<ValueListener>;
  giveUp: () => void;
}

/**
 * Fetches values from the nodes that have them: each at most once at a time, however many want it, but those that come for one alone. What
 * cannot be reached is fetched through another node, which passes it on. Every fetch ends: in the value, or in the error of the node that
 * has it, or `HANDOFF_RESULT_LOST` when there is none, or that node is gone.
 */
export class Fetches {
  readonly #deps: FetchDeps;
  readonly #fetching = new PassingMap<string, Fetching>();
  /** By request: from whom bytes are on their way, and whether they are a result, which is frozen where it is opened. */
  readonly #coming = new Map<number, { readonly from: string; readonly freeze: boolean }>();
  /** Values for which there was no room beside others: each is asked for again when another has come, or will not. */
  readonly #waiting = new Set<() => void>();
  /** Requests for values that come for one alone. */
  readonly #sole = new Set<number>();
  #soleFetches = 0;

  constructor(deps: FetchDeps) {
    this.#deps = deps;
  }

  /** How many are under way. */
  get size(): number {
    return this.#fetching.size;
  }

  /** Whether there is a way to a node that leads over no other. */
  reaches(node: string): boolean {
    return this.#deps.wayTo(node) === 'direct';
  }

  /**
   * `via` is asked when there is no way to the origin. `withinMs` limits the time to the first byte; it has a default for each kind of
   * value. Returns how to give it up; then nobody is told.
   */
  fetch(far: RemoteValue, via: string | undefined, listener: ValueListener, withinMs?: number): () => void {
    const to = this.reaches(far.from) ? far.from : via;
    if (to === undefined || !this.reaches(to)) {
      listener.missing(this.#lost(far));
      return () => {};
    }
    const key = far.isExclusive ? `sole ${++this.#soleFetches}` : JSON.stringify([to, far.value]);
    let fetching = this.#fetching.get(key);
    if (!fetching) {
      fetching = { listeners: new Set(), giveUp: this.#request(to, far, key, withinMs) };
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
    const { requests } = this.#deps;
    if (!requests.isOpen(from, message.id, 'fetch-value')) return;
    if (message.type === 'value-missing') return requests.answered(from, message.id, { error });
    const { id, freeze, packed } = message;
    if (packed) requests.answered(from, id, StoredValue.packed(packed, freeze ? 'result' : 'caller'));
    else this.#coming.set(id, { from, freeze });
  }

  /** Whether a value of that number was asked for, and has been announced. */
  expects(from: string, id: number): boolean {
    return this.#coming.get(id)?.from === from;
  }

  /** Where a value is put together that comes in several chunks; nowhere, for one that nobody has asked that node for. */
  memoryFor(from: string, id: number, sizeBytes: number, begin: Uint8Array | undefined): readonly Uint8Array[] | undefined {
    if (!this.#deps.requests.isOpen(from, id, 'fetch-value')) return undefined;
    return this.#sole.has(id) ? StoredValue.memoryForExclusive(sizeBytes, begin) : StoredValue.memory(sizeBytes);
  }

  /** The bytes have come, or will not. */
  value(from: string, id: number, value: readonly Uint8Array[] | Error): void {
    const { requests } = this.#deps;
    const coming = this.#coming.get(id);
    if (coming?.from === from) this.#coming.delete(id);
    if (!requests.isOpen(from, id, 'fetch-value')) return;
    const waiting = this.#waiting.size;
    if (value instanceof Error) requests.answered(from, id, { error: value });
    else requests.answered(from, id, { parts: value, origin: coming?.freeze === false ? 'caller' : 'result' });
    // Unless it waits itself now.
    if (this.#waiting.size <= waiting) this.#roomAgain();
  }

  #roomAgain(): void {
    const [next] = this.#waiting;
    if (!next) return;
    this.#waiting.delete(next);
    next();
  }

  #limit(to: string, far: RemoteValue, withinMs: number | undefined): RequestLimit {
    const isByDag = far.value.kind === 'of-dag';
    return {
      withinMs: withinMs ?? (to !== far.from ? PASSING_ON_MS : isByDag ? LOOK_UP_MS : SILENCE_MS),
      silenceMs: isByDag ? LOOK_UP_MS : SILENCE_MS,
      progress: () => this.#deps.receivedFrom(to),
      what: `for ${whatOf(far)}`,
    };
  }

  #request(to: string, far: RemoteValue, key: string, withinMs: number | undefined): () => void {
    let id = -1;
    const settle = (tell: (listener: ValueListener) => void): void => {
      const fetching = this.#fetching.get(key);
      this.#sole.delete(id);
      this.#fetching.delete(key);
      for (const listener of fetching?.listeners ?? []) tell(listener);
    };
    const found = (answer: Exclude<Answer, { error: unknown }>): void => {
      let held = answer;
      if (!(held instanceof StoredValue))
        held = far.isExclusive ? StoredValue.exclusive(held.parts, held.origin) : StoredValue.arrived(held.parts, held.origin);
      const value = held;
      settle((listener) => listener.found(value));
    };
    const ask = (given: number): WireMessage => {
      id = given;
      if (far.isExclusive) this.#sole.add(id);
      return { type: 'fetch-value', id, value: far.value };
    };
    const answered = (answer: Answer): void => {
      if (!('error' in answer)) found(answer);
      else if (answer.error instanceof NoRoom && !answer.error.isForGood && this.#coming.size > 0) this.#again(to, far, key, withinMs);
      else settle((listener) => listener.missing(answer.error ? this.#fault(answer.error, far) : this.#lost(far)));
    };
    const failed = (error: Error): void => {
      const isLate = HandoffError.is(error, 'HANDOFF_TIMEOUT');
      this.#coming.delete(id);
      this.#roomAgain();
      // A run makes the value again; whoever asks by DAG id is to know that it may be there.
      settle((listener) => listener.missing(isLate && far.value.kind === 'of-dag' ? error : this.#lost(far, isLate ? error : undefined)));
    };
    const giveUp = this.#deps.requests.request<Answer>(to, ask, { answered, failed }, this.#limit(to, far, withinMs));
    return () => {
      this.#sole.delete(id);
      this.#coming.delete(id);
      giveUp();
      this.#roomAgain();
    };
  }

  /** There is no room while others are on their way, which is nobody's failure. */
  #again(to: string, far: RemoteValue, key: string, withinMs: number | undefined): void {
    const fetching = this.#fetching.get(key);
    if (!fetching) return;
    const again = (): void => {
      fetching.giveUp = this.#request(to, far, key, withinMs);
    };
    fetching.giveUp = () => void this.#waiting.delete(again);
    this.#waiting.add(again);
  }

  /** A value that there will never be room for is not asked for again. */
  #fault(error: Error, far: RemoteValue): Error {
    if (!(error instanceof NoRoom) || !error.isForGood) return error;
    const functionId = 'functionId' in far.value ? far.value.functionId : undefined;
    const message = `Node "${this.#deps.node}" cannot get ${whatOf(far)}: ${error.message}`;
    return new HandoffError('HANDOFF_NOT_SERIALIZABLE', message, { functionId, node: far.from });
  }

  #lost(far: RemoteValue, late?: Error): HandoffError {
    const { from, value } = far;
    const functionId = 'functionId' in value ? value.functionId : undefined;
    const { node } = this.#deps;
    const why = late ? textOf(late) : `node "${from}" does not have it, or is gone`;
    return new HandoffError('HANDOFF_RESULT_LOST', `Node "${node}" cannot get ${whatOf(far)}: ${why}`, {
      functionId,
      node: from,
      ...(late && { cause: late }),
    });
  }
}

const whatOf = ({ value }: RemoteValue): string => ('functionId' in value ? `the value of "${value.functionId}"` : 'a value');
