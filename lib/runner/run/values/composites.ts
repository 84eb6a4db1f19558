import { doAtOnce, type StepwiseWork } from '../../../base/index.js';
import { consumerOf, firstEdge, NO_EDGE, nextEdge, type PlanShape, partAt, type RunPlan } from '../../../dag/index.js';
import {
  type ArgumentValue,
  type CompositeName,
  isRemote,
  type PartsPage,
  type RemoteValue,
  RIDES_ALONG_BYTES,
  type RunStore,
} from '../../../executor/index.js';
import type { ValueStore } from '../../../store/index.js';
import { StoredValue } from '../../../value/index.js';
import type { RunState } from '../../brain/run-state.js';

/** Up to this many parts that are all on the driver are put together at once there. */
const TOGETHER_AT_ONCE = 1000;

/** How many functions or parts are looked at in one step. */
const LOOKED_AT_IN_STEP = 4096;

/**
 * The values of maps and expansions, which have none of their own: an array or a record of their parts' values, put together only where it
 * is needed. Also the elements of an array that a map goes over, and functions that are absent, whose value is `undefined`.
 */
export class Composites {
  readonly #of: CompositesOf;
  readonly #values: PartValues;
  /** By composite, how many bytes of its parts are on each node. */
  readonly #bytesOn = new Map<number, ReadonlyMap<string, number>>();
  /** What was put together here, until it is dropped. */
  readonly #wholes = new Map<number, StoredValue>();

  constructor(of: CompositesOf, values: PartValues) {
    this.#of = of;
    this.#values = values;
  }

  /** Whether a function's value is put together of others. Before its functions are known, that of an expansion is its DAG. */
  has(index: number): boolean {
    const { growth, added } = this.#of.plan.shape;
    if (growth === undefined) return false;
    if (growth.maps.has(index)) return true;
    return growth.expansions.has(index) && (added!.parts.has(index) || this.#of.state.states[index] === 'succeeded');
  }

  /** Whether a function has ended without a value, and its consumers get `undefined`. */
  isAbsent(index: number): boolean {
    return this.#of.state.absent.has(index);
  }

  /** Returns the value of a function for an attempt on `target`, if it is absent or a composite. */
  valueOf(index: number, target: string): ArgumentValue | undefined {
    if (this.isAbsent(index)) return StoredValue.nothing;
    if (!this.has(index)) return undefined;
    const { node, runId, epoch, plan } = this.#of;
    const sizeBytes = this.#values.sizeOf(index);
    const isHere = target === node;
    const together = isHere || sizeBytes <= RIDES_ALONG_BYTES ? this.#together(index) : undefined;
    if (isHere && together) return together;
    const value: CompositeName = { kind: 'composite', runId, epoch, functionId: plan.ids[index]!, origin: node, first: 0 };
    return { from: node, value, sizeBytes, inline: together };
  }

  /**
   * Returns the element in a place of the array that a map goes over, for its function `consumer` on `target`, to which alone it goes.
   */
  elementOf(map: number, place: number, target: string, consumer: number): ArgumentValue {
    const { over } = this.#of.plan.shape.growth!.maps.get(map)!;
    if (over >= 0 && this.has(over)) return this.#values.ofProducer(this.#partsOf(over).at(place), target, consumer);
    const whole = over >= 0 ? this.#values.ofFunction(over, target) : this.#values.ofInput(this.#of.plan.inputs[-over - 1]!, target);
    if (!isRemote(whole)) return whole.isAway ? this.#elementOfAway(over, whole, place, consumer) : whole.partAt(place);
    const { from, value } = whole;
    if (value.kind !== 'of-run' && value.kind !== 'of-file' && value.kind !== 'remembered')
      throw new Error(`an array that is "${value.kind}" has no elements`);
    const held = over >= 0 ? this.#values.held(over) : whole.inline;
    const part = held && !held.isAway && from !== target ? held.partAt(place) : undefined;
    const sizeBytes = part?.sizeBytes ?? this.neededBytes(over, consumer, whole.sizeBytes);
    const inline = part && sizeBytes <= RIDES_ALONG_BYTES ? part : undefined;
    return { from, value: { ...value, part: place }, sizeBytes, inline, isSole: true };
  }

  /** The array is on the disk of the driver: the element is waited for like one of another node. */
  #elementOfAway(over: number, whole: StoredValue, place: number, consumer: number): RemoteValue {
    const { runId, epoch: present, node, plan } = this.#of;
    const { store } = this.#values;
    const functionId = over >= 0 ? plan.ids[over]! : plan.inputs[-over - 1]!;
    if (over < 0 && !store.get(runId, functionId)) store.put(runId, functionId, whole);
    const epoch = over >= 0 ? this.#values.epochOf(over) : present;
    const value = { kind: 'of-run', runId, epoch, functionId, origin: node, part: place } as const;
    return { from: node, value, sizeBytes: this.neededBytes(over, consumer, whole.sizeBytes), isSole: true };
  }

