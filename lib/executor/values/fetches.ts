import { HandoffError, PassingMap, textOf } from '../../base/index.js';
import { GivenUp, NoRoom, type RequestLimit, type Requests, type WireMessage, type WireMessageOf } from '../../peer/index.js';
import { type Origin, StoredValue, soleArrivalMemory } from '../../value/index.js';
import { CompositeFetch, type CompositeFetchDeps, type PageListener } from './composite-fetch.js';
import type { ValueListener } from './offers.js';
import type { OwnValues } from './own-values.js';
import { type CompositeSource, type PartsPage, readPage } from './parts-page.js';
import { heldIn, isComposite, isOfRun, type RemoteComposite, type RemoteValue, type RunStore } from './remote-value.js';

/** How long a node with a value may take to send its first byte, and later between two signs of progress, ms. */
const SILENCE_MS = 30_000;

/**
 * The same for a node that passes a value on: it is silent while it fetches the value, which may be large, over a link that may be slow.
 */
const PASSING_ON_MS = 600_000;

/** A value by DAG id is looked up and sent at once. */
const LOOK_UP_MS = 5000;

/** The answer to a fetch: the whole value, its bytes, or an error. */
type Answer = StoredValue | { readonly parts: readonly Uint8Array[]; readonly origin: Origin } | { readonly error: Error | undefined };

interface Fetching {
  readonly listeners: Set<ValueListener>;
  giveUp: () => void;
}

/**
 * Fetches values from the nodes that have them. A value is fetched once at a time, however many attempts want it, except values for a
 * single attempt. If there is no way to the origin, another node passes the value on.
 *
 * Every fetch ends: with the value, with the error of the node that has it, or with `HANDOFF_RESULT_LOST` if it does not exist or that node
 * is gone.
 */
export class Fetches {
  readonly #deps: FetchDeps;
  readonly #fetching = new PassingMap<string, Fetching>();
  /** By request, the node that sends bytes, and whether they are a result, which is frozen where it is opened. */
  readonly #coming = new Map<number, { readonly from: string; readonly freeze: boolean }>();
  /** Values for which there was no room besides others. Each is requested again when another has come, or will not. */
  readonly #waiting = new Set<() => void>();
  /** Requests for values that come for a single attempt. */
  readonly #sole = new Set<number>();
  #soleFetches = 0;
  readonly #gathers: CompositeFetchDeps;

