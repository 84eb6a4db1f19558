import type { StoreBackend } from '../store.js';
import { memoryBackend } from './memory.js';

/** The named backends. A new one is a file here and a line in this map. */
export const backends: ReadonlyMap<string, () => StoreBackend> = new Map([['memory', memoryBackend]]);
