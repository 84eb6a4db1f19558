import type { AllocationTable, Whereabouts } from '../allocator/index.js';
import { HandoffError } from '../base/index.js';
import type { Plan, ProgramStep } from '../dag/index.js';
import {
  type AttemptHandle,
  type ExecutorTable,
  type FarValue,
  type Given,
  isFar,
  type Maker,
  type Offers,
  RIDES_ALONG_BYTES,
} from '../executor/index.js';
import type { StoreTable } from '../store/index.js';
import { Held } from '../value/index.js';
import { Nearness } from './nearness.js';
import type { RunState } from './run-record.js';

/** What finding the values of a run needs. */
export interface ValuesGround {
  /** The driver. */
  readonly node: string;
  readonly allocation: AllocationTable;
  readonly store: StoreTable;
  readonly offers: Offers;
  readonly executor: ExecutorTable;
}

/** Whose values they are. */
export interface ValuesOf {
  readonly runId: string;
  readonly plan: Plan;
  readonly inputs: ReadonlyMap<string, Given>;
  /** Where each function ran, by index. */
  readonly nodes: readonly (string | undefined)[];
  /** 1: the run's caller gets it. */
  readonly collected: Uint8Array;
  /** Whether a function that fails is tried again. */
  mayRetry(index: number): boolean;
}

/** Where the values of one run lie, and how the node that needs one gets it: here at hand, riding along, or to be fetched. */
export class RunValues implements Whereabouts {
  readonly sizes: Float64Array;
  readonly #of: ValuesOf;
  readonly #ground: ValuesGround;
  readonly #offers: number[] = [];
  /** Serializers of this run under way on this node, for functions elsewhere. */
  readonly #serializing = new Set<AttemptHandle>();
  /** Where values lie that are not where they were made: that node is gone, or about to be. */
  readonly #moved = new Map<number, string>();
  readonly #nearness: Nearness;
  /**
   * What lies here, by index, beside the store, which has it by id: a run of a million reads each value as often as there are functions that need it, and a
   * table of a million strings is outside every cache.
   */
  readonly #here: (Held | undefined)[];

  constructor(of: ValuesOf, ground: ValuesGround) {
    this.#of = of;
    this.#ground = ground;
    this.sizes = new Float64Array(of.plan.size);
    this.#here = new Array<Held | undefined>(of.plan.size).fill(undefined);
    this.#nearness = new Nearness({ plan: of.plan, nodes: of.nodes, sizes: this.sizes });
  }

  /** The result of a function, where it is here; an attempt here may have fetched it for itself. */
  held(index: number): Held | undefined {
    return this.#here[index] ?? this.#ground.store.get(this.#of.runId, this.#of.plan.ids[index]!);
  }

  /** The result of a function is here from now on. */
  keep(index: number, held: Held): void {
    this.#here[index] = held;
    this.#ground.store.put(this.#of.runId, this.#of.plan.ids[index]!, held, this.#of.nodes[index]);
  }

  /** Nobody here needs it any more. */
  drop(index: number): void {
    this.#here[index] = undefined;
    this.#ground.store.release(this.#of.runId, this.#of.plan.ids[index]!);
  }

