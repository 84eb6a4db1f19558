import { checkedNumber } from '../../base/index.js';
import type { CodeRef, DagLike } from '../../dag/index.js';
import { findMissingCode } from '../../executor/index.js';
import { checkedRoot } from './node-options.js';

/** A function that cannot be run, as its code, or that of a serializer of its arguments, cannot be loaded here. */
export interface CodeFault {
  readonly kind: 'code-not-found';
  readonly functionId: string;
  readonly module: string;
  readonly name: string;
  readonly message: string;
}

/** What `findCodeFaults` takes. */
export interface CodeFaultOptions {
  /** As of `Handoff.start`: the folder that modules lie in. Default: that of the nearest package.json above the working directory. */
  readonly root?: string;
  /** How long each module may take to load, ms. Default 10,000. */
  readonly timeoutMs?: number;
}

/**
 * Finds the functions of a DAG whose code cannot be loaded below `root` on this machine: a module or an export that is misspelt, a module
 * that throws, never settles or ends its process. In the order of the DAG; plain functions need no look. Modules are loaded as a node does
 * it, in a process of their own that is killed afterwards; nothing of the DAG is run, but what a module does while it loads is done.
 * Rejects with a `TypeError` or `RangeError` for wrong options.
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
  const place = { root, node: 'here' };
  const reasons = new Map<string, string>();
  const keyOf = ({ module, name }: { readonly module: string; readonly name: string }): string => JSON.stringify([module, name]);
  for (const missing of await findMissingCode(
    uses.map(({ ref }) => ref),
    place,
    timeoutMs,
  )) {
    reasons.set(keyOf(missing), missing.reason);
  }
  return uses.flatMap(({ functionId, ref: { module, name }, what }) => {
    const reason = reasons.get(keyOf({ module, name }));
    if (reason === undefined) return [];
    const where = `module ${JSON.stringify(module)} below ${root}`;
    const message = `Cannot load ${what} of function ${JSON.stringify(functionId)}: ${where}: ${reason}`;
    return [{ kind: 'code-not-found', functionId, module, name, message }];
  });
}