  /**
   * For an element whose array is no composite, the producer of that array, a function or input k as -(k+1), of which it gets one part;
   * `undefined` for all other functions.
   */
  splitFor(index: number): number | undefined {
    const { added, growth } = this.#of.plan.shape;
    if (!added || index < added.baseSize) return undefined;
    const over = growth!.maps.get(added.parentOf[index]!)?.over;
    return over === undefined || (over >= 0 && this.has(over)) ? undefined : over;
  }

  /** How much of the value of `producer` the function `index` gets, bytes. Elements are taken to be of one size. */
  neededBytes(producer: number, index: number, sizeBytes: number): number {
    if (this.splitFor(index) !== producer) return sizeBytes;
    const { added } = this.#of.plan.shape;
    return Math.ceil(sizeBytes / Math.max(1, added!.parts.get(added!.parentOf[index]!)!.total));
  }

  /** Returns the parts of a composite from `first` on, for `to`; `undefined` if it has not made its value, or has no such part. */
  pageOf(functionId: string, first: number, to: string): PartsPage | undefined {
    const { plan, state } = this.#of;
    const index = plan.indexOf.get(functionId);
    if (index === undefined || !this.has(index) || state.states[index] !== 'succeeded' || this.isAbsent(index)) return undefined;
    const { total, keys, at } = this.#partsOf(index);
    if (first > 0 && first >= total) return undefined;
    const end = Math.min(total, first + TOGETHER_AT_ONCE);
    const parts: (ArgumentValue | undefined)[] = [];
    for (let place = first; place < end; place += 1) {
      const part = at(place);
      parts.push(this.isAbsent(part) ? undefined : this.#values.ofFunction(part, to));
    }
    return { total, keys: keys?.slice(first, end), parts };
  }

  /** How many bytes of a composite are not on a node. */
  bytesElsewhere(index: number, node: string): number {
    let bytesOn = this.#bytesOn.get(index);
    if (!bytesOn) {
      bytesOn = this.#bytesByNode(index);
      this.#bytesOn.set(index, bytesOn);
    }
    return Math.max(0, this.#values.sizeOf(index) - (bytesOn.get(node) ?? 0));
  }

  #bytesByNode(index: number): ReadonlyMap<string, number> {
    const bytesOn = new Map<string, number>();
    const composites = [index];
    for (let one = composites.pop(); one !== undefined; one = composites.pop()) {
      const { total, at } = this.#partsOf(one);
      for (let place = 0; place < total; place += 1) {
        const part = at(place);
        if (this.isAbsent(part)) continue;
        if (this.has(part)) composites.push(part);
        else {
          const node = this.#values.originOf(part);
          bytesOn.set(node, (bytesOn.get(node) ?? 0) + this.#values.sizeOf(part));
        }
      }
    }
    return bytesOn;
  }

  /** The value of a function has been made, or is elsewhere now. */
  changed(index: number): void {
    this.#wholes.delete(index);
    if (this.#bytesOn.size === 0 && this.#wholes.size === 0) return;
    for (const one of this.around(index)) {
      this.#bytesOn.delete(one);
      this.#wholes.delete(one);
    }
    this.#bytesOn.delete(index);
  }

  /** Iterates over the composites that a function's value is a part of, from the inside out. */
  *around(index: number): Generator<number, void, void> {
    const { added } = this.#of.plan.shape;
    if (!added) return;
    for (let part = index, by = added.parentOf[part]!; by >= 0 && this.#isValueOf(part, by); part = by, by = added.parentOf[part]!)
      yield by;
  }

  /** Whether a part's value is in that of its composite. Of an expansion only those are that no function consumes. */
  #isValueOf(part: number, by: number): boolean {
    const { shape } = this.#of.plan;
    return shape.growth!.maps.has(by) || firstEdge(shape, part) === NO_EDGE;
  }

  /** Whether only one function needs the value of this one, none of the composites around it is needed, and it is no array to be split. */
  isSole(index: number): boolean {
    const { shape } = this.#of.plan;
    const { collected } = this.#of.state.policy;
    if (this.has(index) || shape.growth?.splits.has(index)) return false;
    for (const by of this.around(index)) if (collected[by] === 1 || this.#isNeededWhole(by)) return false;
    const first = firstEdge(shape, index);
    return first !== NO_EDGE && nextEdge(shape, index, first) === NO_EDGE && collected[index] === 0;
  }

  /** Whether some function needs the whole of a composite: any but the elements of a map over it. */
  #isNeededWhole(by: number): boolean {
    const { shape } = this.#of.plan;
    for (let edge = firstEdge(shape, by); edge !== NO_EDGE; edge = nextEdge(shape, by, edge)) {
      const map = shape.growth!.maps.get(consumerOf(shape, edge));
      if (!map?.isPipelined || map.over !== by) return true;
    }
    return false;
  }

  /** Puts a composite together if that is done soon: it has few parts, which are all here. */
  #together(index: number): StoredValue | undefined {
    const known = this.#wholeHeld(index);
    if (known) return known;
    const composites = [index];
    let parts = 0;
    // Those in others come later than these, so that a walk backwards finds them ready.
    for (const composite of composites) {
      const { total, at } = this.#partsOf(composite);
      parts += total;
      if (parts > TOGETHER_AT_ONCE) return undefined;
      for (let place = 0; place < total; place += 1) {
        const part = at(place);
        if (this.#heldAt(part)) continue;
        if (!this.has(part)) return undefined;
        composites.push(part);
      }
    }
    for (const composite of composites.reverse()) this.#wholes.set(composite, doAtOnce(this.#wholeInSteps(composite))!);
    return this.#wholes.get(index);
  }

  /** Returns a composite that was put together here, for the run itself or by an attempt of it. */
  #wholeHeld(index: number): StoredValue | undefined {
    const { runId, epoch, plan } = this.#of;
    const { store } = this.#values;
    const whole = this.#wholes.get(index);
    return whole && !store.hasLost(whole) ? whole : store.getComposite(runId, plan.ids[index]!, epoch);
  }

  /** Returns what is here of a function's value, as others see it. */
  #heldAt(part: number): StoredValue | undefined {
    if (this.isAbsent(part)) return StoredValue.nothing;
    return this.has(part) ? this.#wholeHeld(part) : this.#values.held(part);
  }

  /** Returns the value of a composite that the run's caller gets, once `collected` is done. */
  resultOf(index: number): StoredValue | undefined {
    if (this.isAbsent(index)) return StoredValue.nothing;
    return this.#of.state.states[index] === 'succeeded' ? this.#wholes.get(index) : undefined;
  }

  /** Nothing needs a composite any more. */
  drop(index: number): void {
    this.#wholes.delete(index);
  }

  /**
   * Makes the values of the functions that the run's caller gets, as far as they have none of their own: composites are put together of
   * parts that have been fetched, and the value of absent functions is `undefined`.
   */
  *collected(): StepwiseWork<void> {
    const { plan, state } = this.#of;
    const { added, size } = plan.shape;
    for (let index = 0; index < (added?.baseSize ?? size); index += 1) {
      if (index % LOOKED_AT_IN_STEP === LOOKED_AT_IN_STEP - 1) yield;
      if (state.policy.collected[index] !== 1) continue;
      if (this.isAbsent(index)) this.#values.keep(index, StoredValue.nothing);
      else if (this.has(index) && state.states[index] === 'succeeded') yield* this.#keepWhole(index);
    }
  }

  *#keepWhole(index: number): StepwiseWork<void> {
    const composites = [index];
    for (const composite of composites) {
      const { total, at } = this.#partsOf(composite);
      for (let place = 0; place < total; place += 1) {
        if (place % LOOKED_AT_IN_STEP === LOOKED_AT_IN_STEP - 1) yield;
        if (this.has(at(place)) && !this.isAbsent(at(place))) composites.push(at(place));
      }
    }
    for (const composite of composites.reverse()) {
      const whole = yield* this.#wholeInSteps(composite);
      if (whole) this.#wholes.set(composite, whole);
    }
    const whole = this.#wholes.get(index);
    if (whole) this.#values.keep(index, whole);
  }

