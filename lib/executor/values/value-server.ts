import { HandoffError } from '../../base/index.js';
import type { CodeRef } from '../../dag/index.js';
import type { ValueName, WireMessage } from '../../peer/index.js';
import type { ValueStore } from '../../store/index.js';
import { packThrownForWire, StoredValue } from '../../value/index.js';
import type { AttemptHandle, Executor } from '../executor.js';
import type { FetchDeps, Fetches } from './fetches.js';
import type { Offers, ValueListener } from './offers.js';
import { type CompositeSource, packPage } from './parts-page.js';
import { heldIn, partOf, RIDES_ALONG_BYTES } from './remote-value.js';

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
      this.#find(from, value, { found: (held) => this.#give(from, id, held), missing });
    } catch (error) {
      // A part of damaged bytes, or one that cannot leave this node.
      if (!HandoffError.is(error, 'HANDOFF_NOT_SERIALIZABLE')) throw error;
      missing(error);
    }
  }

  #find(to: string, value: ValueName, listener: ValueListener): void {
    const { store, offers, fetches, node } = this.#deps;
    /** Passes on what a file here has. */
    const pass = (reading: Promise<StoredValue | undefined> | undefined, found: (held: StoredValue) => void): void => {
      if (!reading) return listener.missing(undefined);
      void reading.then((held) => (held ? found(held) : listener.missing(undefined)));
    };
    const partFound =
      (part: number | null) =>
      (whole: StoredValue): void => {
        try {
          const held = partOf(whole, part);
          if (held) listener.found(held);
          else listener.missing(undefined);
        } catch (error) {
          listener.missing(error as Error);
        }
      };
    switch (value.kind) {
      case 'offered': {
        const maker = offers.find(value.offer);
        return maker ? maker(listener) : listener.missing(undefined);
      }
      case 'of-dag': {
        const { dagId, functionId } = value;
        const held = store.find(dagId, functionId);
        if (held) store.copyGiven(dagId, to);
        const recorded = held ? undefined : this.#deps.readRecord(dagId, functionId);
        if (!recorded) return held ? listener.found(held) : listener.missing(undefined);
        recorded.then(
          (one) => (one ? listener.found(one) : listener.missing(undefined)),
          (error: Error) => listener.missing(error),
        );
        return;
      }
      case 'of-run': {
        const held = heldIn(store, value.runId, value);
        if (held) return listener.found(held);
        if (value.origin === node) return pass(this.#deps.readFile(value.runId, value.functionId), partFound(value.part));
        // For a node that has no way to the origin. The value is passed on and not kept.
        fetches.fetch({ from: value.origin, value, sizeBytes: 0 }, undefined, listener);
        return;
      }
      case 'of-file': {
        const { runId, origin, file, part } = value;
        const held = heldIn(store, runId, value);
        if (held) return listener.found(held);
        if (origin !== node) return void fetches.fetch({ from: origin, value, sizeBytes: 0 }, undefined, listener);
        return pass(this.#deps.readRecordedFile(runId, file), partFound(part));
      }
      case 'composite': {
        const page = this.#deps.compositePage(value, to);
        return page ? listener.found(packPage(page)) : listener.missing(undefined);
      }
      case 'serialized': {
        if (value.origin !== node) {
          fetches.fetch({ from: value.origin, value, sizeBytes: 0 }, undefined, listener);
          return;
        }
        const { runId, functionId, epoch, file } = value;
        const held = store.get(runId, functionId, epoch);
        const found = (one: StoredValue): void => this.#serialize(to, value, one, listener);
        if (held) return found(held);
        return pass(file ? this.#deps.readRecordedFile(runId, file) : this.#deps.readFile(runId, functionId), found);
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

  #give(to: string, id: number, held: StoredValue): void {
    const { send, sendValue } = this.#deps;
    try {
      const parts = held.toParts('result');
      const isSmall = parts.length === 1 && parts[0]!.byteLength <= RIDES_ALONG_BYTES;
      send(to, { type: 'value-found', id, freeze: held.origin === 'result', packed: isSmall ? parts[0]! : null });
      if (!isSmall) sendValue(to, id, parts).catch(() => {});
    } catch (error) {
      send(to, { type: 'value-missing', id, error: packThrownForWire(error) });
    }
  }
}

/** The parts of the node that giving values needs. */
export interface ValueServerDeps {
  readonly node: string;
  readonly store: ValueStore;
  readonly executor: Executor;
  readonly fetches: Fetches;
  /** Reads a value of a run from its file here; `undefined` if there is none. */
  readonly readFile: FetchDeps['readFile'];
  /** Reads a value from a file, of whatever run; `undefined` if this node has not that folder. */
  readonly readRecordedFile: FetchDeps['readRecordedFile'];
  readonly compositePage: CompositeSource;
  /** Reads a value of a recorded run; `undefined` if nothing is recorded here. */
  readonly readRecord: (dagId: string, functionId: string) => Promise<StoredValue | undefined> | undefined;
  readonly offers: Offers;
  readonly send: (to: string, message: WireMessage) => boolean;
  readonly sendValue: (to: string, id: number, parts: readonly Uint8Array[]) => Promise<void>;
  readonly refOf: (module: string, name: string) => CodeRef;
}
