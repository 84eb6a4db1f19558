import type { CodeRoot } from '../code/module-resolution.js';

/** The request to the process: modules to check one after the other, each with the wanted exports. */
export interface CheckRequest {
  readonly place: CodeRoot;
  readonly modules: readonly WantedModule[];
}

/** A module with the wanted exports. */
export interface WantedModule {
  readonly module: string;
  readonly names: readonly string[];
}

/** A report of the process. `at` is the number of the module. */
export type CheckReport =
  | { readonly type: 'loading'; readonly at: number }
  | { readonly type: 'missing'; readonly at: number; readonly name: string; readonly reason: string }
  | { readonly type: 'done'; readonly at: number };

/**
 * The exit code of a process in which a module awaits something that can never come. It is Node's own for a top-level `await` that cannot
 * end.
 */
export const UNSETTLED = 13;
