import type { ClusterHost, HostSetup } from '../cluster-host.js';
import { LocalNode } from '../local-node.js';
import { ProxiedNetwork } from '../proxied-network.js';

/** Nodes in this process, on real sockets. */
export function webSocketHost(setup: HostSetup): ClusterHost {
  const network = new ProxiedNetwork(setup);
  const started: LocalNode[] = [];
  return {
    startsTogether: false,
    async start(name, options, join) {
      const advertise = await network.open(name);
      try {
        const node = await LocalNode.start({ name, options: { ...options, join, advertise }, setup, network });
        started.push(node);
        return node;
      } catch (error) {
        network.kill(name);
        throw error;
      }
    },
    async stop() {
      await Promise.all(started.map((node) => node.kill()));
      network.close();
      await Promise.all(started.map((node) => node.remains));
    },
  };
}
