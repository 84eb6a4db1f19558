import type { CodeRoot } from '../code/module-resolution.js';

/** What the process is asked to look at: modules, one after the other, each with the exports that are wanted of it. */
export interface CheckRequest {
  readonly place: CodeRoot;
  readonly modules: readonly WantedModule[];
}

/** A module and what is wanted of it. */
export interface WantedModule {
  readonly module: string;
  readonly names: readonly string[];
}

/** What the process says. `at`: the number of the module. */
export type CheckReport =
  | { readonly type: 'loading'; readonly at: number }
  | { readonly type: 'missing'; readonly at: number; readonly name: string; readonly reason: string }
  | { readonly type: 'done'; readonly at: number };

/** The exit code of the process where a module waits for what can never come; Node's own for a top-level `await` that cannot end. */
export const UNSETTLED = 13;
