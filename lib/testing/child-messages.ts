/** Requests to a node in a process of its own. */
export type ChildRequest =
  | { readonly type: 'crash-actor'; readonly id: number; readonly actor: string }
  | { readonly type: 'list-links'; readonly id: number };

/** Messages of such a node to the kit. */
export type ChildReport =
  | { readonly type: 'listening'; readonly url: string }
  | { readonly type: 'started' }
  | { readonly type: 'answer'; readonly id: number; readonly value: readonly string[] }
  | { readonly type: 'failure'; readonly id: number; readonly isTypeError: boolean; readonly message: string };

/** The variable with the options of the node in such a process, as JSON. */
export const OPTIONS_VARIABLE = 'HANDOFF_TESTING_OPTIONS';
