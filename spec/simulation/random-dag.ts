import * as handoff from '../../lib/index.js';
import { type Arg, arg, collocatedWith, Dag, type DynamicDag, functionsIn } from '../../lib/index.js';
import * as plain from './tasks.js';

const tasks = functionsIn<typeof plain>(new URL('./tasks.ts', import.meta.url));
Object.assign(globalThis, { [Symbol.for('simulated handoff')]: handoff });
const KINDS = ['small', 'large', 'slow', 'slow', 'slowLarge', 'slowLarge'] as const;
const LISTS = ['several', 'slowSeveral'] as const;
const EACH = ['smallEach', 'largeEach', 'slowEach', 'slowLargeEach'] as const;

/** A DAG, and what its functions come to when they are evaluated one after the other. */
export interface RandomDag {
  readonly dag: DynamicDag;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly expected: Readonly<Record<string, unknown>>;
  /** What must run: not maps, nor what is not taken. */
  readonly ran: readonly string[];
  /** What must fail, and may. */
  readonly failing: readonly string[];
  /** What the run is to be asked for. */
  readonly collect: 'all' | 'sinks' | readonly string[];
}

/**
 * Up to 20 functions: small and large values, quick and slow, inline functions, serializers, collocation, pins; in every other DAG also conditions, optional
 * functions, maps, pipelines of maps, expansions and DAGs within it; `random` decides everything.
 */
export function randomDag(id: string, nodes: readonly string[], random: () => number): RandomDag {
  for (;;) {
    const made = new Drawing(id, nodes, random).draw();
    try {
      made.dag.validate();
      return made;
    } catch {
      // Two functions that are collocated, and pinned to different nodes.
    }
  }
}

class Drawing {
  readonly #nodes: readonly string[];
  readonly #random: () => number;
  readonly #dag: DynamicDag;
  readonly #inputs: Readonly<Record<string, unknown>>;
  /** What everything so far comes to. */
  readonly #values: Map<string, unknown>;
  readonly #inline = new Set<string>();
  /** Those that can be gone over. */
  readonly #lists: string[] = ['xs'];
  /** Those that nothing can be collocated with. */
  readonly #composites = new Set<string>();
  readonly #ran: string[] = [];
  readonly #failing: string[] = [];
  readonly #branches: boolean;

  constructor(id: string, nodes: readonly string[], random: () => number) {
    this.#nodes = nodes;
    this.#random = random;
    this.#inputs = { in: this.#chance(0.3) ? plain.large([], 5) : 42, xs: plain.several([], this.#salt()) ?? [] };
    this.#dag = Dag.dynamic(id).input('in').input('xs');
    this.#values = new Map<string, unknown>(Object.entries(this.#inputs));
    this.#branches = this.#chance(0.5);
  }

