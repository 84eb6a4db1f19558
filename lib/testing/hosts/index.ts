import type { ClusterHost, HostSetup } from '../cluster-host.js';
import { memoryHost } from './memory.js';
import { processesHost } from './processes.js';
import { webSocketHost } from './websocket.js';

/** Every host there is, by the name of its transport. A new one is one file and one line here. */
export const hosts = {
  memory: memoryHost,
  websocket: webSocketHost,
  processes: processesHost,
} satisfies Record<string, (setup: HostSetup) => ClusterHost>;
