// Guests: attempts that run here for other drivers.
// In:  messages of drivers about their runs and attempts; grants of this node's allocator; outcomes of its executor.
// Out: answers to the drivers; claims freed and values dropped when a driver is done, or gone.
export type { GuestDeps } from './guest-deps.js';
export { type DriverMessage, GuestRuns } from './guest-runs.js';
export type { HandedOver } from './handed-over.js';
