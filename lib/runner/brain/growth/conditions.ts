// Brain: pure.
import type { When } from '../../../dag/index.js';
import type { Gist } from '../../../value/index.js';

/** What is known of the value of a function that was not taken, or was optional and failed. */
export const GIST_OF_UNDEFINED: Gist = { isTruthy: false, primitive: undefined };

/** What is known of the value of a map or an expansion: an array or an object. */
export const GIST_OF_OBJECT: Gist = { isTruthy: true };

/** Returns whether a condition holds for a value. Values are compared with `Object.is`; one without `primitive` equals none. */
export function holdsFor({ test }: When, gist: Gist): boolean {
  if (test === 'truthy') return gist.isTruthy;
  if ('is' in test) return isSame(gist, test.is);
  return !isSame(gist, test.isNot);
}

const isSame = (gist: Gist, value: unknown): boolean => Object.hasOwn(gist, 'primitive') && Object.is(gist.primitive, value);
