import { HandoffError, newDagId, refuseWrongName } from '../../base/index.js';
import { Graph } from '../graph/graph.js';
import { FunctionsById } from '../plan/id-maps.js';
import { compile } from '../plan/plan.js';
import { dagToJson, readJson } from '../text/json.js';
import { toDot, toMermaid } from '../text/pictures.js';
import type { OfCheck, OfInline, OfSpec, OfUsed, OfValues } from './all-at-once.js';
import type { ConditionId, On, Perhaps, WhenCheck } from './branches.js';
import type { ElementOf, Expands, MapResult, OverCheck, PrefixCheck, Prefixed, SinksOf, Wired } from './composites.js';
import type { DagJson, DagLike, DynamicDag, shape, Type } from './dag-like.js';
import type { Arg, IdOf } from './edge.js';
import type { FunctionRef, ResultOf, UntypedFunctionRef } from './function-ref.js';
import { type Adder, type FunctionOptions, type FunctionSpec, specOf } from './function-spec.js';
import { includedSpecs } from './included.js';
import { inputsOf } from './inputs.js';
import type { Grown, GrownBy, Ids, Merged, Parts, PartsOf, Sentences } from './parts.js';
import type { Cloneable, ExtraArgs, Fits, Given, NewId, NotTaken, Values } from './wiring.js';

// The parts are named once: the compiler would work them out twice.
type DagWith<P extends Parts, In extends string, Inl extends string, Used extends string> = Dag<Merged<P>, In, Inl, Used, P>;

/**
 * A directed acyclic graph of functions: what is to be done, not when or where. `add`, `map`, `expand`, `include` and `input` change the
 * DAG and return it with a wider type: keep what they return. Nothing is ever removed or replaced. Ids may be any non-empty string.
 *
 * `V` holds the values by id, `In` the ids of inputs, `Inl` those of inline functions, `Used` the ids that something consumes. `P` is `V`
 * as `add` keeps it, and is never written by hand.
 */
export class Dag<
  V extends object = {},
  In extends string = never,
  Inl extends string = never,
  Used extends string = never,
  P extends Parts = PartsOf<V>,
