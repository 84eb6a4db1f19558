import { compile, Dag, type PlanFragment, type PlanShape } from '../../lib/dag/index.js';
import type { RunState } from '../../lib/runner/brain/run-state.js';
import type { Gist, Split } from '../../lib/value/index.js';

/** What a function gives: an array of so many elements, a primitive, or something else that is no array. */
export type Given = { readonly array: number } | { readonly primitive: string | number | undefined } | { readonly other: string };

/** A function of a program. Producers are positions in its level, or -(k+1) for input k. */
export interface ProgramFunction {
  readonly id: string;
  readonly type: 'regular' | 'map' | 'expand';
  readonly args: readonly number[];
  readonly over: number;
  readonly concurrency: number | undefined;
  readonly when:
    | { readonly on: number; readonly test: 'truthy' | { readonly is: string | number } | { readonly isNot: string | number } }
    | undefined;
  readonly optional: boolean;
  readonly gives: Given;
  /** How often of a hundred it fails, each of its elements for itself. */
  readonly fails: number;
  /** Of an expansion: its functions; `undefined` if they are refused. */
  readonly inside: readonly ProgramFunction[] | undefined;
}

/** A program: a DAG that branches and grows, with what its functions do. What it comes to does not depend on the order. */
export interface Program {
  readonly inputs: readonly Given[];
  readonly functions: readonly ProgramFunction[];
}

/** Makes a program of `size` functions, with dice that show 0 to 99. */
export function randomProgram(roll: () => number, size: number): Program {
  const inputs: Given[] = [randomGiven(roll), randomGiven(roll)];
  return { inputs, functions: randomLevel(roll, size, inputs, 0) };
}

function randomGiven(roll: () => number): Given {
  const die = roll();
  if (die < 60) return { array: roll() % 5 };
  if (die < 90) return { primitive: [0, 1, 'x', undefined][roll() % 4] };
  return { other: 'a Map' };
}

function randomLevel(roll: () => number, size: number, inputs: readonly Given[], depth: number): ProgramFunction[] {
  const functions: ProgramFunction[] = [];
  for (let at = 0; at < size; at += 1) {
    const producer = (): number => (inputs.length > 0 && (at === 0 || roll() < 15) ? -1 - (roll() % inputs.length) : roll() % at);
    const hasProducers = at > 0 || inputs.length > 0;
    const die = roll();
    const type = die < 30 && hasProducers ? 'map' : die < 50 && depth < 3 ? 'expand' : 'regular';
    const args = at === 0 ? [] : [...new Set(Array.from({ length: roll() % 3 }, () => roll() % at))];
    let over = 0;
    // Mostly of something that has elements.
    if (type === 'map') {
      for (let tries = 0; tries < 4; tries += 1) {
        over = producer();
        if (over < 0 ? 'array' in inputs[-1 - over]! : functions[over]!.type === 'map' || 'array' in functions[over]!.gives) break;
      }
    }
    const tests = ['truthy', { is: 'x' }, { isNot: 1 }, { is: 0 }] as const;
    functions.push({
      id: `f${at}`,
      type,
      args,
      over,
      concurrency: roll() < 40 ? 1 + (roll() % 3) : undefined,
      when: hasProducers && roll() < 25 ? { on: producer(), test: tests[roll() % 4]! } : undefined,
      optional: roll() < (type === 'expand' ? 60 : 25),
      gives: randomGiven(roll),
      fails: roll() < 30 ? (type === 'expand' ? 15 : 35) : 0,
      inside: type !== 'expand' || roll() < 10 ? undefined : randomLevel(roll, roll() % 6, [], depth + 1),
    });
  }
  return functions;
}

/** Whether an id always fails. */
export function failsAlways({ fails }: ProgramFunction, id: string): boolean {
  let hash = 7;
  for (const letter of id) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0;
  return (hash >>> 4) % 100 < fails;
}

const no = (): void => {};

/** The plan of a level, as `execute` would make it. */
export function planOf(
  functions: readonly ProgramFunction[],
  inputs: number,
  tries: object = { maxRetries: 1, retry: { initialDelayMs: 20, jitter: 0.5 } },
): { shape: PlanShape; sinks: Int32Array } {
  const dag = Dag.dynamic('d');
  for (let input = 0; input < inputs; input += 1) dag.input(`in${input}`);
  const idOf = (producer: number): string => (producer < 0 ? `in${-1 - producer}` : functions[producer]!.id);
  for (const { id, type, args, over, concurrency, when, optional } of functions) {
    const condition = when && (when.test === 'truthy' ? idOf(when.on) : { id: idOf(when.on), ...when.test });
    const spec = {
      id,
      code: no,
      args: args.map(idOf),
      ...tries,
      ...(optional ? { optional } : {}),
      ...(condition === undefined ? {} : { when: condition }),
    };
    if (type === 'regular') dag.add(spec as never);
    else if (type === 'expand') dag.expand(spec as never);
    else dag.map({ ...spec, over: idOf(over), ...(concurrency === undefined ? {} : { concurrency }) } as never);
  }
  const { shape, sinks } = compile(dag);
  return { shape, sinks };
}

/** What is known of a value. */
export function factsOf(given: Given): { gist: Gist; split: Split } {
  if ('array' in given) return { gist: { isTruthy: true }, split: { count: given.array } };
  if ('other' in given) return { gist: { isTruthy: true }, split: { not: given.other } };
  const { primitive } = given;
  return {
    gist: { isTruthy: Boolean(primitive), primitive },
    split: { not: primitive === undefined ? 'undefined' : `a ${typeof primitive}` },
  };
}

