// Store: WHAT came out of functions, and where it is kept.
// In:  values that functions made or users stored, by run and by DAG id; releases of values that are not needed any more.
// Out: the values, and which node made them, for `retainMs` after a run.
export { backends, defaultBackend } from './backends/index.js';
export { guardedBackend } from './guarded-backend.js';
export { type LocalStoreMessage, startLocalStore } from './local-store.js';
export type { StoreBackend, ValueShelf } from './store.js';
export { type HeldValue, ValueStore } from './value-store.js';
export type { Waiter } from './waiters.js';