> implements DagLike<V, In, Inl, Used>
{
  /** For the compiler only. @internal */
  declare readonly [shape]?: { readonly values: V; readonly inputs: In; readonly inlines: Inl; readonly used: Used };
  /** The id of the DAG in results, errors and events, and on the wire. */
  readonly id: string;
  /** The functions by id, in the order in which they were added, without the inputs. */
  readonly functions: ReadonlyMap<string, FunctionSpec>;
  readonly #graph = new Graph();

  /**
   * Creates an empty DAG. `id` names it in results and on the wire; the default is a new UUID v7.
   * @throws `TypeError` if `id` is not a non-empty string without lone surrogates.
   */
  constructor(id: string = newDagId()) {
    refuseWrongName(id, 'Cannot make a DAG', 'its id');
    this.id = id;
    this.functions = new FunctionsById(this.#graph);
  }

  /** How many functions the DAG has, including inline ones, not inputs. */
  get size(): number {
    return this.#graph.specs.length;
  }

  /**
   * Adds a function. The order of calls does not matter at run time. The specification is copied. The rest is checked by `validate`,
   * or by the run.
   *
   * `when` decides whether the function runs: the id of a value that must be truthy, or `{ id, is }` or `{ id, isNot }`, compared with
   * `Object.is`. The default is that it always runs. With `optional: true` the run goes on when the function has used up its attempts. In
   * both cases the value of a function that has no result is `undefined`, and its consumers must accept that.
   * @throws `TypeError` for a wrong shape (id, code, args, when, unknown field), and `HANDOFF_INVALID_DAG` if a function or an input
   * already has the id.
   */
  add<
    const I extends string,
    const A extends readonly (Ids<P> | Arg<Ids<P> & string, never, unknown> | Sentences['noSuchId'])[] = [],
    const L extends 'variadic' | 'as-list' = 'variadic',
    const Y extends 'regular' | 'inline' = 'regular',
    C extends Fits<Given<P, A, L>> | FunctionRef<Fits<Given<P, A, L>>> | UntypedFunctionRef = UntypedFunctionRef,
    const W extends On<Ids<P> & string>['condition'] | Sentences['noSuchId'] | undefined = undefined,
    const O extends boolean = false,
  >(
    spec: FunctionOptions & {
      readonly id: I & NewId<I, V>;
      readonly args?: A;
      readonly argumentInclusion?: L;
      readonly type?: Y;
      readonly code: C;
      readonly when?: W & WhenCheck<P, W>;
      readonly optional?: O;
    } & ExtraArgs<C, Given<P, A, L>> &
      Cloneable<C>,
  ): DagWith<
    Grown<P, I, Perhaps<ResultOf<C>, W, O>>,
    In,
    Y extends 'inline' ? Inl | I : Inl,
    Used | (IdOf<A[number]> & string) | ConditionId<W>
  >;
  add(spec: unknown): unknown {
    return this.#add(spec, 'add');
  }

  /**
   * Adds one function for each element of the array under `over`. They are called with their element first, then with the results of `args`
   * and with `extraArgs`, and are functions in every respect, with ids `id[0]`, `id[1]`, …. The value under `id` is the array of their
   * results, in order.
   *
   * `concurrency` limits how many run at once, a whole number from 1. The default is no limit. With `optional: true` a failed element is
   * `undefined` in the array. If `when` does not hold, or the value under `over` is `undefined`, so is the value under `id`. Anything else
   * that is not an array fails the map with `HANDOFF_FUNCTION_FAILED`, without a retry. A map over a map is a pipeline: an element starts
   * as soon as that in the same place of the other map is there.
   * @throws as `add` does.
   */
  map<
    const I extends string,
    const Over extends (Ids<P> & string) | Sentences['noSuchId'],
    const A extends readonly (Ids<P> | Arg<Ids<P> & string, never, unknown> | Sentences['noSuchId'])[] = [],
    C extends
      | Fits<[ElementOf<P, Over>, ...Values<P, A>]>
      | FunctionRef<Fits<[ElementOf<P, Over>, ...Values<P, A>]>>
      | UntypedFunctionRef = UntypedFunctionRef,
    const W extends On<Ids<P> & string>['condition'] | Sentences['noSuchId'] | undefined = undefined,
    const O extends boolean = false,
  >(
    spec: FunctionOptions & {
      readonly id: I & NewId<I, V>;
      readonly over: Over & OverCheck<P, Over>;
      readonly args?: A;
      readonly code: C;
      readonly concurrency?: number;
      readonly when?: W & WhenCheck<P, W>;
      readonly optional?: O;
    } & ExtraArgs<C, [ElementOf<P, Over>, ...Values<P, A>], 'code'> &
      Cloneable<C>,
  ): DagWith<
    Grown<P, I, MapResult<P, Over, ResultOf<C>, W, O>>,
    In,
    Inl,
    Used | (IdOf<A[number]> & string) | (Over & string) | ConditionId<W>
  >;
  map(spec: unknown): unknown {
    return this.#add(spec, 'map');
  }

  /**
   * Adds a function whose result is a DAG, which then runs within the run, with ids `id/…`. The value under `id` is the record of the
   * results of its sinks. The DAG must have no inputs. That of a reference must have references only. It may hold expansions again, to a
   * depth of 100, and the execution option `maxFunctions` limits how far a run may grow. A DAG that cannot run fails the function, with the
   * reason as `cause` and without a retry.
   *
   * `when` and `optional` are as in `add`. `optional: true` covers what is inside too: when a part of it fails, the rest is cancelled.
   * @throws as `add` does.
   */
  expand<
    const I extends string,
    const A extends readonly (Ids<P> | Arg<Ids<P> & string, never, unknown> | Sentences['noSuchId'])[] = [],
    C extends Fits<Values<P, A>> | FunctionRef<Fits<Values<P, A>>> | UntypedFunctionRef = never,
    const W extends On<Ids<P> & string>['condition'] | Sentences['noSuchId'] | undefined = undefined,
    const O extends boolean = false,
  >(
    spec: FunctionOptions & {
      readonly id: I & NewId<I, V>;
      readonly args?: A;
      readonly code: C;
      readonly when?: W & WhenCheck<P, W>;
      readonly optional?: O;
    } & ExtraArgs<C, Values<P, A>> &
      Expands<C>,
  ): DagWith<Grown<P, I, Perhaps<SinksOf<ResultOf<C>>, W, O>>, In, Inl, Used | (IdOf<A[number]> & string) | ConditionId<W>>;
  expand(spec: unknown): unknown {
    return this.#add(spec, 'expand');
  }

  /**
   * Adds the functions of another DAG as it is now, with ids `prefix/id`. Each of its inputs is wired to a value of this DAG by name.
   * Linear in functions and arguments. Nothing is added if it throws.
   * @throws `TypeError` for a prefix that is not a non-empty string, and for what is not a DAG. `HANDOFF_INVALID_DAG` has a fault for each
   * id that is taken, and for each input that is unwired or unknown.
   */
  include<
    const X extends string,
    V2 extends object,
    In2 extends string,
    Inl2 extends string,
    Used2 extends string,
    const M extends { readonly [K in In2]?: Ids<P> & string } = {},
  >(
    prefix: X & PrefixCheck<X, P, V2, In2>,
    dag: DagLike<V2, In2, Inl2, Used2>,
    ...inputs: [In2] extends [never]
      ? string extends keyof V2
        ? [inputs?: M & Readonly<Record<string, Ids<P> & string>>]
        : []
      : [inputs: M & { readonly [K in In2]: Ids<P> & string } & Wired<P, V2, In2, M>]
  ): DagWith<GrownBy<P, Prefixed<X, V2, In2>>, In, Inl | `${X}/${Inl2}`, Used | `${X}/${Exclude<Used2, In2>}` | (M[keyof M] & string)>;
  include(prefix: unknown, dag: unknown, inputs?: unknown): unknown {
    for (const spec of includedSpecs(this.id, this.#graph, prefix, dag, inputs)) this.#graph.addFunction(spec);
    return this;
  }

  /**
   * Adds a value that is supplied when the DAG is executed (`inputs`), or before that with `storeValue`. Its type can be given in three
   * ways: `input('id', type<T>())`, `input<T>()('id')`, and `input('id')` for `unknown`.
   * @throws as `add` does.
   */
  input<T>(): <const I extends string>(id: I & NotTaken<I, V>) => DagWith<Grown<P, I, T>, In | I, Inl, Used>;
  input<const I extends string>(id: I & NotTaken<I, V>): DagWith<Grown<P, I, unknown>, In | I, Inl, Used>;
  input<const I extends string, T>(id: I & NotTaken<I, V>, type: Type<T>): DagWith<Grown<P, I, T>, In | I, Inl, Used>;
  input(...given: readonly unknown[]): unknown {
    if (given.length === 0) return (id: unknown) => this.#input(id);
    return this.#input(given[0]);
  }

  /**
   * Checks the DAG by itself and returns it. What depends on the execution (missing inputs, plain functions on other nodes) is checked when
   * it starts. Linear in functions and arguments.
   * @throws `HANDOFF_INVALID_DAG` whose `faults` lists every fault.
   */
  validate(): this {
    compile(this);
    return this;
  }

  /**
   * Returns the DAG as plain data; `Dag.fromJSON` makes an equal DAG of it.
   * @throws `HANDOFF_INVALID_DAG` with a fault for each plain function, and `HANDOFF_NOT_SERIALIZABLE`, with `functionId` and `path`, for
   * constants that JSON would change.
   */
  toJSON(): DagJson {
    return dagToJson(this.id, this.#graph.specs, this.#graph.inputs);
  }

  /**
   * Returns a Mermaid flowchart. Equal DAGs give equal text. An invalid DAG is drawn too. A map has a shape that Mermaid knows since 11.3.
   */
  toMermaid(): string {
    return toMermaid(this);
  }

  /** Returns a Graphviz digraph. Equal DAGs give equal text. An invalid DAG is drawn too. */
  toDot(): string {
    return toDot(this);
  }

  /**
   * Returns the DAG that `toJSON` wrote. Like `add` it does not check costs and options; `validate` does.
   * @throws `TypeError` for anything else, naming the place, and `HANDOFF_INVALID_DAG` for an id used twice.
   */
  static fromJSON(json: unknown): DynamicDag {
    const { id, functions, inputs } = readJson(json);
    const dag = new Dag(id);
    for (const input of inputs) dag.#input(input);
    for (const spec of functions) {
      dag.#refuseTaken(spec.id, 'function');
      dag.#graph.addFunction(spec);
    }
    return dag as unknown as DynamicDag;
  }

  /** Returns a DAG whose ids the compiler does not know: built in a loop, or read from a file. */
  static dynamic(id?: string): DynamicDag {
    return new Dag(id) as unknown as DynamicDag;
  }

  /**
   * Returns a DAG of the given functions. All are given at once, so they may refer to each other in any order, and each is type-checked
   * once.
   */
  static of<const S extends Record<string, OfSpec>>(
    id: string,
    functions: S & { readonly [K in keyof S]: OfCheck<S, S[K]> },
  ): Dag<OfValues<S>, never, OfInline<S>, OfUsed<S>> {
    if (typeof functions !== 'object' || functions === null || Array.isArray(functions)) {
      throw new TypeError('Cannot make a DAG: Dag.of takes an id and an object of functions by id');
    }
    const dag = new Dag(id);
    for (const [key, spec] of Object.entries<unknown>(functions)) dag.#addAs(key, spec);
    return dag as unknown as Dag<OfValues<S>, never, OfInline<S>, OfUsed<S>>;
  }

  static {
    // Not in the declarations: for `compile` alone, in this copy of the package or another.
    Object.defineProperty(Dag.prototype, inputsOf, {
      get(this: Dag) {
        return this.#graph.inputs.slice();
      },
    });
  }

  #add(spec: unknown, adder: Adder): this {
    const added = specOf(spec, adder);
    this.#refuseTaken(added.id, 'function');
    this.#graph.addFunction(added);
    return this;
  }

  #addAs(id: string, spec: unknown): void {
    const given: { readonly id?: unknown } = typeof spec === 'object' && spec !== null && !Array.isArray(spec) ? spec : { id };
    if (given.id !== undefined && given.id !== id) {
      throw new TypeError(`Cannot add function ${JSON.stringify(id)}: the key is its id, it needs no other`);
    }
    this.#add({ ...given, id }, 'add');
  }

  #input(id: unknown): this {
    refuseWrongName(id, 'Cannot add an input', 'its id');
    this.#refuseTaken(id, 'input');
    this.#graph.addInput(id);
    return this;
  }

  #refuseTaken(id: string, what: 'function' | 'input'): void {
    const found = this.#graph.find(id);
    if (found === 0) return;
    const taken = found > 0 ? 'a function' : 'an input';
    const message = `Cannot add ${what} ${JSON.stringify(id)}: ${taken} has this id`;
    throw new HandoffError('HANDOFF_INVALID_DAG', message, {
      dagId: this.id,
      functionId: id,
      faults: [{ kind: 'invalid-option', functionId: id, field: 'id', message }],
    });
  }
}
