import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Any function, without `any`: nothing can be passed to it unseen. */
export type AnyFunction = (...args: never[]) => unknown;

declare const signature: unique symbol;

/** What a reference is at run time, on the wire and in JSON: plain data. */
export interface CodeRef {
  readonly module: string;
  readonly name: string;
}

/** A function of a module, by name; what `functionsIn` returns. `F` exists for the compiler only. */
export interface FunctionRef<F extends AnyFunction = AnyFunction> {
  readonly module: string;
  readonly name: string;
  /** For the compiler only. @internal */
  readonly [signature]?: F;
}

/** A reference written by hand, or read from JSON: its parameters are not checked, its result is `unknown`. */
export interface UntypedFunctionRef {
  readonly module: string;
  readonly name: string;
  /** For the compiler only. @internal */
  readonly [signature]?: never;
}

/** The functions that a module exports (classes and constants are left out); those of a module without a type are untyped. */
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

/** What a `code` gives once it is awaited: `unknown` for an untyped reference. */
export type ResultOf<C> = [SignatureOf<C>] extends [never] ? unknown : Awaited<ReturnType<SignatureOf<C>>>;

/**
 * References to the functions of a module, for `code`. The module is not loaded, and nothing checks that it or a name in it exists: the
 * node that runs the function does. Give the module's type for typed references: `functionsIn<typeof import('./tasks.js')>(…)`. Every
 * property is a frozen `{ module, name }`, the same one each time, but for symbols and `then`, which are `undefined`: the object can be
 * awaited like any other. Write a reference to an export that is called `then` by hand. An absolute path, such as CommonJS has in
 * `__filename` and `require.resolve('./tasks')`, becomes a `file:` URL. What is neither a `URL` nor a non-empty string is a `TypeError`, as
 * is a path of Windows elsewhere than on Windows.
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
  // Frozen, so that an assignment fails instead of being forgotten.
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

/** Whether `code` has the shape of a reference; whatever else it carries is ignored. */
export function isCodeRef(code: unknown): code is CodeRef {
  if (typeof code !== 'object' || code === null) return false;
  const { module, name } = code as Partial<CodeRef>;
  return typeof module === 'string' && module !== '' && typeof name === 'string' && name !== '';
}
