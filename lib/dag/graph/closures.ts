import type { Numbered } from '../plan/numbering.js';
import type { Adjacency } from './adjacency.js';
import { FLAGS } from './graph.js';

/** Why only the driver may run a function: one of its closures exists there alone. 0 is none. */
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
 * By regular function: an index into `CLOSURES`. A plain function binds what it runs with: a serializer the producer, or the consumer where
 * the producer is an input or inline; a deserializer and an inline function the consumer. What nobody evaluates binds nobody.
 */
export function closuresOf(numbered: Numbered, evaluated: Adjacency | undefined, complex: Uint8Array | undefined): Uint8Array {
  const { size, functions, flags, args } = numbered;
  const closure = new Uint8Array(size);
  for (let i = 0; i < size; i++) if ((flags[i]! & FLAGS.closure) !== 0) closure[i] = CODE;
  if (complex === undefined) return closure;
  const bind = (index: number, reason: number): void => {
    if (closure[index] === 0) closure[index] = reason;
  };
  const bindByEdges = (number: number, consumer: number): void => {
    functions[number]!.args.forEach((arg, k) => {
      if (typeof arg === 'string') return;
      const producer = args.items[args.start[number]! + k]!;
      if (typeof arg.serialize === 'function') bind(producer >= 0 && producer < size ? producer : consumer, SERIALIZER);
      if (typeof arg.deserialize === 'function') bind(consumer, DESERIALIZER);
    });
  };
  for (let i = 0; i < size; i++) {
    if (complex[i] === 0) continue;
    bindByEdges(i, i);
    if (evaluated === undefined) continue;
    for (let k = evaluated.start[i]!; k < evaluated.start[i + 1]!; k++) {
      const inline = evaluated.items[k]!;
      if ((flags[inline]! & FLAGS.closure) !== 0) bind(i, INLINE);
      bindByEdges(inline, i);
    }
  }
  return closure;
}