  draw(): RandomDag {
    const size = 1 + Math.floor(this.#random() * 20);
    for (let at = 0; at < size; at += 1) this.#add(`f${at}`);
    const expected = Object.fromEntries(
      [...this.#values].filter(([name]) => !Object.hasOwn(this.#inputs, name) && !this.#inline.has(name)),
    );
    const collect = this.#chance(0.2) ? Object.keys(expected).filter(() => this.#chance(0.4)) : this.#chance(0.5) ? 'all' : 'sinks';
    return { dag: this.#dag, inputs: this.#inputs, expected, ran: this.#ran, failing: this.#failing, collect };
  }

  #one<T>(of: readonly T[]): T {
    return of[Math.floor(this.#random() * of.length)]!;
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #salt(): number {
    return 1 + Math.floor(this.#random() * 10_000);
  }

  #args(most: number): string[] {
    const known = [...this.#values.keys()];
    return [...new Set(Array.from({ length: Math.floor(this.#random() * most) }, () => this.#one(known)))];
  }

  #add(name: string): void {
    if (!this.#branches || this.#chance(0.45)) return this.#function(name);
    if (this.#lists.length === 0 || this.#chance(0.25)) return this.#list(name);
    if (this.#chance(0.6)) return this.#map(name);
    if (this.#chance(0.5)) return this.#expansion(name);
    return this.#chance(0.5) ? this.#included(name) : this.#frail(name);
  }

  /** Whether it runs, and how that is said. */
  #when(): { readonly when?: never; readonly isTaken: boolean } {
    const regular = [...this.#values.keys()].filter((id) => !this.#inline.has(id));
    if (!this.#branches || !this.#chance(0.3)) return { isTaken: true };
    const id = this.#one(regular);
    const value = this.#values.get(id);
    if (this.#chance(0.4)) return { when: id as never, isTaken: Boolean(value) };
    const compared = typeof value === 'number' && this.#chance(0.5) ? value : this.#one([null, true, false, 1, 'x']);
    const isSame = Object.is(value, compared);
    return this.#chance(0.5)
      ? { when: { id, is: compared } as never, isTaken: isSame }
      : { when: { id, isNot: compared } as never, isTaken: !isSame };
  }

  #cost(): { readonly cost?: Readonly<Record<string, number>>; readonly priority?: number } {
    return {
      ...(this.#chance(0.8) && { cost: this.#one<Record<string, number>>([{ cpu: 1 }, { cpu: 0.5 }, { cpu: 2 }, { cpu: 1, disk: 1 }]) }),
      ...(this.#chance(0.2) && { priority: Math.floor(this.#random() * 3) }),
    };
  }

  #node(): { readonly node?: string | ReturnType<typeof collocatedWith> } {
    const earlier = [...this.#values.keys()].filter(
      (name) => !Object.hasOwn(this.#inputs, name) && !this.#inline.has(name) && !this.#composites.has(name),
    );
    if (this.#chance(0.12)) return { node: this.#one(this.#nodes) };
    return this.#chance(0.12) && earlier.length > 0 ? { node: collocatedWith(this.#one(earlier)) } : {};
  }

  /** Some edges have a serializer. */
  #edges(args: readonly string[]): {
    readonly edges: readonly (string | Arg<string, never, unknown>)[];
    readonly given: readonly unknown[];
  } {
    const halved = new Set(args.filter((id) => !this.#inline.has(id) && this.#chance(0.15)));
    return {
      edges: args.map((id) => (halved.has(id) ? (arg(id, { serialize: tasks.half as never }) as never) : id)),
      given: args.map((id) => (halved.has(id) ? plain.half(this.#values.get(id)) : this.#values.get(id))),
    };
  }

  #function(name: string): void {
    const args = this.#args(4);
    const kind = this.#one(KINDS);
    const salt = this.#salt();
    const isInline = this.#chance(0.12);
    const { edges, given } = this.#edges(args);
    const { isTaken, ...when } = isInline ? { isTaken: true } : this.#when();
    this.#dag.add({
      id: name,
      code: tasks[kind] as never,
      args: edges as never,
      extraArgs: [salt],
      argumentInclusion: 'as-list',
      ...(isInline ? { type: 'inline' as const } : { ...this.#cost(), ...this.#node(), ...when }),
    });
    if (isInline) this.#inline.add(name);
    else if (isTaken) this.#ran.push(name);
    this.#values.set(name, isTaken ? (kind.endsWith('arge') ? plain.large(given, salt) : plain.small(given, salt)) : undefined);
  }

  #list(name: string): void {
    const args = this.#args(2);
    const salt = this.#salt();
    const { isTaken, ...when } = this.#when();
    const code = tasks[this.#one(LISTS)] as never;
    const how = { ...this.#cost(), ...this.#node(), ...when };
    this.#dag.add({ id: name, code, args, extraArgs: [salt], argumentInclusion: 'as-list', ...how });
    const given = args.map((id) => this.#values.get(id));
    this.#values.set(name, isTaken ? plain.several(given, salt) : undefined);
    if (isTaken) this.#ran.push(name);
    this.#lists.push(name);
  }

  #map(name: string): void {
    const over = this.#one(this.#lists);
    const args = this.#args(3);
    const salt = this.#salt();
    const isFrail = this.#chance(0.25);
    const kind = this.#one(EACH);
    const { isTaken, ...when } = this.#when();
    const { edges, given } = this.#edges(args);
    this.#dag.map({
      id: name,
      over,
      code: tasks[isFrail ? 'frailEach' : kind] as never,
      args: edges,
      extraArgs: [salt],
      ...(isFrail && { optional: true }),
      ...(this.#chance(0.3) && { concurrency: 1 + Math.floor(this.#random() * 3) }),
      ...this.#cost(),
      ...this.#node(),
      ...when,
    });
    const elements = this.#values.get(over) as readonly unknown[] | undefined;
    const made = isTaken
      ? elements?.map((element, at) => this.#element(`${name}[${at}]`, [element, ...given, salt], kind, isFrail))
      : undefined;
    this.#values.set(name, made);
    this.#lists.push(name);
    this.#composites.add(name);
  }

  #element(id: string, all: readonly unknown[], kind: (typeof EACH)[number], isFrail: boolean): unknown {
    this.#ran.push(id);
    if (!isFrail) return kind.includes('arge') ? plain.largeEach(...all) : plain.smallEach(...all);
    try {
      return plain.frailEach(...all);
    } catch {
      this.#failing.push(id);
      return undefined;
    }
  }

  /** An optional function that may fail. */
  #frail(name: string): void {
    const args = this.#args(3);
    const salt = this.#salt();
    const { isTaken, ...when } = this.#when();
    const how = { ...this.#cost(), ...this.#node(), ...when };
    this.#dag.add({ id: name, code: tasks.frail as never, args, extraArgs: [salt], argumentInclusion: 'as-list', optional: true, ...how });
    this.#values.set(name, undefined);
    if (!isTaken) return;
    this.#ran.push(name);
    const given = args.map((id) => this.#values.get(id));
    try {
      this.#values.set(name, plain.frail(given, salt));
    } catch {
      this.#failing.push(name);
    }
  }

  #expansion(name: string): void {
    const { edges, given } = this.#edges(this.#args(2));
    const salt = this.#salt();
    const { isTaken, ...when } = this.#when();
    this.#dag.expand({
      id: name,
      code: tasks.grownEach as never,
      args: edges,
      extraArgs: [salt, 0],
      ...this.#cost(),
      ...this.#node(),
      ...when,
    });
    this.#composites.add(name);
    const made = isTaken ? plain.grownValue(given, salt) : undefined;
    this.#values.set(name, made?.value);
    if (!made) return;
    this.#ran.push(name, ...made.ran.map((id) => `${name}/${id}`));
    this.#failing.push(...made.failing.map((id) => `${name}/${id}`));
  }

  /** A DAG of two functions, one of which has an input that is wired to a value of this one. */
  #included(name: string): void {
    const [salt, other] = [this.#salt(), this.#salt()];
    const wired = this.#one([...this.#values.keys()].filter((id) => !this.#inline.has(id)));
    const inner = Dag.dynamic('inner').input('x');
    inner.add({ id: 'a', code: tasks.slow as never, args: ['x'], extraArgs: [salt], argumentInclusion: 'as-list' });
    inner.add({ id: 'b', code: tasks.small as never, args: ['a', 'x'], extraArgs: [other], argumentInclusion: 'as-list' });
    this.#dag.include(name, inner, { x: wired });
    const x = this.#values.get(wired);
    const a = plain.small([x], salt);
    this.#values.set(`${name}/a`, a);
    this.#values.set(`${name}/b`, plain.small([a, x], other));
    this.#ran.push(`${name}/a`, `${name}/b`);
  }
}