  /** The result of a function, for an attempt on `target`. */
  ofFunction(index: number, target: string): Given {
    const { runId, plan } = this.#of;
    const held = this.held(index);
    if (held && target === this.#ground.node) return held;
    const functionId = plan.ids[index]!;
    const origin = this.originOf(index);
    const value = { kind: 'of-run', runId, functionId, origin } as const;
    // What was made there is there.
    const rides = held && origin !== target && held.sizeBytes <= RIDES_ALONG_BYTES ? held : undefined;
    return { from: origin, value, sizeBytes: this.sizes[index]!, held: rides };
  }

  /** Whether one function alone needs the result of this one, and the run's caller does not. */
  isForOne(index: number): boolean {
    const { plan, collected } = this.#of;
    return plan.dependentsStart[index + 1]! - plan.dependentsStart[index]! === 1 && collected[index] === 0;
  }

  /** The same for function `consumer`, which may keep it if nobody else does. */
  ofProducer(index: number, target: string, consumer: number): Given {
    const given = this.ofFunction(index, target);
    if (!this.isForOne(index)) return given;
    if (isFar(given)) return { ...given, isSole: true };
    return this.#of.plan.isolation[consumer] === 'loop' ? given.toOnlyUser(this.#of.mayRetry(consumer)) : given;
  }

  /** An input of the DAG, for an attempt on `target`. */
  ofInput(id: string, target: string): Given {
    const { inputs, runId } = this.#of;
    const { node, store } = this.#ground;
    const given = inputs.get(id);
    if (!given) throw new Error(`input "${id}" has no value although function actors need it`);
    if (!(given instanceof Held) || target === node) return given;
    // Whether it rides along shows when it is packed, and beside others: what does not is fetched.
    if (!store.get(runId, id)) store.put(runId, id, given);
    return { from: node, value: { kind: 'of-run', runId, functionId: id, origin: node }, sizeBytes: given.sizeBytes, held: given };
  }

  /** Constants, for an attempt on `target`. */
  constants(held: Held, target: string): Given {
    if (target === this.#ground.node || held.sizeBytes <= RIDES_ALONG_BYTES) return held;
    return this.#offered((listener) => listener.found(held), held.sizeBytes);
  }

  /** A function has made its value: on the node where it ran. */
  made(index: number, sizeBytes: number): void {
    this.sizes[index] = sizeBytes;
    this.#moved.delete(index);
  }

  /** The driver has it now, and the node where it was made does not. */
  moved(index: number): void {
    this.#moved.set(index, this.#ground.node);
  }

  /** A node is gone: what it had is taken from whoever has a copy. Answers the functions whose values nobody has. */
  nodeGone(node: string, { states, held }: RunState): readonly number[] {
    const { plan, nodes } = this.#of;
    const { allocation } = this.#ground;
    const living = new Set(allocation.members.map(({ name }) => name));
    const lost: number[] = [];
    for (let index = 0; index < plan.size; index += 1) {
      if (states[index] !== 'succeeded' || held[index] === 0 || this.originOf(index) !== node) continue;
      if (this.held(index)) this.moved(index);
      else {
        const dependents = plan.dependents.subarray(plan.dependentsStart[index]!, plan.dependentsStart[index + 1]!);
        // What a function there has used is kept there, as long as anybody may need it.
        const user = dependents.find((one) => states[one] === 'succeeded' && living.has(nodes[one]!) && nodes[one] !== this.#ground.node);
        if (user === undefined) lost.push(index);
        else this.#moved.set(index, nodes[user]!);
      }
    }
    return lost;
  }

  /** Where a function's result lies; inputs are the driver's. */
  originOf(index: number | undefined): string {
    return (index === undefined ? undefined : (this.#moved.get(index) ?? this.#of.nodes[index])) ?? this.#ground.node;
  }

  /** What the serializer of an edge makes where its value lies, which is not `target`. `extra` holds its arguments after the value. */
  serialized(step: ProgramStep, index: number | undefined, extra: Held, consumer: { id: string; attempt: number }): FarValue {
    const { runId, plan } = this.#of;
    const { dagId } = plan;
    const { node } = this.#ground;
    const { functionId, code, isolation } = step;
    const origin = this.originOf(index);
    // It may take as long as the function that needs it.
    const timeoutMs = plan.specs[plan.indexOf.get(consumer.id) ?? -1]?.timeoutMs;
    const packed = extra.pack('extra');
    if (origin === node) {
      return this.#offered((listener) => {
        const source = index === undefined ? this.ofInput(functionId, node) : this.ofFunction(index, node);
        if (!(source instanceof Held)) return listener.missing(undefined);
        const context = { dagId, runId, functionId: consumer.id, attempt: consumer.attempt, node };
        const serialize = { role: 'serialize', functionId, code, isolation, inputs: [source], asList: false, wanted: true } as const;
        const steps = [{ ...serialize, extra: Held.packed(packed, 'caller') }];
        const handle = this.#ground.executor.start({ context, steps, timeoutMs, stopGraceMs: 0 });
        this.#serializing.add(handle);
        handle.listen((outcome) => {
          this.#serializing.delete(handle);
          if (outcome.type === 'succeeded') listener.found(outcome.values[0]!);
          else listener.missing(outcome.type === 'failed' ? (outcome.error as Error) : undefined);
        });
      }, 0);
    }
    const { module, name } = code as { module: string; name: string };
    const value = { kind: 'serialized', runId, functionId, origin, dagId, consumer: consumer.id, attempt: consumer.attempt } as const;
    return { from: origin, value: { ...value, module, name, isolation, extra: packed, timeoutMs: timeoutMs ?? null }, sizeBytes: 0 };
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
      const origin = given instanceof Held || !given ? this.#ground.node : given.from;
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

  /** The nodes, the driver apart, that have the value: where it was made, and where something that needed it ran. */
  holdersOf(index: number): ReadonlySet<string> {
    const { plan, nodes } = this.#of;
    const holders = new Set<string>();
    const add = (node: string | undefined): void => {
      if (node !== undefined && node !== this.#ground.node) holders.add(node);
    };
    add(nodes[index]);
    add(this.#moved.get(index));
    if (this.sizes[index]! <= RIDES_ALONG_BYTES) return holders;
    for (let at = plan.dependentsStart[index]!; at < plan.dependentsStart[index + 1]!; at += 1) add(nodes[plan.dependents[at]!]);
    return holders;
  }

  /** Nothing is given any more. */
  close(): void {
    if (this.#serializing.size > 0) {
      const over = new HandoffError('HANDOFF_STOPPED', 'The run is over', { runId: this.#of.runId, node: this.#ground.node });
      for (const handle of [...this.#serializing]) handle.stop(over, 0);
    }
    for (const offer of this.#offers) this.#ground.offers.drop(offer);
  }

  #offered(maker: Maker, sizeBytes: number): FarValue {
    const offer = this.#ground.offers.add(maker);
    this.#offers.push(offer);
    return { from: this.#ground.node, value: { kind: 'offered', offer }, sizeBytes };
  }
}
