import { HandoffError } from '../../base/index.js';
import { type Shape, shapes } from '../../peer/index.js';
import type { WireStatus } from './status.js';

/** The most entries that are taken from one list of an answer. */
const MOST = 10_000;

const { amount, count, id, list, nodeName, nullable, object, text, tuple, word } = shapes;

const resources = list(tuple(id, amount), 1100);

const content = object(
  {
    ...{ capabilities: resources, used: resources },
    ...{ running: count, queued: count, blocked: count, log: word('ok', 'lost') },
    ...{ heldBytes: count, diskBytes: count, memoryLimitBytes: count },
    ...{ rememberedBytes: count, rememberedResults: count, rememberedHits: count },
  },
  { open: true },
);
const node = object({ name: nodeName, address: nullable(text), status: word('up', 'suspect', 'leaving') }, { open: true });
const run = object({ runId: id, dagId: id, driver: nodeName, progress: resources }, { open: true });
const parent = object({ runId: id, functionId: id });
const waiting = object({ node: nullable(nodeName), driver: nodeName, dagId: id, functionId: id, lacking: resources }, { open: true });

/**
 * Reads a node's status as far as it is valid: of each list the valid entries, each once. Throws `HANDOFF_BAD_MESSAGE` if it is no status
 * at all.
 */
export function statusFrom(teller: string, answer: unknown): WireStatus {
  const {
    node: name,
    nodes,
    runs,
    waiting: waits,
    moreWaiting: more,
  } = (typeof answer === 'object' && answer !== null ? answer : {}) as Partial<WireStatus>;
  if (nodeName(name) !== undefined || !Array.isArray(nodes) || !Array.isArray(runs) || !Array.isArray(waits)) {
    throw new HandoffError('HANDOFF_BAD_MESSAGE', `Node "${teller}" has sent an invalid status`, { node: teller });
  }
  return {
    ...(answer as WireStatus),
    moreWaiting: count(more) === undefined ? (more as number) : 0,
    nodes: each<WireStatus['nodes'][number]>(nodes, node, (one) => one.name).map((one) => {
      const { linkMs = null, ...rest } = one;
      const known = { ...rest, ...(amount(linkMs) === undefined && { linkMs }) };
      return content(one.content) === undefined ? known : { ...known, content: null };
    }),
    runs: each<WireStatus['runs'][number]>(runs, run, (one) => one.runId).map((one) => {
      return one.parent === undefined || parent(one.parent) === undefined ? one : { ...one, parent: null };
    }),
    waiting: each<WireStatus['waiting'][number]>(waits, waiting, (one) =>
      JSON.stringify([one.node, one.driver, one.dagId, one.functionId]),
    ),
  };
}

function each<T>(entries: readonly unknown[], shape: Shape<unknown>, keyOf: (entry: T) => string): T[] {
  const byKey = new Map<string, T>();
  for (const entry of entries.slice(0, MOST)) {
    if (shape(entry) !== undefined) continue;
    const key = keyOf(entry as T);
    if (!byKey.has(key)) byKey.set(key, entry as T);
  }
  return [...byKey.values()];
}
