// Journal: WHAT must outlive the process.
// In:  runs by key, groups of packed entries that their drivers append, the end.
// Out: the record, for the node that opens the run next; one driver at a time; `HANDOFF_STORAGE_FAILED` with its reason.
export { DataDir } from './data-dir/data-dir.js';
export { LargeValues } from './data-dir/large-values.js';
export type { RunFiles } from './data-dir/run-files.js';
export type { RecordedFile } from './data-dir/value-files.js';
export { ValueSweep } from './data-dir/value-sweep.js';
export { GroupBuffer } from './groups/group-buffer.js';
export { GroupReader } from './groups/group-reader.js';
export type {
  AppendOptions,
  Journal,
  Lease,
  OpenRunAnswer,
  OpenRunRequest,
  RecordedGroup,
  RecordedRun,
  RecordedState,
  RunJournal,
  RunName,
  RunQuery,
} from './journal.js';
export type { JournalOptions } from './journal-options.js';
export { type JournalName, journals } from './journals/index.js';
export { MemoryDatabase } from './journals/memory.js';
export { checkJournalUrl } from './postgres/postgres-url.js';
export { DiskShelf } from './remembered/disk-shelf.js';
export { readShelfStats } from './remembered/read-shelf-stats.js';
export type { NewResult, RememberedFile, RememberedResult, RememberedShelf, RememberedStats } from './remembered/remembered-shelf.js';
export { type Flight, type FlightTold, SingleFlight } from './remembered/single-flight.js';
export { runDamaged } from './run-faults.js';
export { FaultyStore, type JournalFaults } from './stored/faulty-store.js';
export { type JournalStore, READ_OPERATIONS, type StoreOperation, type StoreOperations } from './stored/operations.js';
