import { inSteps, type RestOfWork, resultInSteps, type StepwiseWork } from '../../base/index.js';
import type { Numbered } from '../plan/numbering.js';
import type { Adjacency } from './adjacency.js';
import { FLAGS } from './graph.js';

/** The reasons why only the driver may run a function: a closure exists there alone. Index 0 means no reason. */
export const CLOSURES = [
  'none',
  'its code',
  'a serializer of its result',
  'a deserializer of its arguments',
  'an inline function that it needs',
] as const;
const CODE = 1;
const SERIALIZER = 2;
const DESERIALIZER = 3;
const INLINE = 4;

/**
 * Returns an index into `CLOSURES` for each regular function, in steps. A plain function binds its function to the driver. A serializer
 * binds the producer, or the consumer if the producer is an input, inline, a map or an expansion. A deserializer and an inline function
 * bind the consumer. Code that is never evaluated binds nothing.
 */
export function closuresOf(numbered: Numbered, evaluated: Adjacency | undefined, complex: Uint8Array | undefined): RestOfWork<Uint8Array> {
  const { size, flags } = numbered;
  const closure = new Uint8Array(size);
  const byCode = (from: number, to: number): void => {
    for (let i = from; i < to; i++) if ((flags[i]! & FLAGS.closure) !== 0) closure[i] = CODE;
  };
  if (complex === undefined) return resultInSteps(size, byCode, () => closure);
  return closuresOfComplex(numbered, evaluated, complex, closure, byCode);
}

function* closuresOfComplex(
  { size, functions, flags, args }: Numbered,
  evaluated: Adjacency | undefined,
  complex: Uint8Array,
  closure: Uint8Array,
  byCode: (from: number, to: number) => void,
): StepwiseWork<Uint8Array> {
  yield* inSteps(size, byCode);
  const bind = (index: number, reason: number): void => {
    if (closure[index] === 0) closure[index] = reason;
  };
  /** Whether the value is made by an attempt of its own. That of a map or an expansion is put together where it is consumed. */
  const isAttempted = (producer: number): boolean =>
    producer >= 0 && producer < size && (flags[producer]! & (FLAGS.map | FLAGS.expand)) === 0;
  const bindByEdges = (number: number, consumer: number): void => {
    functions[number]!.args.forEach((arg, k) => {
      if (typeof arg === 'string') return;
      const producer = args.items[args.start[number]! + k]!;
      if (typeof arg.serialize === 'function') bind(isAttempted(producer) ? producer : consumer, SERIALIZER);
      if (typeof arg.deserialize === 'function') bind(consumer, DESERIALIZER);
    });
  };
  const bindOne = (i: number): void => {
    bindByEdges(i, i);
    if (evaluated === undefined) return;
    for (let k = evaluated.start[i]!; k < evaluated.start[i + 1]!; k++) {
      const inline = evaluated.items[k]!;
      if ((flags[inline]! & FLAGS.closure) !== 0) bind(i, INLINE);
      bindByEdges(inline, i);
    }
  };
  yield* inSteps(size, (from, to) => {
    for (let i = from; i < to; i++) if (complex[i] !== 0) bindOne(i);
  });
  return closure;
}
