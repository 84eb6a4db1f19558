import { checkedNumber } from '../../base/index.js';
import type { CodeRef, DagLike } from '../../dag/index.js';
import { findMissingCode } from '../../executor/index.js';
import { checkedRoot } from './node-places.js';

/**
 * Finds the functions of a DAG whose code cannot be loaded below `root` on this machine: a misspelt module or export, or a module that
 * throws, never settles or ends its process. Returns them in the order of the DAG; plain functions are not checked.
 *
 * Modules are loaded as a node loads them, in a process of their own that is killed afterwards. Functions are not run, but the top-level
 * code of modules is.
 * @throws a `TypeError` or `RangeError` for wrong options.
 */
export async function findCodeFaults(dag: DagLike, options: CodeFaultOptions = {}): Promise<CodeFault[]> {
  const root = checkedRoot(options.root);
  const timeoutMs = checkedNumber('timeoutMs', options.timeoutMs, { or: 10_000, least: 1 });
  const uses = [...dag.functions.values()].flatMap(({ id, code, args }) => {
    const edges = args.flatMap((one) => (typeof one === 'string' ? [] : [one.serialize, one.deserialize]));
    const isRef = (one: unknown): one is CodeRef => typeof one === 'object' && one !== null;
    return [
      ...[code].filter(isRef).map((ref) => ({ functionId: id, ref, what: 'the code' })),
      ...edges.filter(isRef).map((ref) => ({ functionId: id, ref, what: 'a serializer' })),
    ];
  });
  const keyOf = ({ module, name }: { readonly module: string; readonly name: string }): string => JSON.stringify([module, name]);
  const refs = uses.map(({ ref }) => ref);
  const missing = await findMissingCode(refs, { root, node: 'here' }, timeoutMs);
  const reasons = new Map(missing.map((one) => [keyOf(one), one.reason]));
  return uses.flatMap(({ functionId, ref: { module, name }, what }) => {
    const reason = reasons.get(keyOf({ module, name }));
    if (reason === undefined) return [];
    const where = `module ${JSON.stringify(module)} below ${root}`;
    const message = `Cannot load ${what} of function ${JSON.stringify(functionId)}: ${where}: ${reason}`;
    return [{ kind: 'code-not-found', functionId, module, name, message }];
  });
}

/** A function whose code, or that of a serializer of its arguments, cannot be loaded on this machine. */
export interface CodeFault {
  readonly kind: 'code-not-found';
  /** The function that cannot run. */
  readonly functionId: string;
  /** The module of the code, as the reference names it. */
  readonly module: string;
  /** The name of the export. */
  readonly name: string;
  /** A sentence that says what is wrong. */
  readonly message: string;
}

/** The options of `findCodeFaults`. */
export interface CodeFaultOptions {
  /** The folder of the modules, as for `Handoff.start`. The default is that of the nearest package.json above the working directory. */
  readonly root?: string;
  /**
   * How long each module may take to load, ms.
   * @default 10_000
   */
  readonly timeoutMs?: number;
}
