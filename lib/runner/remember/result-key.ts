// Brain: pure.
import type { AnyFunction, CodeRef, RecipeStep } from '../../dag/index.js';

/** The first entry of each key. Results that another version remembered are found no more. */
const VERSION = 1;

/** What code is, as far as it decides what it returns. `null`: that cannot be said, so there is no key. */
export type CodeKey = readonly (string | null)[] | null;

/**
 * Returns what a step's code is. A reference is its module, as other nodes know it, its export, and its version or else the content of its
 * module and of what that imports. A plain function is its version, for the function with its id; two that have no more in common than
 * a version are two. A plain (de)serializer is its text, where the function that it serves has a version, which covers what it closes over.
 */
export function codeKeyOf({ role, functionId, code }: Pick<RecipeStep, 'role' | 'functionId' | 'code'>, of: CodeFacts): CodeKey {
  const { version } = of;
  if (typeof code !== 'function') {
    const isVersioned = version !== undefined && !isEdge(role);
    const stands = isVersioned ? version : of.contentOf(code);
    return stands === undefined ? null : ['reference', of.nameOf(code), code.name, isVersioned ? 'version' : 'content', stands];
  }
  if (version === undefined) return null;
  if (!isEdge(role)) return ['plain', of.idOf(functionId), version];
  const text = textOfFunction(code);
  return text === undefined ? null : ['plain', role, text, version];
}

/** Whether the code of a step belongs to an edge. */
const isEdge = (role: RecipeStep['role']): boolean => role === 'serialize' || role === 'deserialize';

const toText = Function.prototype.toString;

/** Returns the text of a plain function; `undefined` for one that is bound or native, whose text does not show what it does. */
function textOfFunction(code: AnyFunction): string | undefined {
  const text = toText.call(code);
  return /\{\s*\[native code\]\s*\}$/.test(text) ? undefined : text;
}

/** What is known of the code of a step. */
export interface CodeFacts {
  /** The version of the function or inline function; for a (de)serializer that of the function whose argument it makes. */
  readonly version: string | undefined;
  /** The id of a function in its own DAG: for an element that of its map, and without what an expansion puts before it. */
  readonly idOf: (functionId: string) => string;
  /** The name of a module as other nodes know it. */
  readonly nameOf: (code: CodeRef) => string;
  /** The digest of the content of a module and of what it imports; `undefined` if this node does not have it. */
  readonly contentOf: (code: CodeRef) => string | undefined;
}

/** One step of a call: the function itself, last, or what makes one of its arguments. */
export interface KeyedStep {
  readonly code: CodeKey;
  /** Whether its arguments are passed as one array. */
  readonly asList: boolean;
  /** The digest of its constants; `undefined` if it has none. */
  readonly extra: string | undefined;
  /** By argument its digest, or the number of the earlier step that makes it; `undefined` for one whose digest is not known. */
  readonly inputs: readonly (string | number | undefined)[];
}

/**
 * Returns the text whose digest is the key of a result; `undefined` if something that decides about the result is not known. Two texts are
 * equal if and only if code, constants and arguments of all steps are: nothing else of a function counts, neither where it runs nor how.
 */
export function resultKeyText(steps: readonly KeyedStep[]): string | undefined {
  const rows: unknown[] = [VERSION];
  for (const { code, asList, extra = null, inputs } of steps) {
    if (code === null || inputs.includes(undefined)) return undefined;
    rows.push([code, asList ? 1 : 0, extra, inputs]);
  }
  return JSON.stringify(rows);
}
