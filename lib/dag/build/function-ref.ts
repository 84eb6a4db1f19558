import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';

declare const signature: unique symbol;

/** A reference to a function of a module, as `functionsIn` returns it. `F` exists for the compiler only. */
export interface FunctionRef<F extends AnyFunction = AnyFunction> {
  /** A `file:` URL, a path relative to the node's `root`, or a package's module. */
  readonly module: string;
  /** The name of the export. */
  readonly name: string;
  /** For the compiler only. @internal */
  readonly [signature]?: F;
}

/** A reference written by hand, or read from JSON. Its parameters are not checked and its result is `unknown`. */
export interface UntypedFunctionRef {
  /** A `file:` URL, a path relative to the node's `root`, or a package's module. */
  readonly module: string;
  /** The name of the export. */
  readonly name: string;
  /** For the compiler only. @internal */
  readonly [signature]?: never;
}

/** References to the functions that a module exports; classes and constants are left out. Without the module's type they are untyped. */
export type FunctionRefs<M> = {
  readonly [K in keyof M as M[K] extends AnyFunction ? K : never]: M[K] extends AnyFunction ? RefTo<M[K]> : never;
};
// Only `AnyFunction` itself has any number of parameters of type `never`.
type RefTo<F extends AnyFunction> = number extends Parameters<F>['length']
  ? [Parameters<F>[number]] extends [never]
    ? UntypedFunctionRef
    : FunctionRef<F>
  : FunctionRef<F>;

/** The signature of a `code`: `never` for an untyped reference. */
export type SignatureOf<C> = C extends AnyFunction
  ? C
  : C extends { readonly [signature]?: infer F }
    ? F extends AnyFunction
      ? F
      : never
    : never;

/** The awaited result of a `code`; `unknown` for an untyped reference. */
export type ResultOf<C> = [SignatureOf<C>] extends [never] ? unknown : Awaited<ReturnType<SignatureOf<C>>>;

/**
 * Returns references to the functions of a module, for `code`. The module is not loaded, and nothing checks that it or a name in it exists:
 * the node that runs the function does that. Give the module's type for typed references: `functionsIn<typeof import('./tasks.js')>(…)`.
 *
 * Every property is a frozen `{ module, name }`, the same object each time. Symbols and `then` are `undefined`, so that the object can be
 * awaited; write a reference to an export called `then` by hand.
 *
 * An absolute path, as in CommonJS's `__filename` and `require.resolve('./tasks')`, becomes a `file:` URL.
 * @throws `TypeError` if `moduleUrl` is neither a `URL` nor a non-empty string, and for a path of Windows on other systems.
 */
export function functionsIn<M = Record<string, AnyFunction>>(moduleUrl: URL | string): FunctionRefs<M> {
  const module = moduleNamed(moduleUrl);
  const references = new Map<string, CodeRef>();
  const referenceTo = (_: object, name: string | symbol): CodeRef | undefined => {
    if (typeof name === 'symbol' || name === 'then') return undefined;
    const reference = references.get(name) ?? Object.freeze({ module, name });
    references.set(name, reference);
    return reference;
  };
  // Frozen, so that an assignment fails instead of being lost.
  return new Proxy(Object.freeze(Object.create(null)), { get: referenceTo }) as FunctionRefs<M>;
}

function moduleNamed(given: URL | string): string {
  const named: unknown = given instanceof URL ? given.href : given;
  if (typeof named !== 'string' || named === '') {
    throw new TypeError('Cannot refer to functions: functionsIn takes a URL or a non-empty string');
  }
  if (isAbsolute(named)) return pathToFileURL(named).href;
  if (/^[a-z]:[\\/]|^[^:]*\\/i.test(named)) {
    throw new TypeError(
      `Cannot refer to functions: ${JSON.stringify(named)} is a path of Windows; give a file: URL, or a path with / in it`,
    );
  }
  return named;
}

/** Whether `code` has the shape of a reference. Other properties are ignored. */
export function isCodeRef(code: unknown): code is CodeRef {
  if (typeof code !== 'object' || code === null) return false;
  const { module, name } = code as Partial<CodeRef>;
  return typeof module === 'string' && module !== '' && typeof name === 'string' && name !== '';
}

/** Any function. The type avoids `any`, so every argument is checked. */
export type AnyFunction = (...args: never[]) => unknown;

/** A reference as it is at run time, on the wire and in JSON: plain data. */
export interface CodeRef {
  /** A `file:` URL, a path relative to the node's `root`, or a package's module. */
  readonly module: string;
  /** The name of the export. */
  readonly name: string;
}
