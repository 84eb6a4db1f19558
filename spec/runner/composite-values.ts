import type { Allocator } from '../../lib/allocator/index.js';
import { appendToShape, compile, Dag, growingShape, type Plan, type PlanFragment } from '../../lib/dag/index.js';
import { type ArgumentValue, type Executor, type Fetches, isRemote, Offers, type RemoteValue } from '../../lib/executor/index.js';
import type { FunctionState } from '../../lib/runner/brain/function-state.js';
import { RunValues } from '../../lib/runner/run/values/run-values.js';
import { backends, ValueStore } from '../../lib/store/index.js';
import { pack, StoredValue } from '../../lib/value/index.js';
import { testClock } from '../support/test-clock.js';

const code = { module: 'm.js', name: 'f' };
export const LARGE = 100_000;

/**
 * A map `m` over `x` and one, `n`, over it; `sum` needs the whole of `m`, `all` that of the expansion `e`. Map `o` is over an input, `p`
 * over `x` again.
 */
const dag = Dag.dynamic('d').input('given').add({ id: 'x', code });
dag.map({ id: 'm', over: 'x', code });
dag.map({ id: 'n', over: 'm', code });
dag.map({ id: 'o', over: 'given', code });
dag.map({ id: 'alone', over: 'm', code });
dag.expand({ id: 'e', code });
dag.add({ id: 'sum', code, args: ['m'] }).add({ id: 'all', code, args: ['e'] });
export const plan = compile(dag);

export const packed = (value: unknown): StoredValue => StoredValue.packed(pack(value, { where: 'value' }));

/** The values of a run on driver `a`, that has grown as the specs say. */
export function openValues() {
  const shape = growingShape(plan.shape);
  const indexOf = new Map(plan.indexOf);
  const grown = {
    ...{ dagId: 'd', growth: plan.growth, inputs: plan.inputs, specs: plan.specs, isolation: plan.isolation, shape, indexOf },
    get size() {
      return shape.size;
    },
    get ids() {
      return shape.ids;
    },
    get producers() {
      return shape.producers;
    },
    get producersStart() {
      return shape.producersStart;
    },
    argsStart: new Int32Array(1000),
    args: new Int32Array(),
  } as unknown as Plan;
  const columns = { sizes: new Float64Array(1000) };
  const states: FunctionState[] = [];
  const nodes: (string | undefined)[] = [];
  const absent = new Set<number>();
  const policy = { maxRetries: 0, onFailure: 'abort', collected: new Uint8Array(1000), stopGraceMs: 0 } as const;
  const store = new ValueStore({ node: 'a', backend: backends.memory(), clock: testClock(), retainedBytesLimit: 1e9 });
  const shelf = store.openRun('r', 'd', 4, grown);
  const given = StoredValue.ofParts([packed('zero'), packed('one')], undefined, 'caller');
  const inputs = new Map<string, ArgumentValue>([['given', given]]);
  const dropped: number[] = [];
  const files = { unneeded: (index: number) => void dropped.push(index) } as never;
  const allocation = { members: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] } as unknown as Allocator;
  const values = new RunValues(
    { runId: 'r', epoch: 4, plan: grown, shelf, columns, inputs, state: { states, nodes, absent, policy }, files, mayRetry: () => false },
    { node: 'a', root: '/', allocation, store, offers: new Offers(), fetches: {} as Fetches, executor: {} as Executor },
  );
  const at = (id: string): number => shape.ids.indexOf(id);
  /** Adds functions, each with the ids of those it waits for. */
  const add = (by: string, functions: Readonly<Record<string, readonly string[]>>, more: Partial<PlanFragment> = {}): void => {
    const ids = Object.keys(functions);
    const from = shape.size;
    const producersStart = Int32Array.from([
      0,
      ...ids.map((_, k) => ids.slice(0, k + 1).reduce((sum, id) => sum + functions[id]!.length, 0)),
    ]);
    const index = (id: string): number => (ids.includes(id) ? from + ids.indexOf(id) : at(id));
    const producers = Int32Array.from(Object.values(functions).flatMap((needs) => needs.map(index)));
    appendToShape(shape, {
      by: at(by),
      from,
      total: ids.length,
      ids,
      producersStart,
      producers,
      retries: new Map(),
      growth: undefined,
      ...more,
    });
    for (const [k, id] of ids.entries()) indexOf.set(id, from + k);
  };
  /** A function has made a value of that size on a node. */
  const made = (id: string, node: string, sizeBytes = LARGE, held?: StoredValue): void => {
    const index = at(id);
    states[index] = 'succeeded';
    nodes[index] = node;
    values.made(index, sizeBytes);
    if (held) values.keep(index, held);
  };
  /** A map or an expansion has ended. */
  const ended = (id: string, sizeBytes = LARGE): void => {
    states[at(id)] = 'succeeded';
    values.made(at(id), sizeBytes);
  };
  const elements = (map: string, count: number, total = count, from = 0): void => {
    const over = plan.specs[at(map)]!.over!;
    const places = Array.from({ length: count }, (_, place) => from + place);
    const growth = plan.growth!.maps.get(at(map))!;
    const needs = (place: number): string[] => (over === 'given' ? [] : growth.isPipelined ? [`${over}[${place}]`] : [over]);
    add(map, Object.fromEntries(places.map((place) => [`${map}[${place}]`, needs(place)])), { total });
  };
  return { values, shape, columns, states, nodes, absent, policy, store, dropped, at, add, made, ended, elements };
}

/** In a few words: the value if it is here, or where it is and what is named there. */
export function told(given: ArgumentValue | undefined): unknown {
  if (!given || !isRemote(given)) return given?.open(false);
  const { from, value, inline, isSole } = given as RemoteValue & {
    value: { functionId: string; part?: number | null; first?: number };
  };
  const name = `${from}: ${value.kind} ${value.functionId}${typeof value.part === 'number' ? ` part ${value.part}` : ''}`;
  return `${name}${inline ? ` = ${JSON.stringify(inline.open(false))}` : ''}${isSole ? ', sole' : ''}`;
}
