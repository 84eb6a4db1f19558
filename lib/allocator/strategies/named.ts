// Brain: pure.
import type { strategies } from './index.js';

/** The names of the built-in strategies. */
type BuiltIn = { readonly [N in keyof typeof strategies]: true };

/**
 * The strategies that can be named in `allocationStrategy`. A program that gives `Handoff.start` strategies of its own adds their names:
 * `declare module 'handoff-dag' { interface Strategies { roomiest: true } }`.
 */
export interface Strategies extends BuiltIn {}
