/** What a node in a process of its own is asked. */
export type ChildRequest =
  | { readonly type: 'crash-actor'; readonly id: number; readonly actor: string }
  | { readonly type: 'list-links'; readonly id: number };

/** What it tells. */
export type ChildReport =
  | { readonly type: 'listening'; readonly url: string }
  | { readonly type: 'started' }
  | { readonly type: 'answer'; readonly id: number; readonly value: readonly string[] }
  | { readonly type: 'failure'; readonly id: number; readonly isTypeError: boolean; readonly message: string };

/** The variable in which such a process finds the options of its node, as JSON. */
export const OPTIONS_VARIABLE = 'HANDOFF_TESTING_OPTIONS';
