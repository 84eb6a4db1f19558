import type { Allocator, ValueLocations } from '../../../allocator/index.js';
import type { StepwiseWork } from '../../../base/index.js';
import { consumerOf, firstEdge, NO_EDGE, nextEdge, type RecipeStep, type RunPlan } from '../../../dag/index.js';
import {
  type ArgumentValue,
  type Executor,
  type Fetches,
  isRemote,
  type Offers,
  type PartsPage,
  type RemoteValue,
  RIDES_ALONG_BYTES,
  type ValueMaker,
} from '../../../executor/index.js';
import type { RecordedFile, RunFiles } from '../../../journal/index.js';
import type { RunShelf, ValueStore } from '../../../store/index.js';
import { MOVABLE_BYTES, StoredValue } from '../../../value/index.js';
import type { RunState } from '../../brain/run-state.js';
import type { FoundResult } from '../../remember/found-result.js';
import type { RecalledValue } from '../growth/growth-record.js';
import type { RunColumns } from '../run-columns.js';
import type { RunPast } from '../run-job.js';
import { Composites } from './composites.js';
import { Nearness } from './nearness.js';
import { RecalledValues } from './recalled-values.js';
import { type SerializedFor, SerializedValues } from './serialized-values.js';

/** Locates the values of one run, and determines how a node gets one: it is there, rides along, or is fetched. */
export class RunValues implements ValueLocations {
  readonly store: ValueStore;
  readonly #of: RunValuesOf;
  readonly #deps: RunValuesDeps;
  readonly #offers: number[] = [];
  /** The node of each value that is no longer where it was made, because that node is gone or leaving. */
  readonly #moved = new Map<number, string>();
  readonly #recalled = new RecalledValues();
  readonly #serialized: SerializedValues;
  /** The values that are put together of others, and those of functions without one; `undefined` if the DAG has no such functions. */
  readonly #composites: Composites | undefined;
  readonly #nearness: Nearness;
  /** The shelf of the run, which has the values on this node by index. */
  readonly #shelf: RunShelf;

  constructor(of: RunValuesOf, deps: RunValuesDeps) {
    this.#of = of;
    this.#deps = deps;
    this.#shelf = of.shelf;
    this.store = deps.store;
    const { runId, epoch, plan, state, columns } = of;
    this.#serialized = new SerializedValues(of, this, deps);
    const run = { runId, epoch, node: deps.node, plan, state };
    this.#composites = plan.growth && new Composites(run, this);
    this.#nearness = new Nearness({ plan, nodes: state.nodes, columns, composites: this.#composites });
    if (of.files) of.files.onWritten = (index, bytes) => deps.store.filed(runId, plan.ids[index]!, bytes);
  }

  /** Returns the result of a function if it is here. An attempt here may have fetched it for itself. */
  held(index: number): StoredValue | undefined {
    return this.#shelf.at(index);
  }

  /** Keeps the result of a function on this node. */
  keep(index: number, held: StoredValue): void {
    this.#keep(index, held, this.epochOf(index));
  }

