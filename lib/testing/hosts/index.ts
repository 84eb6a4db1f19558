import type { ClusterHost, HostSetup } from '../cluster-host.js';
import { memoryHost } from './memory.js';
import { processesHost } from './processes.js';
import { webSocketHost } from './websocket.js';

/** All hosts, by the name of their transport. A new one is one file and one line here. */
export const hosts = {
  memory: memoryHost,
  websocket: webSocketHost,
  processes: processesHost,
} satisfies Record<string, (setup: HostSetup) => ClusterHost>;
