import { refuseWrongName } from '../../base/index.js';
import { type CodeRef, type FunctionRef, isCodeRef, type ResultOf, type SignatureOf } from './function-ref.js';

/** The key under which an `Arg` carries the types of its edge; for the compiler only. */
export declare const edge: unique symbol;
declare const same: unique symbol;

/** An edge with its own serialization. `Out` is what the consumer receives. */
export interface Arg<I extends string, In, Out> {
  /** The producer: a function or an input. */
  readonly id: I;
  /** Runs on the producer's node. The default passes the value on. */
  readonly serialize?: SerializeCode;
  /** Runs on the consumer's node. The default passes the value on. */
  readonly deserialize?: SerializeCode;
  /** Constants that both receive after the names of the nodes. */
  readonly extra: readonly unknown[];
  /** For the compiler only. @internal */
  readonly [edge]?: (produced: In) => Out;
}

/** The id of an argument. */
export type IdOf<X> = X extends { readonly id: infer I } ? I : X;

/** The possible types of `serialize` and `deserialize`. */
export type SerializeCode =
  | ((value: never, source: string, target: string, ...extra: never[]) => unknown)
  | FunctionRef<(value: never, source: string, target: string, ...extra: never[]) => unknown>;

/** Marks an edge that passes the producer's own value on. */
export interface SameValue {
  /** For the compiler only. @internal */
  readonly [same]: true;
}

type FirstParameter<C, Else> = C extends undefined ? Else : SignatureOf<C> extends (value: infer V, ...rest: never[]) => unknown ? V : Else;
type EdgeResult<S, D> = D extends undefined ? (S extends undefined ? SameValue : ResultOf<S>) : ResultOf<D>;
/** Refuses a `deserialize` that does not accept what `serialize` returns. */
type Follows<S, D> = S extends undefined
  ? unknown
  : [SignatureOf<S>] extends [never]
    ? unknown
    : SignatureOf<D> extends (value: infer V, ...rest: never[]) => unknown
      ? ResultOf<S> extends V
        ? unknown
        : { readonly 'deserialize does not take': ResultOf<S> }
      : unknown;

const FIELDS: ReadonlySet<string> = new Set(['serialize', 'deserialize', 'extra']);

/**
 * Transforms the result of `id` on one edge. `serialize(value, sourceNode, targetNode, ...extra)` runs on the producer's node,
 * `deserialize` with the same parameters on the consumer's. Either may be left out. Other consumers get the producer's own result.
 * @throws `TypeError` for wrong arguments.
 */
export function arg<
  const I extends string,
  S extends SerializeCode | undefined = undefined,
  D extends SerializeCode | undefined = undefined,
>(
  id: I,
  options: { serialize?: S; deserialize?: D & Follows<S, D>; extra?: readonly unknown[] },
): Arg<I, FirstParameter<S, FirstParameter<D, unknown>>, EdgeResult<S, D>>;
export function arg(id: string, options: unknown = {}): Arg<string, never, unknown> {
  if (typeof options !== 'object' || options === null)
    throw new TypeError('Cannot make an argument: arg takes an id and an object of options');
  if ('id' in options) throw new TypeError('Cannot make an argument: unknown field "id"');
  return argOf({ ...options, id }, 'Cannot make an argument');
}

/**
 * Returns a frozen copy of an argument with the shape of `Arg`.
 * @throws a `TypeError` that begins with `intent` for any other shape.
 */
export function argOf(given: object, intent: string): Arg<string, never, unknown> {
  for (const key of Object.keys(given)) {
    if (key !== 'id' && !FIELDS.has(key)) throw new TypeError(`${intent}: unknown field ${JSON.stringify(key)} of an argument`);
  }
  const { id, serialize, deserialize, extra } = given as Partial<Arg<string, never, unknown>>;
  if (typeof id !== 'string' || id === '') throw new TypeError(`${intent}: the id of an argument is a non-empty string`);
  refuseWrongName(id, intent, 'the id of an argument');
  for (const [field, code] of Object.entries({ serialize, deserialize })) {
    if (code !== undefined && typeof code !== 'function' && !isCodeRef(code)) {
      throw new TypeError(`${intent}: ${field} is neither a function nor a reference { module, name }`);
    }
  }
  for (const code of [serialize, deserialize]) if (isCodeRef(code)) refuseWrongCode(code, intent);
  if (extra !== undefined && !Array.isArray(extra)) throw new TypeError(`${intent}: extra is not an array`);
  return Object.freeze({
    id,
    ...(serialize !== undefined && { serialize: frozenCode(serialize) }),
    ...(deserialize !== undefined && { deserialize: frozenCode(deserialize) }),
    extra: Object.freeze([...(extra ?? [])]),
  });
}

/** Throws `TypeError` for a reference that another node would read differently. */
export function refuseWrongCode({ module, name }: CodeRef, intent: string): void {
  refuseWrongName(module, intent, 'the module of code');
  refuseWrongName(name, intent, 'the name of code');
}

/** Returns a function as it is, and a reference as a frozen `{ module, name }` of its own. */
export function frozenCode<C>(code: C): C {
  if (!isCodeRef(code) || typeof code === 'function') return code;
  return (Object.isFrozen(code) && Object.keys(code).length === 2 ? code : Object.freeze({ module: code.module, name: code.name })) as C;
}
