import { arg, collocatedWith, Dag, type DynamicDag, functionsIn } from '../../lib/index.js';
import * as plain from './tasks.js';

const tasks = functionsIn<typeof plain>(new URL('./tasks.ts', import.meta.url));
const KINDS = ['small', 'large', 'slow', 'slow', 'slowLarge', 'slowLarge'] as const;

/** A DAG, and what its functions come to when they are evaluated one after the other. */
export interface RandomDag {
  readonly dag: DynamicDag;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly expected: Readonly<Record<string, unknown>>;
  /** What the run is to be asked for. */
  readonly collect: 'all' | 'sinks';
}

/** Up to 20 functions: small and large values, quick and slow, inline functions, serializers, collocation, pins; `random` decides everything. */
export function randomDag(id: string, nodes: readonly string[], random: () => number): RandomDag {
  for (;;) {
    const made = drawn(id, nodes, random);
    try {
      made.dag.validate();
      return made;
    } catch {
      // Two functions that are collocated, and pinned to different nodes.
    }
  }
}

function drawn(id: string, nodes: readonly string[], random: () => number): RandomDag {
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  const chance = (probability: number): boolean => random() < probability;
  const dag = Dag.dynamic(id).input('in');
  const inputs = { in: chance(0.3) ? plain.large([], 5) : 42 };
  const values = new Map<string, unknown>([['in', inputs.in]]);
  const inline = new Set<string>();
  const size = 1 + Math.floor(random() * 20);
  for (let at = 0; at < size; at += 1) {
    const known = [...values.keys()];
    const args = [...new Set(Array.from({ length: Math.floor(random() * 4) }, () => one(known)))];
    const kind = one(KINDS);
    const salt = 1 + Math.floor(random() * 10_000);
    const isInline = chance(0.12);
    const halved = new Set(args.filter((name) => !inline.has(name) && chance(0.15)));
    const earlier = known.filter((name) => name !== 'in' && !inline.has(name));
    const edges = args.map((name) => (halved.has(name) ? arg(name, { serialize: tasks.half as never }) : name));
    const node = isInline
      ? undefined
      : chance(0.12)
        ? one(nodes)
        : chance(0.12) && earlier.length > 0
          ? collocatedWith(one(earlier))
          : undefined;
    const name = `f${at}`;
    dag.add({
      id: name,
      code: tasks[kind] as never,
      args: edges as never,
      extraArgs: [salt],
      argumentInclusion: 'as-list',
      ...(isInline && { type: 'inline' as const }),
      ...(!isInline && chance(0.8) && { cost: one<Record<string, number>>([{ cpu: 1 }, { cpu: 0.5 }, { cpu: 2 }, { cpu: 1, disk: 1 }]) }),
      ...(chance(0.2) && { priority: Math.floor(random() * 3) }),
      ...(node !== undefined && { node }),
    });
    if (isInline) inline.add(name);
    const given = args.map((producer) => (halved.has(producer) ? plain.half(values.get(producer)) : values.get(producer)));
    values.set(name, kind.endsWith('arge') ? plain.large(given, salt) : plain.small(given, salt));
  }
  return {
    dag,
    inputs,
    expected: Object.fromEntries([...values].filter(([name]) => name !== 'in' && !inline.has(name))),
    collect: chance(0.5) ? 'all' : 'sinks',
  };
}