  /** Puts a composite together; `undefined` if a part is not here. */
  *#wholeInSteps(index: number): StepwiseWork<StoredValue | undefined> {
    const { total, keys, at } = this.#partsOf(index);
    const parts: StoredValue[] = [];
    for (let place = 0; place < total; place += 1) {
      if (place % LOOKED_AT_IN_STEP === LOOKED_AT_IN_STEP - 1) yield;
      const part = this.#heldAt(at(place));
      if (!part) return undefined;
      parts.push(part);
    }
    return StoredValue.ofParts(parts, keys);
  }

  #partsOf(index: number): PartTable {
    const { added, growth } = this.#of.plan.shape;
    const parts = added?.parts.get(index);
    if (!growth!.expansions.has(index)) return { total: parts?.total ?? 0, keys: undefined, at: (place) => partAt(parts!, place) };
    const { sinks = [], keys = [] } = parts ?? {};
    return { total: sinks.length, keys, at: (place) => sinks[place]! };
  }
}

/** The functions whose values a composite has, in order. */
interface PartTable {
  readonly total: number;
  readonly keys: readonly string[] | undefined;
  at(place: number): number;
}

/** The values of the functions of a run. */
export interface PartValues {
  held(index: number): StoredValue | undefined;
  ofFunction(index: number, target: string): ArgumentValue;
  ofProducer(index: number, target: string, consumer: number): ArgumentValue;
  ofInput(id: string, target: string): ArgumentValue;
  originOf(index: number): string;
  epochOf(index: number): number;
  sizeOf(index: number): number;
  /** Keeps a value with the run, under the id of its function. */
  keep(index: number, held: StoredValue): void;
  readonly store: RunStore & Pick<ValueStore, 'put' | 'hasLost'>;
}

/** The run of the composites. */
export interface CompositesOf {
  readonly runId: string;
  readonly epoch: number;
  /** The driver. */
  readonly node: string;
  readonly plan: Pick<RunPlan, 'ids' | 'indexOf' | 'inputs'> & { readonly shape: PlanShape };
  readonly state: Pick<RunState, 'states' | 'absent' | 'policy'>;
}
