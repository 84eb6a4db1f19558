import type { Clock } from '../base/index.js';
import type { SpillDisk } from './spill-disk.js';
import type { StoreBackend } from './store.js';

/** What the values of a node need. */
export interface ValueStoreOptions {
  readonly node: string;
  readonly backend: StoreBackend;
  readonly clock: Clock;
  /** So much of ended runs stays, bytes. */
  readonly retainedBytesLimit: number;
  /** How much of the values stays in memory. The default is all. */
  readonly memoryLimitBytes?: () => number;
  /** Takes what the memory has no room for. Without one all stay in memory. */
  readonly disk?: SpillDisk | undefined;
  /** Whether values are frozen on this node. Default true. */
  readonly freeze?: boolean;
}