/** The functions of a program by their ids, as they come to be known; and the parts that they add. */
export class Registry {
  readonly #levels = new Map<string, readonly ProgramFunction[]>();

  readonly #tries: object | undefined;

  /** `tries`: what each function says of being tried again. */
  constructor({ functions }: Pick<Program, 'functions'>, tries?: object) {
    this.#levels.set('', functions);
    this.#tries = tries;
  }

  /** The function that an id is of; for an element its map. */
  of(id: string): ProgramFunction {
    return this.#find(id).function;
  }

  #find(id: string): { prefix: string; function: ProgramFunction } {
    const at = id.lastIndexOf('/') + 1;
    const prefix = id.slice(0, at);
    const own = id.slice(at).replace(/\[\d+\]$/, '');
    const level = this.#levels.get(prefix) ?? this.#find(prefix.slice(0, -1)).function.inside!;
    this.#levels.set(prefix, level);
    return { prefix, function: level.find((one) => one.id === own)! };
  }

  /** From now on an expansion gives these functions. */
  give(id: string, inside: readonly ProgramFunction[]): void {
    this.#levels.set(`${id}/`, inside);
  }

  /** Some elements of a map. */
  elements({ plan }: RunState, by: number, first: number, count: number, total: number): PlanFragment {
    const id = plan.ids[by]!;
    const { prefix, function: map } = this.#find(id);
    const indexOf = (position: number): number => plan.ids.indexOf(`${prefix}${this.#levels.get(prefix)![position]!.id}`);
    const over = map.over < 0 ? -1 : indexOf(map.over);
    const { isPipelined } = plan.growth!.maps.get(by)!;
    const producers: number[] = [];
    const producersStart = [0];
    for (let place = first; place < first + count; place += 1) {
      const own = over < 0 ? [] : [isPipelined ? plan.ids.indexOf(`${plan.ids[over]!}[${place}]`) : over];
      producers.push(...new Set([...own, ...map.args.map(indexOf)]));
      producersStart.push(producers.length);
    }
    return {
      by,
      from: plan.size,
      total,
      ids: Array.from({ length: count }, (_, at) => `${id}[${first + at}]`),
      producersStart: Int32Array.from(producersStart),
      producers: Int32Array.from(producers),
      retries: new Map(),
      growth: undefined,
    };
  }

  /** The functions of an expansion; `undefined` if they are refused. */
  insides({ plan }: RunState, by: number): PlanFragment | undefined {
    const id = plan.ids[by]!;
    const inside = this.#levels.get(`${id}/`) ?? this.of(id).inside;
    if (!inside) return undefined;
    const { shape, sinks } = planOf(inside, 0, this.#tries);
    const from = plan.size;
    const { growth } = shape;
    const moved = <T>(map: ReadonlyMap<number, T>, change: (value: T) => T = (value) => value): Map<number, T> =>
      new Map([...map].map(([index, value]) => [index + from, change(value)]));
    const moveSet = (set: ReadonlySet<number>): Set<number> => new Set([...set].map((index) => index + from));
    return {
      by,
      from,
      total: shape.size,
      ids: shape.ids.map((one) => `${id}/${one}`),
      producersStart: shape.producersStart,
      producers: shape.producers.map((producer) => producer + from),
      retries: moved(shape.retries),
      growth: growth && {
        whens: moved(growth.whens, (when) => ({ ...when, on: when.on + from })),
        maps: moved(growth.maps, (map) => ({ ...map, over: map.over + from })),
        expansions: moveSet(growth.expansions),
        optionals: moveSet(growth.optionals),
        gists: moved(growth.gists),
        splits: moveSet(growth.splits),
      },
      sinks: [...sinks].map((sink) => sink + from),
      keys: [...sinks].map((sink) => shape.ids[sink]!),
    };
  }
}

/** Some of the functions that an expansion adds, `first` of which the run has already. */
export function cutOf(whole: PlanFragment, { plan }: RunState, first: number, count: number): PlanFragment {
  const { from, ids, producersStart, producers, growth, sinks } = whole;
  const indexOf = (index: number): number => (index - from < first ? plan.ids.indexOf(ids[index - from]!) : index - first);
  const isHere = (index: number): boolean => index - from >= first && index - from < first + count;
  const mapOf = <T>(map: ReadonlyMap<number, T>, change: (value: T) => T = (value) => value): Map<number, T> =>
    new Map([...map].filter(([index]) => isHere(index)).map(([index, value]) => [indexOf(index), change(value)]));
  const setOf = (set: ReadonlySet<number>): Set<number> => new Set([...set].filter(isHere).map(indexOf));
  const own = sinks!.filter(isHere);
  const start = producersStart[first]!;
  return {
    ...whole,
    ids: ids.slice(first, first + count),
    producersStart: producersStart.slice(first, first + count + 1).map((at) => at - start),
    producers: producers.slice(start, producersStart[first + count]!).map(indexOf),
    retries: mapOf(whole.retries),
    growth: growth && {
      whens: mapOf(growth.whens, (when) => ({ ...when, on: indexOf(when.on) })),
      maps: mapOf(growth.maps, (map) => ({ ...map, over: indexOf(map.over) })),
      expansions: setOf(growth.expansions),
      optionals: setOf(growth.optionals),
      gists: mapOf(growth.gists),
      splits: setOf(growth.splits),
    },
    sinks: own.map(indexOf),
    keys: own.map((sink) => ids[sink - from]!.slice(plan.ids[whole.by]!.length + 1)),
    consumers: Int32Array.from({ length: count }, (_, at) => producers.filter((one) => one === from + first + at).length),
  };
}
