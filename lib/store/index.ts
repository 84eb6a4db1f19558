// Store: WHAT came out of functions, and where it is kept.
// In:  values that functions made or users stored, by run and by DAG id; releases of values that are not needed any more.
// Out: the values, and which node made them, for `retainMs` after a run.
export { backends, defaultBackend } from './backends/index.js';
export { guardedBackend } from './guarded-backend.js';
export { type LocalStoreMessage, startLocalStore } from './local-store.js';
export { awayIn, type HereListener } from './memory-entry.js';
export type { HeldValue, RunShelf } from './run-shelf.js';
export { openSpillDisk } from './spill/open-spill-disk.js';
export type { SpillDisk, SpilledBytes } from './spill-disk.js';
export type { StoreBackend, ValueShelf } from './store.js';
export { ValueStore } from './value-store.js';
export type { Waiter } from './waiters.js';
