import { HandoffError } from '../../base/index.js';
import type { CodeRef } from '../../dag/index.js';
import { Unreadable, type ValueName, type WireMessage } from '../../peer/index.js';
import type { ValueStore } from '../../store/index.js';
import { type AwayBytes, digestOfHeld, JoinedBytes, packThrownForWire, StoredValue } from '../../value/index.js';
import type { AttemptHandle, Executor } from '../executor.js';
import type { Fetches } from './fetches.js';
import type { Offers, ValueListener } from './offers.js';
import { lostValue, type OwnValues, type RunValueName } from './own-values.js';
import { type CompositeSource, packPage } from './parts-page.js';
import { RIDES_ALONG_BYTES } from './remote-value.js';

/**
 * Gives other nodes the values that they ask for; small ones in the answer, others beside the messages. A node that has lost its link asks
 * again.
 */
export class ValueServer {
  readonly #deps: ValueServerDeps;

  /** Serializers in progress, each with its run and the node that waits for it. */
  readonly #serializing = new Map<AttemptHandle, { readonly runId: string; readonly to: string }>();

  constructor(deps: ValueServerDeps) {
    this.#deps = deps;
  }

  /** A run is over: no node needs its serializers any more. */
  runEnded(runId: string): void {
    for (const [handle, one] of [...this.#serializing]) if (one.runId === runId) handle.stop(this.#unwanted(), 0);
  }

  /** A node is gone, and needs nothing any more. */
  gone(node: string): void {
    for (const [handle, one] of [...this.#serializing]) if (one.to === node) handle.stop(this.#unwanted(), 0);
  }

  #unwanted(): HandoffError {
    const { node } = this.#deps;
    return new HandoffError('HANDOFF_STOPPED', `Node "${node}" need not serialize this value any more`, { node });
  }

  serve(from: string, id: number, value: ValueName): void {
    const { send } = this.#deps;
    const missing = (error: unknown): void =>
      void send(from, { type: 'value-missing', id, error: error ? packThrownForWire(error) : null });
    try {
      this.#find(from, value, { found: (held) => this.#give(from, id, value, held), missing });
    } catch (error) {
      // A part of damaged bytes, or one that cannot leave this node.
      if (!HandoffError.is(error, 'HANDOFF_NOT_SERIALIZABLE')) throw error;
      missing(error);
    }
  }

  /** Takes the digest of a value that this node has. Resolves to `undefined` if it has none, or has it in pages only. Never rejects. */
  async digestOf(to: string, value: ValueName): Promise<string | undefined> {
    if (value.kind === 'composite' || value.kind === 'serialized') return undefined;
    try {
      const held = await new Promise<StoredValue | undefined>((found) => this.#find(to, value, { found, missing: () => found(undefined) }));
      return held && (await digestOfHeld(held));
    } catch {
      return undefined;
    }
  }

  #find(to: string, value: ValueName, listener: ValueListener): void {
    const { store, offers, fetches, own, node } = this.#deps;
    switch (value.kind) {
      case 'offered': {
        const maker = offers.find(value.offer);
        return maker ? maker(listener) : listener.missing(undefined);
      }
      case 'of-dag': {
        const { dagId, functionId } = value;
        const held = store.find(dagId, functionId);
        if (held) store.copyGiven(dagId, to);
        const recorded = held ? undefined : this.#deps.openRecord(dagId, functionId);
        if (!recorded) return held ? listener.found(held) : listener.missing(undefined);
        recorded.then(
          (one) => (one ? listener.found(one) : listener.missing(undefined)),
          (error: Error) => listener.missing(error),
        );
        return;
      }
      case 'of-run':
      case 'of-file':
      case 'remembered':
        if (own.find(value, listener)) return;
        if (value.origin === node) return own.findFiled(value, listener);
        // For a node that has no way to the origin. The value is passed on and not kept.
        fetches.fetch({ from: value.origin, value, sizeBytes: 0 }, undefined, listener);
        return;
      case 'composite': {
        const page = this.#deps.compositePage(value, to);
        return page ? listener.found(packPage(page)) : listener.missing(undefined);
      }
      case 'serialized': {
        if (value.origin !== node) {
          fetches.fetch({ from: value.origin, value, sizeBytes: 0 }, undefined, listener);
          return;
        }
        const source = sourceOf(value);
        const found = (held: StoredValue): void => this.#serialize(to, value, held, listener);
        return own.bring(source, { found, missing: (error) => listener.missing(error) });
      }
    }
  }

  /**
   * An edge's serializer runs where the value was made, as long as its consumer may take. It has no claim of its own: its consumer does, on
   * the node that waits for it.
   */
  #serialize(to: string, value: Extract<ValueName, { kind: 'serialized' }>, held: StoredValue, listener: ValueListener): void {
    const { executor, node, refOf } = this.#deps;
    const { dagId, runId, consumer, functionId, attempt, module, name, isolation, extra, timeoutMs } = value;
    const whose = { since: value.since ?? undefined, element: value.element ?? undefined };
    const handle = executor.start({
      context: { dagId, runId, functionId: consumer, attempt, node, ...whose },
      steps: [
        {
          role: 'serialize',
          functionId,
          isolation: executor.isolationFor(isolation),
          code: refOf(module, name),
          inputs: [held],
          asList: false,
          extra: StoredValue.packed(extra, 'caller'),
          wanted: true,
        },
      ],
      timeoutMs: timeoutMs ?? undefined,
      stopGraceMs: 0,
    });
    this.#serializing.set(handle, { runId, to });
    handle.listen((outcome) => {
      this.#serializing.delete(handle);
      if (outcome.type === 'succeeded') listener.found(outcome.values[0]!);
      else listener.missing(outcome.type === 'failed' ? (outcome.error as Error) : undefined);
    });
  }

  #give(to: string, id: number, value: ValueName, held: StoredValue): void {
    const { send, sendValue } = this.#deps;
    const freeze = held.origin === 'result';
    try {
      if (held.hasAway) return this.#giveAway(to, id, value, held);
      const parts = held.toParts('result');
      const isSmall = parts.length === 1 && parts[0]!.byteLength <= RIDES_ALONG_BYTES;
      send(to, { type: 'value-found', id, freeze, packed: isSmall ? parts[0]! : null });
      if (!isSmall) sendValue(to, id, parts).catch(() => {});
    } catch (error) {
      send(to, { type: 'value-missing', id, error: packThrownForWire(error) });
    }
  }

  /** Gives a value from where it lies. A large one is never in memory as a whole. */
  #giveAway(to: string, id: number, value: ValueName, held: StoredValue): void {
    const { send, sendValue, node } = this.#deps;
    const away = held.away ?? new JoinedBytes(held.toSources('result'));
    const freeze = held.origin === 'result';
    const lost = (cause: unknown): void => {
      // The store forgets it. It may have come back meanwhile, or gone anew.
      if (held.away === away) held.entry?.cannotRead(cause);
      const error = lostValue(cause, node, 'functionId' in value ? value.functionId : undefined);
      send(to, { type: 'value-missing', id, error: packThrownForWire(error) });
    };
    if (away.sizeBytes <= RIDES_ALONG_BYTES) {
      away.read().then((packed) => void send(to, { type: 'value-found', id, freeze, packed }), lost);
      return;
    }
    send(to, { type: 'value-found', id, freeze, packed: null });
    // If the link is over, the other node asks again over the next one.
    sendValue(to, id, away).catch((error: unknown) => error instanceof Unreadable && lost(error.cause));
  }
}

/** Returns the name of the value that is to be serialized. */
function sourceOf({ runId, epoch, functionId, origin, file }: Extract<ValueName, { kind: 'serialized' }>): RunValueName {
  const source = { runId, epoch, functionId, origin, part: null };
  if (!file) return { kind: 'of-run', ...source };
  return 'contentDigest' in file ? { kind: 'remembered', ...source, file } : { kind: 'of-file', ...source, file };
}

/** The parts of the node that giving values needs. */
export interface ValueServerDeps {
  readonly node: string;
  readonly store: ValueStore;
  readonly executor: Executor;
  readonly fetches: Fetches;
  readonly own: OwnValues;
  readonly compositePage: CompositeSource;
  /** Finds a value of a recorded run; `undefined` if nothing is recorded here. What is in files is not read yet. */
  readonly openRecord: (dagId: string, functionId: string) => Promise<StoredValue | undefined> | undefined;
  readonly offers: Offers;
  readonly send: (to: string, message: WireMessage) => boolean;
  readonly sendValue: (to: string, id: number, bytes: readonly Uint8Array[] | AwayBytes) => Promise<void>;
  readonly refOf: (module: string, name: string) => CodeRef;
}