  #keep(index: number, held: StoredValue, epoch: number): void {
    this.#put(index, held, this.#of.state.nodes[index], epoch);
  }

  #put(index: number, held: StoredValue, origin: string | undefined, epoch: number): void {
    const isSole = held.sizeBytes >= MOVABLE_BYTES && this.isSole(index);
    this.#shelf.putAt(index, held, origin, epoch, isSole);
  }

  /**
   * The past of a run that begins: the driver has the values that are recorded, in memory or in files, wherever they were made; other nodes
   * may have some that are too large for the record.
   */
  remember(past: RunPast): void {
    this.#recalled.remember(past, this.#of.plan.size);
  }

  /** The successes before `to` have been taken over: their values are kept, as far as something needs them. */
  recallTo(to: number): void {
    this.#recalled.recallTo(to, this.#deps.node, (value) => this.#take(value));
  }

  /** A recorded success has been taken over of a function that the run has added. */
  recall(value: RecalledValue): void {
    this.#recalled.recall(value, (found) => this.#take(found));
  }

  #take({ index, sizeBytes, held, place, epoch }: RecalledValue): void {
    this.made(index, held?.sizeBytes ?? sizeBytes);
    this.#moved.set(index, place!);
    if (held) this.#keep(index, held, epoch);
  }

  /** The result of a function is remembered: it is here, or in a file of another node. */
  remembered(index: number, { node, sizeBytes, held, file }: FoundResult): void {
    this.made(index, sizeBytes);
    this.#moved.set(index, node);
    if (file) this.#recalled.remembered(index, file);
    if (held) this.#put(index, held, node, this.#of.epoch);
  }

  /** Drops a result: nothing here needs it any more. */
  drop(index: number): void {
    const { files } = this.#of;
    this.#composites?.drop(index);
    this.#shelf.deleteAt(index);
    // One that failed may be tried again by a resumption.
    if (files && this.#isUsedUp(index)) files.unneeded(index);
  }

  /** Whether all functions have succeeded that need the value, or that of a composite around it. */
  #isUsedUp(index: number): boolean {
    if (!this.#allConsumers(index, (one) => this.#of.state.states[one] === 'succeeded')) return false;
    if (this.#composites) for (const by of this.#composites.around(index)) if (!this.#isUsedUp(by)) return false;
    return true;
  }

  #allConsumers(index: number, isSo: (consumer: number) => boolean): boolean {
    const { shape } = this.#of.plan;
    for (let edge = firstEdge(shape, index); edge !== NO_EDGE; edge = nextEdge(shape, index, edge))
      if (!isSo(consumerOf(shape, edge))) return false;
    return true;
  }

  /** Returns the result of a function, for an attempt on `target`. */
  ofFunction(index: number, target: string): ArgumentValue {
    return this.#composites?.valueOf(index, target) ?? this.ownOf(index, target);
  }

  /** The same, but of an expansion the DAG that its own attempt has made. */
  ownOf(index: number, target: string): ArgumentValue {
    const { runId, plan } = this.#of;
    const held = this.held(index);
    if (held && target === this.#deps.node) return held;
    const functionId = plan.ids[index]!;
    const origin = this.originOf(index);
    const epoch = this.epochOf(index);
    const value = this.#recalled.nameOf(index, { runId, epoch, functionId, origin, part: null });
    // A value is already on the node that made it, but the name of a small one would take more than the value itself.
    const mayRide = held && !held.isAway && held.sizeBytes <= RIDES_ALONG_BYTES;
    const rides = mayRide && (origin !== target || held.isPackedScalar) ? held : undefined;
    return { from: origin, value, sizeBytes: this.#of.columns.sizes[index]!, inline: rides };
  }

  /** Whether a value is only in a file of what another node remembers: nothing of it was made there in this run. */
  isRememberedElsewhere(index: number): boolean {
    return this.#recalled.isRemembered(index);
  }

  /** Whether a single function needs the result of this one, and the run's caller does not. */
  isSole(index: number): boolean {
    if (this.#composites) return this.#composites.isSole(index);
    const { plan, state } = this.#of;
    return plan.dependentsStart[index + 1]! - plan.dependentsStart[index]! === 1 && state.policy.collected[index] === 0;
  }

  /** The same for function `consumer`, which may keep it if no other function does. */
  ofProducer(index: number, target: string, consumer: number): ArgumentValue {
    const given = this.ofFunction(index, target);
    if (!this.isSole(index)) return given;
    if (isRemote(given)) return { ...given, isSole: true };
    return this.#of.plan.isolation[consumer] === 'loop' ? given.toSoleUser(this.#of.mayRetry(consumer)) : given;
  }

  /** Returns one element of the array that a map goes over, for its function `consumer` on `target`, to which alone it goes. */
  ofElement(map: number, place: number, target: string, consumer: number): ArgumentValue {
    return this.#composites!.elementOf(map, place, target, consumer);
  }

  /** Whether a function's value is put together of others, where it is needed. */
  isComposite(index: number): boolean {
    return this.#composites?.has(index) === true;
  }

  /** Returns the parts of a map's or an expansion's value from `first` on, for `to`; `undefined` if there are none. */
  pageOf(functionId: string, first: number, to: string): PartsPage | undefined {
    return this.#composites?.pageOf(functionId, first, to);
  }

  /**
   * Makes the values that the run's caller gets, as far as functions have none of their own, when the run has ended; `undefined` if it has
   * no such functions.
   */
  collectComposites(): StepwiseWork<void> | undefined {
    return this.#composites?.collected();
  }

  /** Returns the value that the run's caller gets of a function, once `collectComposites` is done. */
  resultOf(index: number): StoredValue | undefined {
    return this.isComposite(index) ? this.#composites!.resultOf(index) : this.held(index);
  }

  /** Returns the size of a function's value, bytes; 0 before it has one. */
  sizeOf(index: number): number {
    return this.#of.columns.sizes[index]!;
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
    const value = { kind: 'of-run', runId, epoch, functionId: id, origin: node, part: null } as const;
    return { from: node, value, sizeBytes: given.sizeBytes, inline: given.isAway ? undefined : given };
  }

  /** From the beginning on the run's inputs are values of this node, which may leave its memory. */
  ownInputs(): void {
    const { inputs } = this.#of;
    if (inputs.size > 0) this.#shelf.ownInputs([...inputs].filter((one): one is [string, StoredValue] => !isRemote(one[1])));
  }

  /** Returns constants, for an attempt on `target`. */
  constants(held: StoredValue, target: string): ArgumentValue {
    if (target === this.#deps.node || held.sizeBytes <= RIDES_ALONG_BYTES) return held;
    return this.offered((listener) => listener.found(held), held.sizeBytes);
  }

  /** A function has made its value on the node where it ran. */
  made(index: number, sizeBytes: number): void {
    this.#recalled.made(index);
    this.#of.columns.sizes[index] = sizeBytes;
    this.#moved.delete(index);
    this.#composites?.changed(index);
  }

  /** Whether the driver has the value, whether or not it gives it to others. */
  has(index: number): boolean {
    return this.held(index) !== undefined;
  }

  /** Returns the maps and expansions whose values a function's is a part of, from the inside out. */
  around(index: number): Iterable<number> {
    return this.#composites?.around(index) ?? [];
  }

  /** The driver has the value now, and the node that made it does not. */
  moved(index: number): void {
    this.#moved.set(index, this.#deps.node);
    this.#recalled.moved(index);
    this.#composites?.changed(index);
  }

  /** Returns, once, the function whose value could not be read when it was to be serialized for this one. */
  takeLostFor(index: number): number | undefined {
    return this.#serialized.takeLostFor(index);
  }

  /** A node is gone: its values are read from nodes with a copy. Returns the functions whose values no node has. */
  nodeGone(node: string, { states, hasValue: held, nodes }: RunState): readonly number[] {
    const { plan } = this.#of;
    const { allocation } = this.#deps;
    const living = new Set(allocation.members.map(({ name }) => name));
    const lost: number[] = [];
    for (let index = 0; index < plan.size; index += 1) {
      // A composite has no value of its own; the DAG of an expansion stays with the driver.
      if (states[index] === 'succeeded' && this.isComposite(index)) continue;
      if ((states[index] !== 'succeeded' && states[index] !== 'recording') || held[index] === 0 || this.originOf(index) !== node) continue;
      if (this.held(index)) this.moved(index);
      else if (!this.#recalled.isUnneeded(index)) {
        // A value used by a function there is kept there as long as it may be needed.
        const isUser = (one: number): boolean => states[one] === 'succeeded' && living.has(nodes[one]!) && nodes[one] !== this.#deps.node;
        let user: number | undefined;
        this.#allConsumers(index, (one) => {
          if (isUser(one) && this.#composites?.splitFor(one) !== index) user = one;
          return user === undefined;
        });
        if (user === undefined) lost.push(index);
        else this.#moved.set(index, nodes[user]!);
        this.#composites?.changed(index);
      }
    }
    return lost;
  }

  /** Returns the epoch in which a function's result was made; inputs belong to the present one. */
  epochOf(index: number | undefined): number {
    return (index === undefined ? 0 : this.#recalled.epochOf(index)) || this.#of.epoch;
  }

  /** Returns the file of a value that is in a file of another node. */
  fileOf(index: number): RecordedFile | undefined {
    return this.#recalled.fileOf(index);
  }

  /** Returns the node with a function's result. Inputs are with the driver, and so is the `undefined` of an absent function. */
  originOf(index: number | undefined): string {
    if (index === undefined || this.#of.state.absent.has(index)) return this.#deps.node;
    return this.#moved.get(index) ?? this.#of.state.nodes[index] ?? this.#deps.node;
  }

  /** Returns what the serializer of an edge makes on the node with its value, which is not the consumer's. See `SerializedValues`. */
  serialized(step: RecipeStep, index: number | undefined, extra: StoredValue, consumer: SerializedFor): RemoteValue {
    return this.#serialized.of(step, index, extra, consumer);
  }

  bytesToMove(index: number, target: string): number {
    const { plan, inputs } = this.#of;
    let bytes = 0;
    for (let at = plan.producersStart[index]!; at < plan.producersStart[index + 1]!; at += 1) {
      const producer = plan.producers[at]!;
      if (this.#nearness.hasCopy(producer, target)) continue;
      if (this.isComposite(producer)) bytes += this.#composites!.bytesElsewhere(producer, target);
      else if (this.originOf(producer) !== target) bytes += this.#neededBytes(producer, index, this.sizeOf(producer));
    }
    for (let at = plan.argsStart[index]!; at < plan.argsStart[index + 1]!; at += 1) {
      const number = plan.args[at]!;
      if (number >= 0) continue;
      const given = inputs.get(plan.inputs[-number - 1]!);
      const origin = given instanceof StoredValue || !given ? this.#deps.node : given.from;
      if (given && origin !== target && !this.#nearness.hasCopy(number, target)) bytes += this.#neededBytes(number, index, given.sizeBytes);
    }
    return bytes;
  }

  /** An element of a map needs a part of its array. */
  #neededBytes(producer: number, index: number, sizeBytes: number): number {
    return this.#composites ? this.#composites.neededBytes(producer, index, sizeBytes) : sizeBytes;
  }

  kin(index: number, node: string): number {
    return this.#nearness.kin(index, node);
  }

  placed(index: number, node: string): void {
    this.#nearness.placed(index, node);
  }

  /** Returns the nodes that have the value, without the driver: where it was made, and where its consumers ran. */
  holdersOf(index: number): ReadonlySet<string> {
    const { nodes } = this.#of.state;
    const holders = new Set<string>();
    const add = (node: string | undefined): void => {
      if (node !== undefined && node !== this.#deps.node) holders.add(node);
    };
    add(nodes[index]);
    add(this.#moved.get(index));
    // Small values ride along and are not kept, unless they had to be put together.
    if (this.sizeOf(index) <= RIDES_ALONG_BYTES && !this.isComposite(index)) return holders;
    this.#allConsumers(index, (one) => {
      if (this.#composites?.splitFor(one) !== index) add(nodes[one]);
      return true;
    });
    return holders;
  }

  /** Stops giving values. */
  close(): void {
    this.#serialized.close();
    for (const offer of this.#offers) this.#deps.offers.drop(offer);
  }

  /** Returns a value that this node makes when it is asked for it, until the run is over. */
  offered(maker: ValueMaker, sizeBytes: number): RemoteValue {
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

/** The run that the values belong to. */
export interface RunValuesOf {
  readonly runId: string;
  /** The epoch of the run; 0 if it is not durable. */
  readonly epoch: number;
  readonly plan: RunPlan;
  /** Where its values on this node are. */
  readonly shelf: RunShelf;
  readonly columns: Pick<RunColumns, 'sizes'>;
  readonly inputs: ReadonlyMap<string, ArgumentValue>;
  readonly state: Pick<RunState, 'states' | 'nodes' | 'absent' | 'policy'>;
  /** The files of its large values, if it has any. */
  readonly files: RunFiles | undefined;
  /** Whether a function that fails is tried again. */
  mayRetry(index: number): boolean;
}
