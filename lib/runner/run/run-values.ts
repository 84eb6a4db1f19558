import type { Allocator, ValueLocations } from '../../allocator/index.js';
import { HandoffError } from '../../base/index.js';
import type { RecipeStep, RunPlan } from '../../dag/index.js';
import {
  type ArgumentValue,
  type AttemptHandle,
  type Executor,
  type Fetches,
  isRemote,
  moduleOnWire,
  type Offers,
  type RemoteValue,
  RIDES_ALONG_BYTES,
  type ValueMaker,
} from '../../executor/index.js';
import type { RecordedFile, RunFiles } from '../../journal/index.js';
import type { ValueStore } from '../../store/index.js';
import { StoredValue } from '../../value/index.js';
import type { RunState } from '../brain/run-state.js';
import { Nearness } from './nearness.js';
import type { RunColumns } from './run-columns.js';
import type { RunPast } from './run-job.js';

/** Locates the values of one run, and determines how a node gets one: it is there, rides along, or is fetched. */
export class RunValues implements ValueLocations {
  readonly sizes: Float64Array;
  readonly #of: RunValuesOf;
  readonly #deps: RunValuesDeps;
  readonly #offers: number[] = [];
  /** Serializers of this run in progress on this node, for functions elsewhere. */
  #serializing: Set<AttemptHandle> | undefined;
  /** The node of each value that is no longer where it was made, because that node is gone or leaving. */
  readonly #moved = new Map<number, string>();
  /** What the record has of the run before, until all of it has been taken over. */
  #past: RunPast | undefined;
  #recalledTo = 0;
  /** 1 for recorded values that nothing needs: no node has them, and none is missed. */
  #isUnneeded: Uint8Array | undefined;
  /** The epoch of each value that was made in an earlier one than the run's; 0 for the others. */
  #epochs: Uint32Array | undefined;
  /** The files of values that are in files of other nodes. */
  #files: Map<number, RecordedFile> | undefined;
  /** By function, the one whose value could not be read when it was to be serialized for it. */
  readonly #lostFor = new Map<number, number>();
  readonly #nearness: Nearness;
  /**
   * The values on this node by index, besides the store, which has them by id. A run of a million reads each value once for each consumer,
   * and a table of a million strings is outside every cache.
   */
  readonly #here: (StoredValue | undefined)[];

  constructor(of: RunValuesOf, deps: RunValuesDeps) {
    this.#of = of;
    this.#deps = deps;
    this.sizes = of.columns.sizes;
    this.#here = of.columns.held;
    this.#nearness = new Nearness({ plan: of.plan, nodes: of.nodes, sizes: this.sizes });
  }

  /** Returns the result of a function if it is here. An attempt here may have fetched it for itself. */
  held(index: number): StoredValue | undefined {
    return this.#here[index] ?? this.#deps.store.get(this.#of.runId, this.#of.plan.ids[index]!);
  }

  /** Keeps the result of a function on this node. */
  keep(index: number, held: StoredValue): void {
    this.#here[index] = held;
    const epoch = this.#epochOf(index);
    this.#deps.store.put(this.#of.runId, this.#of.plan.ids[index]!, held, this.#of.nodes[index], epoch);
  }

  /**
   * The past of a run that begins: the driver has the values that are recorded, in memory or in files, wherever they were made; other nodes
   * may have some that are too large for the record.
   */
  remember(past: RunPast): void {
    this.#past = past;
    this.#epochs = new Uint32Array(this.#of.plan.size);
    this.#isUnneeded = new Uint8Array(this.#of.plan.size);
  }

