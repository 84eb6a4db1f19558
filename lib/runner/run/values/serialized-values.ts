import { HandoffError } from '../../../base/index.js';
import type { RecipeStep, RunPlan } from '../../../dag/index.js';
import {
  type ArgumentValue,
  type AttemptHandle,
  type Executor,
  type Fetches,
  isRemote,
  moduleOnWire,
  type RemoteValue,
  type ValueMaker,
} from '../../../executor/index.js';
import type { RecordedFile } from '../../../journal/index.js';
import type { ValueStore } from '../../../store/index.js';
import { StoredValue } from '../../../value/index.js';

/** What the serializers of edges make on the nodes with their values, for functions elsewhere. */
export class SerializedValues {
  readonly #of: SerializedOf;
  readonly #source: ValueSource;
  readonly #deps: SerializedDeps;
  /** Serializers of this run in progress on this node. */
  #inProgress: Set<AttemptHandle> | undefined;
  /** By function, the one whose value could not be read when it was to be serialized for it. */
  readonly #lostFor = new Map<number, number>();

  constructor(of: SerializedOf, source: ValueSource, deps: SerializedDeps) {
    this.#of = of;
    this.#source = source;
    this.#deps = deps;
  }

  /** Returns, once, the function whose value could not be read when it was to be serialized for this one. */
  takeLostFor(index: number): number | undefined {
    const lost = this.#lostFor.get(index);
    this.#lostFor.delete(index);
    return lost;
  }

  /**
   * Returns what the serializer of an edge makes on the node with its value, the result of function `index` or an input. That node is not
   * the consumer's. `extra` holds the serializer's arguments after the value.
   */
  of(step: RecipeStep, index: number | undefined, extra: StoredValue, consumer: SerializedFor): RemoteValue {
    const { runId, plan } = this.#of;
    const { functionId, code, isolation } = step;
    const origin = this.#source.originOf(index);
    // It may take as long as the function that needs it.
    const timeoutMs = plan.specs[plan.indexOf.get(consumer.id) ?? -1]?.timeoutMs;
    const packed = extra.pack('extra');
    if (origin === this.#deps.node) return this.#source.offered(this.#maker(step, index, packed, consumer, timeoutMs), 0);
    const { module: driverModule, name } = code as { module: string; name: string };
    const module = moduleOnWire(driverModule, this.#deps.root);
    const { id, attempt, since = null, element = null } = consumer;
    const epoch = this.#source.epochOf(index);
    const whose = { dagId: plan.dagId, consumer: id, attempt, since, element };
    const value = { kind: 'serialized', runId, epoch, functionId, origin, ...whose } as const;
    const file = (index === undefined ? undefined : this.#source.fileOf(index)) ?? null;
    const how = { module, name, isolation, extra: packed, timeoutMs: timeoutMs ?? null, file };
    return { from: origin, value: { ...value, ...how }, sizeBytes: 0 };
  }

  /** Serializes on this node when the consumer's asks for it. */
  #maker(
    { functionId, code, isolation }: RecipeStep,
    index: number | undefined,
    extra: Uint8Array,
    consumer: SerializedFor,
    timeoutMs: number | undefined,
  ): ValueMaker {
    const { runId, plan } = this.#of;
    const { node, executor, fetches, store } = this.#deps;
    return (listener) => {
      const { id, attempt, since, element } = consumer;
      const context = { dagId: plan.dagId, runId, functionId: id, attempt, node, since, element };
      const place = executor.isolationFor(isolation);
      const found = (source: StoredValue): void => {
        const inputs = [source];
        const serialize = { role: 'serialize', functionId, code, isolation: place, inputs, asList: false, wanted: true } as const;
        const steps = [{ ...serialize, extra: StoredValue.packed(extra, 'caller') }];
        const handle = executor.start({ context, steps, timeoutMs, stopGraceMs: 0 });
        this.#inProgress ??= new Set();
        this.#inProgress.add(handle);
        handle.listen((outcome) => {
          this.#inProgress?.delete(handle);
          if (outcome.type === 'succeeded') listener.found(outcome.values[0]!);
          else listener.missing(outcome.type === 'failed' ? (outcome.error as Error) : undefined);
        });
      };
      const source = index === undefined ? this.#source.ofInput(functionId, node) : this.#source.ofFunction(index, node);
      const missing = (error: Error | undefined): void => {
        const consumerIndex = plan.indexOf.get(consumer.id);
        if (index !== undefined && consumerIndex !== undefined) this.#lostFor.set(consumerIndex, index);
        listener.missing(error);
      };
      const bring = (held: StoredValue): void => store.whenHere(held, { here: () => found(held), lost: missing });
      if (!isRemote(source)) return bring(source);
      // It may be in a file here.
      fetches.fetch(source, undefined, { found: bring, missing });
    };
  }

  /** The run is over: stops what is in progress. */
  close(): void {
    if (!this.#inProgress?.size) return;
    const over = new HandoffError('HANDOFF_STOPPED', 'The run is over', { runId: this.#of.runId, node: this.#deps.node });
    for (const handle of [...this.#inProgress]) handle.stop(over, 0);
  }
}

/** The attempt that a serialized value is made for. */
export interface SerializedFor {
  readonly id: string;
  readonly attempt: number;
  readonly since: number | undefined;
  /** The place of the element that it is of a map. */
  readonly element: number | undefined;
}

/** Where the values of a run are. `undefined` stands for any input. */
interface ValueSource {
  ofFunction(index: number, target: string): ArgumentValue;
  ofInput(id: string, target: string): ArgumentValue;
  originOf(index: number | undefined): string;
  epochOf(index: number | undefined): number;
  /** Returns the file of a value that is in a file of another node. */
  fileOf(index: number): RecordedFile | undefined;
  offered(maker: ValueMaker, sizeBytes: number): RemoteValue;
}

interface SerializedOf {
  readonly runId: string;
  readonly plan: RunPlan;
}

interface SerializedDeps {
  readonly node: string;
  readonly root: string;
  readonly executor: Executor;
  readonly fetches: Fetches;
  readonly store: Pick<ValueStore, 'whenHere'>;
}
