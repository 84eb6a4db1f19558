import type { ClusterHost, HostSetup } from '../cluster-host.js';
import { memoryHost } from './memory.js';

/** Every host there is, by the name of its transport. A new one is one file and one line here. */
export const hosts = {
  memory: memoryHost,
} satisfies Record<string, (setup: HostSetup) => ClusterHost>;
