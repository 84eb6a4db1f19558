import type { StoreBackend } from '../store.js';
import { memoryBackend } from './memory.js';

/** The store backends, by name. A new one is one file and one line here. */
export const backends = { memory: memoryBackend } satisfies Record<string, () => StoreBackend>;

/** The backend of a node without the option `storeBackend`. */
export const defaultBackend = memoryBackend;