  constructor(deps: FetchDeps) {
    this.#deps = deps;
    this.#gathers = {
      node: deps.node,
      held: ({ value }) => ('runId' in value ? heldIn(deps.store, value.runId, value) : undefined),
      reaches: (node) => this.reaches(node),
      fetch: (far, via, listener) => this.#fetch(far, via, listener),
      page: (far, first, via, listener) => this.#page(far, first, via, listener),
    };
  }

  /** The number of fetches in progress. */
  get size(): number {
    return this.#fetching.size;
  }

  /** Whether there is a direct way to a node. */
  reaches(node: string): boolean {
    return this.#deps.wayTo(node) === 'direct';
  }

  /**
   * Fetches a value, or puts it together if it is a composite. `via` is asked if there is no way to the origin. `withinMs` limits the time
   * to the first byte; each kind of value has a default. Returns a function that gives up; the listener is not called then.
   */
  fetch(far: RemoteValue, via: string | undefined, listener: ValueListener, withinMs?: number): () => void {
    return isComposite(far) ? this.#gather(far, via, listener) : this.#fetch(far, via, listener, withinMs);
  }

  #fetch(far: RemoteValue, via: string | undefined, listener: ValueListener, withinMs?: number): () => void {
    if (this.#deps.wayTo(far.from) === 'self' || this.#isAwayHere(far.value)) return this.#find(far, listener);
    const to = this.reaches(far.from) ? far.from : via;
    if (to === undefined || !this.reaches(to)) {
      listener.missing(this.#lost(far));
      return () => {};
    }
    const key = far.isSole ? `sole ${++this.#soleFetches}` : JSON.stringify([to, far.value]);
    return this.#join(key, listener, () => this.#request(to, far, key, withinMs));
  }

  /** Waits for a value together with others. `begin` begins if it is the first. The listener may be called before this returns. */
  #join(key: string, listener: ValueListener, begin: () => () => void): () => void {
    const known = this.#fetching.get(key);
    const fetching = known ?? { listeners: new Set(), giveUp: () => {} };
    const { listeners } = fetching;
    listeners.add(listener);
    if (!known) {
      this.#fetching.set(key, fetching);
      fetching.giveUp = begin();
    }
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0 || this.#fetching.get(key)?.listeners !== listeners) return;
      this.#fetching.get(key)?.giveUp();
      this.#fetching.delete(key);
    };
  }

  #settle(key: string, tell: (listener: ValueListener) => void): void {
    const fetching = this.#fetching.get(key);
    this.#fetching.delete(key);
    for (const listener of fetching?.listeners ?? []) tell(listener);
  }

  /** Puts a value together of its parts, for all that want it at a time. */
  #gather(far: RemoteComposite, via: string | undefined, listener: ValueListener): () => void {
    const key = `parts of ${JSON.stringify(far.value)}`;
    return this.#join(key, listener, () => {
      const settled: ValueListener = {
        found: (held) => this.#settle(key, (one) => one.found(held)),
        missing: (error) => this.#settle(key, (one) => one.missing(error)),
      };
      const gathering = new CompositeFetch(far, via, this.#gathers, settled);
      gathering.start();
      return () => gathering.giveUp();
    });
  }

  /** Gets a page of parts: from the run on this node if that makes the value, else from its driver. */
  #page(far: RemoteComposite, first: number, via: string | undefined, listener: PageListener): () => void {
    const { wayTo, node, compositePage, defer } = this.#deps;
    const name = { ...far.value, first };
    if (wayTo(far.from) !== 'self') {
      const found = (held: StoredValue): void => {
        let page: PartsPage;
        try {
          page = readPage(held);
        } catch (error) {
          return listener.missing(error as Error);
        }
        listener.found(page);
      };
      return this.#fetch({ from: far.from, value: name, sizeBytes: 0 }, via, { found, missing: (error) => listener.missing(error) });
    }
    let isWanted = true;
    const look = (): void => {
      const page = isWanted ? compositePage(name, node) : undefined;
      if (page) listener.found(page);
      else if (isWanted) listener.missing(undefined);
    };
    // A million parts take more than a turn.
    if (first === 0) look();
    else defer(look);
    return () => {
      isWanted = false;
    };
  }

  /** Whether it is a part of a value that this node has, and not in memory. */
  #isAwayHere(value: RemoteValue['value']): boolean {
    if (!isOfRun(value) || value.part === null) return false;
    return this.#deps.store.get(value.runId, value.functionId, value.epoch)?.away !== undefined;
  }

  /** Finds a value that this node has itself. */
  #find(far: RemoteValue, listener: ValueListener): () => void {
    const { own } = this.#deps;
    const { value } = far;
    let isWanted = true;
    const missing = (error: Error | undefined): void => {
      if (isWanted) listener.missing(error ?? this.#lost(far));
    };
    const found = (held: StoredValue): void => {
      if (isWanted) listener.found(held);
    };
    if (isOfRun(value)) own.bring(value, { found, missing });
    else missing(undefined);
    return () => {
      isWanted = false;
    };
  }

  /** A node reports whether it has the requested value. */
  heard(from: string, message: WireMessageOf<'value-found' | 'value-missing'>, error: Error | undefined): void {
    const { requests } = this.#deps;
    if (!requests.isOpen(from, message.id, 'fetch-value')) return;
    if (message.type === 'value-missing') {
      // Its bytes may have been announced.
      this.#coming.delete(message.id);
      return requests.answered(from, message.id, { error });
    }
    const { id, freeze, packed } = message;
    if (packed) requests.answered(from, id, StoredValue.packed(packed, freeze ? 'result' : 'caller'));
    else this.#coming.set(id, { from, freeze });
  }

  /** Whether a value with that number was requested, and has been announced. */
  expects(from: string, id: number): boolean {
    return this.#coming.get(id)?.from === from;
  }

  /** Returns memory for a value that comes in several chunks, or `undefined` if that node was not asked for it. */
  memoryFor(from: string, id: number, sizeBytes: number, begin: Uint8Array | undefined): readonly Uint8Array[] | undefined {
    if (!this.#deps.requests.isOpen(from, id, 'fetch-value')) return undefined;
    return this.#sole.has(id) ? soleArrivalMemory(sizeBytes, begin) : StoredValue.memory(sizeBytes);
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
      this.#sole.delete(id);
      this.#settle(key, tell);
    };
    const found = (answer: Exclude<Answer, { error: unknown }>): void => {
      let held = answer;
      if (!(held instanceof StoredValue))
        held = far.isSole ? StoredValue.sole(held.parts, held.origin) : StoredValue.arrived(held.parts, held.origin);
      const value = held;
      settle((listener) => listener.found(value));
    };
    const ask = (given: number): WireMessage => {
      id = given;
      if (far.isSole) this.#sole.add(id);
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
      // A run makes the value again. A caller that asks by DAG id must learn that it may exist.
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

  /** There is no room while other values are on their way. That is no failure. */
  #again(to: string, far: RemoteValue, key: string, withinMs: number | undefined): void {
    const fetching = this.#fetching.get(key);
    if (!fetching) return;
    const again = (): void => {
      fetching.giveUp = this.#request(to, far, key, withinMs);
    };
    fetching.giveUp = () => void this.#waiting.delete(again);
    this.#waiting.add(again);
  }

  /** A value that is too large for any room is not requested again; one that the other node could not send to its end is lost. */
  #fault(error: Error, far: RemoteValue): Error {
    if (error instanceof GivenUp) return this.#lost(far, error);
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

/** How this node reaches another: over a link, possibly one that will come back; not by itself; or it is this node. */
export type FetchRoute = 'direct' | 'none' | 'self';

/** The parts of the node that fetching needs. */
export interface FetchDeps {
  readonly node: string;
  readonly requests: Requests;
  readonly own: OwnValues;
  /** The values of runs that are here. */
  readonly store: RunStore;
  /** The parts of what maps and expansions made in the runs that this node drives. */
  readonly compositePage: CompositeSource;
  /** Calls `action` once the event loop has had a turn. */
  readonly defer: (action: () => void) => void;
  wayTo(node: string): FetchRoute;
  /** Returns how many bytes of values have come from a node. Grows while one is on its way. */
  receivedFrom(node: string): number;
}
