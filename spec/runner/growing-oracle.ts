import { factsOf, failsAlways, type Given, type Program, type ProgramFunction } from './growing-program.js';

/** How a function ends. `any`: that depends on the order, and it may not even be added. */
export type Fate = 'succeeded' | 'failed' | 'not-taken' | 'producer-failed' | 'any';

/** What a program comes to if everything that can run does, by full id. */
export interface Outcome {
  readonly fates: ReadonlyMap<string, Fate>;
  /** The ids whose failure nothing tolerates. */
  readonly fatal: readonly string[];
}

interface Value {
  /** Whether there is none, and those that need it are skipped. */
  readonly isDoomed: boolean;
  readonly given: Given;
  /** Of a map, how each element ended. */
  readonly elements?: readonly boolean[];
}

const UNDEFINED: Value = { isDoomed: false, given: { primitive: undefined } };
const DOOMED: Value = { isDoomed: true, given: { primitive: undefined } };

/** Evaluates a program one function after the other. */
export function outcomeOf(program: Program): Outcome {
  const fates = new Map<string, Fate>();
  const fatal: string[] = [];
  const inputs = program.inputs.map((given): Value => ({ isDoomed: false, given }));
  level(program.functions, inputs, '');
  return { fates, fatal };

  function level(functions: readonly ProgramFunction[], given: readonly Value[], prefix: string): Value[] {
    const values: Value[] = [];
    const of = (producer: number): Value => (producer < 0 ? given[-1 - producer]! : values[producer]!);
    for (const one of functions) values.push(evaluate(one, `${prefix}${one.id}`, of));
    return values;
  }

  function evaluate(one: ProgramFunction, id: string, of: (producer: number) => Value): Value {
    const needed = [...one.args, ...(one.type === 'map' ? [one.over] : [])].map(of);
    const condition = one.when && of(one.when.on);
    const isDoomed = needed.some((value) => value.isDoomed) || condition?.isDoomed === true;
    const holds = !one.when || condition!.isDoomed || isHeld(one.when.test, condition!.given);
    // Whatever else it needs, and whether that failed first or not.
    if (!holds) return told(id, 'not-taken', UNDEFINED);
    if (isDoomed) return doomed(one, id, of);
    if (one.type === 'regular')
      return failsAlways(one, id) ? failed(one, id) : told(id, 'succeeded', { isDoomed: false, given: one.gives });
    if (one.type === 'map') return map(one, id, of(one.over));
    if (failsAlways(one, id) || !one.inside) return failed(one, id);
    const before = fatal.length;
    level(one.inside, [], `${id}/`);
    if (fatal.length === before) return told(id, 'succeeded', { isDoomed: false, given: { other: 'an object' } });
    if (!one.optional) return told(id, 'producer-failed', DOOMED);
    // The rest of it is cancelled: how much of that had ended depends on the order.
    fatal.length = before;
    for (const inner of [...fates.keys()]) if (inner.startsWith(`${id}/`)) fates.set(inner, 'any');
    return told(id, 'failed', UNDEFINED);
  }

  /** A producer failed. Of a map that takes its elements one by one, some may run. */
  function doomed(one: ProgramFunction, id: string, of: (producer: number) => Value): Value {
    const source = one.type === 'map' ? of(one.over) : undefined;
    const isOther = one.args.some((arg) => of(arg).isDoomed) || (one.when && of(one.when.on).isDoomed);
    if (source?.elements && !isOther) for (const place of source.elements.keys()) fates.set(`${id}[${place}]`, 'any');
    const elements = source?.elements;
    return { ...told(id, 'producer-failed', DOOMED), ...(elements ? { elements } : {}) };
  }

  function map(one: ProgramFunction, id: string, source: Value): Value {
    const { split } = factsOf(source.given);
    const count = source.elements ? source.elements.length : 'count' in split ? split.count : undefined;
    if (count === undefined) return 'not' in split && split.not === 'undefined' ? told(id, 'not-taken', UNDEFINED) : fails(id);
    const elements = Array.from({ length: count }, (_, place) => {
      const element = `${id}[${place}]`;
      if (!failsAlways(one, element)) fates.set(element, 'succeeded');
      else {
        fates.set(element, 'failed');
        if (!one.optional) fatal.push(element);
        return one.optional;
      }
      return true;
    });
    if (elements.every(Boolean)) return { ...told(id, 'succeeded', { isDoomed: false, given: { array: count } }), elements };
    return { ...told(id, 'producer-failed', DOOMED), elements };
  }

  function failed(one: ProgramFunction, id: string): Value {
    if (one.optional) return told(id, 'failed', UNDEFINED);
    return fails(id);
  }

  function fails(id: string): Value {
    fatal.push(id);
    return told(id, 'failed', DOOMED);
  }

  function told(id: string, fate: Fate, value: Value): Value {
    fates.set(id, fate);
    return value;
  }
}

function isHeld(test: NonNullable<ProgramFunction['when']>['test'], given: Given): boolean {
  const { gist } = factsOf(given);
  if (test === 'truthy') return gist.isTruthy;
  if ('is' in test) return Object.is(gist.primitive, test.is);
  return !Object.is(gist.primitive, test.isNot);
}