  /** The successes before `to` have been taken over: their values are kept, as far as something needs them. */
  recallTo(to: number): void {
    if (!this.#past) return;
    const { recollection, values, places, filesElsewhere, madeIn } = this.#past;
    for (; this.#recalledTo < to; this.#recalledTo += 1) {
      const { index, sizeBytes, isFiled } = recollection.successes[this.#recalledTo]!;
      const held = values[index];
      const place = held || isFiled ? this.#deps.node : places.get(index);
      if (place === undefined) {
        this.#isUnneeded![index] = 1;
        continue;
      }
      this.made(index, held?.sizeBytes ?? sizeBytes);
      this.#moved.set(index, place);
      this.#epochs![index] = madeIn[index]!;
      const file = filesElsewhere.get(index);
      if (held) this.keep(index, held);
      else if (file && !isFiled) this.#files = (this.#files ?? new Map<number, RecordedFile>()).set(index, file);
    }
    if (to === recollection.successes.length) this.#past = undefined;
  }

  /** Drops a result: nothing here needs it any more. */
  drop(index: number): void {
    const { runId, plan, files, states } = this.#of;
    this.#here[index] = undefined;
    this.#deps.store.release(runId, plan.ids[index]!);
    if (!files) return;
    // One that failed may be tried again by a resumption.
    const dependents = plan.dependents.subarray(plan.dependentsStart[index]!, plan.dependentsStart[index + 1]!);
    if (dependents.every((one) => states[one] === 'succeeded')) files.unneeded(index);
  }

  /** Returns the result of a function, for an attempt on `target`. */
  ofFunction(index: number, target: string): ArgumentValue {
    const { runId, plan } = this.#of;
    const held = this.held(index);
    if (held && target === this.#deps.node) return held;
    const functionId = plan.ids[index]!;
    const origin = this.originOf(index);
    const epoch = this.#epochOf(index);
    const file = this.#files?.get(index);
    const value = file
      ? ({ kind: 'of-file', runId, epoch, functionId, origin, file } as const)
      : ({ kind: 'of-run', runId, epoch, functionId, origin } as const);
    // A value is already on the node that made it.
    const rides = held && origin !== target && held.sizeBytes <= RIDES_ALONG_BYTES ? held : undefined;
    return { from: origin, value, sizeBytes: this.sizes[index]!, inline: rides };
  }

  /** Whether a single function needs the result of this one, and the run's caller does not. */
  isForOne(index: number): boolean {
    const { plan, collected } = this.#of;
    return plan.dependentsStart[index + 1]! - plan.dependentsStart[index]! === 1 && collected[index] === 0;
  }

  /** The same for function `consumer`, which may keep it if no other function does. */
  ofProducer(index: number, target: string, consumer: number): ArgumentValue {
    const given = this.ofFunction(index, target);
    if (!this.isForOne(index)) return given;
    if (isRemote(given)) return { ...given, isExclusive: true };
    return this.#of.plan.isolation[consumer] === 'loop' ? given.toOnlyUser(this.#of.mayRetry(consumer)) : given;
  }

  /** Returns an input of the DAG, for an attempt on `target`. */
  ofInput(id: string, target: string): ArgumentValue {
    const { inputs, runId, epoch } = this.#of;
    const { node, store } = this.#deps;
    const given = inputs.get(id);
    if (!given) throw new Error(`input "${id}" has no value although function actors need it`);
    if (!(given instanceof StoredValue) || target === node) return given;
    // Whether it rides along depends on its packed size and on the others; if not, it is fetched.
    if (!store.get(runId, id)) store.put(runId, id, given);
    return { from: node, value: { kind: 'of-run', runId, epoch, functionId: id, origin: node }, sizeBytes: given.sizeBytes, inline: given };
  }

  /** Returns constants, for an attempt on `target`. */
  constants(held: StoredValue, target: string): ArgumentValue {
    if (target === this.#deps.node || held.sizeBytes <= RIDES_ALONG_BYTES) return held;
    return this.#offered((listener) => listener.found(held), held.sizeBytes);
  }

  /** A function has made its value on the node where it ran. */
  made(index: number, sizeBytes: number): void {
    if (this.#isUnneeded) this.#isUnneeded[index] = 0;
    this.sizes[index] = sizeBytes;
    this.#moved.delete(index);
    if (this.#epochs) this.#epochs[index] = 0;
    this.#files?.delete(index);
  }

  /** Whether the driver has the value, whether or not it gives it to others. */
  has(index: number): boolean {
    return this.held(index) !== undefined;
  }

  /** The driver has the value now, and the node that made it does not. */
  moved(index: number): void {
    this.#moved.set(index, this.#deps.node);
  }

  /** Returns, once, the function whose value could not be read when it was to be serialized for this one. */
  takeLostFor(index: number): number | undefined {
    const lost = this.#lostFor.get(index);
    this.#lostFor.delete(index);
    return lost;
  }

  /** A node is gone: its values are read from nodes with a copy. Returns the functions whose values no node has. */
  nodeGone(node: string, { states, hasValue: held }: RunState): readonly number[] {
    const { plan, nodes } = this.#of;
    const { allocation } = this.#deps;
    const living = new Set(allocation.members.map(({ name }) => name));
    const lost: number[] = [];
    for (let index = 0; index < plan.size; index += 1) {
      if ((states[index] !== 'succeeded' && states[index] !== 'recording') || held[index] === 0 || this.originOf(index) !== node) continue;
      if (this.held(index)) this.moved(index);
      else if (this.#isUnneeded?.[index] !== 1) {
        const dependents = plan.dependents.subarray(plan.dependentsStart[index]!, plan.dependentsStart[index + 1]!);
        // A value used by a function there is kept there as long as it may be needed.
        const user = dependents.find((one) => states[one] === 'succeeded' && living.has(nodes[one]!) && nodes[one] !== this.#deps.node);
        if (user === undefined) lost.push(index);
        else this.#moved.set(index, nodes[user]!);
      }
    }
    return lost;
  }

  /** Returns the epoch in which a function's result was made; inputs belong to the present one. */
  #epochOf(index: number | undefined): number {
    return (index === undefined ? 0 : this.#epochs?.[index]) || this.#of.epoch;
  }

  /** Returns the node with a function's result; inputs are with the driver. */
  originOf(index: number | undefined): string {
    return (index === undefined ? undefined : (this.#moved.get(index) ?? this.#of.nodes[index])) ?? this.#deps.node;
  }

  /**
   * Returns what the serializer of an edge makes on the node with its value, which is not `target`. `extra` holds its arguments after the
   * value.
   */
  serialized(step: RecipeStep, index: number | undefined, extra: StoredValue, consumer: SerializedFor): RemoteValue {
    const { runId, plan } = this.#of;
    const { dagId } = plan;
    const { node } = this.#deps;
    const { functionId, code, isolation } = step;
    const origin = this.originOf(index);
    // It may take as long as the function that needs it.
    const timeoutMs = plan.specs[plan.indexOf.get(consumer.id) ?? -1]?.timeoutMs;
    const packed = extra.pack('extra');
    if (origin === node) {
      return this.#offered((listener) => {
        const context = { dagId, runId, functionId: consumer.id, attempt: consumer.attempt, node, since: consumer.since };
        const place = this.#deps.executor.isolationFor(isolation);
        const found = (source: StoredValue): void => {
          const inputs = [source];
          const serialize = { role: 'serialize', functionId, code, isolation: place, inputs, asList: false, wanted: true } as const;
          const steps = [{ ...serialize, extra: StoredValue.packed(packed, 'caller') }];
          const handle = this.#deps.executor.start({ context, steps, timeoutMs, stopGraceMs: 0 });
          this.#serializing ??= new Set();
          this.#serializing.add(handle);
          handle.listen((outcome) => {
            this.#serializing?.delete(handle);
            if (outcome.type === 'succeeded') listener.found(outcome.values[0]!);
            else listener.missing(outcome.type === 'failed' ? (outcome.error as Error) : undefined);
          });
        };
        const source = index === undefined ? this.ofInput(functionId, node) : this.ofFunction(index, node);
        if (!isRemote(source)) return found(source);
        // It may be in a file here.
        const missing = (error: Error | undefined): void => {
          const consumerIndex = plan.indexOf.get(consumer.id);
          if (index !== undefined && consumerIndex !== undefined) this.#lostFor.set(consumerIndex, index);
          listener.missing(error);
        };
        this.#deps.fetches.fetch(source, undefined, { found, missing });
      }, 0);
    }
    const { module: driverModule, name } = code as { module: string; name: string };
    const module = moduleOnWire(driverModule, this.#deps.root);
    const { id, attempt, since = null } = consumer;
    const epoch = this.#epochOf(index);
    const value = { kind: 'serialized', runId, epoch, functionId, origin, dagId, consumer: id, attempt, since } as const;
    const file = (index === undefined ? undefined : this.#files?.get(index)) ?? null;
    const how = { module, name, isolation, extra: packed, timeoutMs: timeoutMs ?? null, file };
    return { from: origin, value: { ...value, ...how }, sizeBytes: 0 };
  }

  bytesToMove(index: number, target: string): number {
    const { plan, inputs } = this.#of;
    let bytes = 0;
    for (let at = plan.producersStart[index]!; at < plan.producersStart[index + 1]!; at += 1) {
      const producer = plan.producers[at]!;
      if (this.originOf(producer) !== target && !this.#nearness.hasCopy(producer, target)) bytes += this.sizes[producer]!;
    }
    for (let at = plan.argsStart[index]!; at < plan.argsStart[index + 1]!; at += 1) {
      const number = plan.args[at]!;
      if (number >= 0) continue;
      const given = inputs.get(plan.inputs[-number - 1]!);
      const origin = given instanceof StoredValue || !given ? this.#deps.node : given.from;
      if (given && origin !== target && !this.#nearness.hasCopy(number, target)) bytes += given.sizeBytes;
    }
    return bytes;
  }

  kin(index: number, node: string): number {
    return this.#nearness.kin(index, node);
  }

  placed(index: number, node: string): void {
    this.#nearness.placed(index, node);
  }

  /** Returns the nodes that have the value, without the driver: where it was made, and where its consumers ran. */
  holdersOf(index: number): ReadonlySet<string> {
    const { plan, nodes } = this.#of;
    const holders = new Set<string>();
    const add = (node: string | undefined): void => {
      if (node !== undefined && node !== this.#deps.node) holders.add(node);
    };
    add(nodes[index]);
    add(this.#moved.get(index));
    if (this.sizes[index]! <= RIDES_ALONG_BYTES) return holders;
    for (let at = plan.dependentsStart[index]!; at < plan.dependentsStart[index + 1]!; at += 1) add(nodes[plan.dependents[at]!]);
    return holders;
  }

  /** Stops giving values. */
  close(): void {
    if (this.#serializing?.size) {
      const over = new HandoffError('HANDOFF_STOPPED', 'The run is over', { runId: this.#of.runId, node: this.#deps.node });
      for (const handle of [...this.#serializing]) handle.stop(over, 0);
    }
    for (const offer of this.#offers) this.#deps.offers.drop(offer);
  }

  #offered(maker: ValueMaker, sizeBytes: number): RemoteValue {
    const offer = this.#deps.offers.add(maker);
    this.#offers.push(offer);
    return { from: this.#deps.node, value: { kind: 'offered', offer }, sizeBytes };
  }
}

/** The parts of the node that finding the values of a run needs. */
export interface RunValuesDeps {
  /** The driver. */
  readonly node: string;
  /** The folder that modules are relative to. */
  readonly root: string;
  readonly allocation: Allocator;
  readonly store: ValueStore;
  readonly offers: Offers;
  readonly fetches: Fetches;
  readonly executor: Executor;
}

/** The attempt that a serialized value is made for. */
export interface SerializedFor {
  readonly id: string;
  readonly attempt: number;
  readonly since: number | undefined;
}

/** The run that the values belong to. */
export interface RunValuesOf {
  readonly runId: string;
  /** The epoch of the run; 0 if it is not durable. */
  readonly epoch: number;
  readonly plan: RunPlan;
  readonly columns: Pick<RunColumns, 'sizes' | 'held'>;
  readonly inputs: ReadonlyMap<string, ArgumentValue>;
  /** The node where each function ran, by index. */
  readonly nodes: readonly (string | undefined)[];
  readonly states: RunState['states'];
  /** The files of its large values, if it has any. */
  readonly files: RunFiles | undefined;
  /** 1 if the run's caller gets its value. */
  readonly collected: Uint8Array;
  /** Whether a function that fails is tried again. */
  mayRetry(index: number): boolean;
}
