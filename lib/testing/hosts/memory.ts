import { MemoryNetwork } from '../../peer/index.js';
import type { ClusterHost, HostSetup } from '../cluster-host.js';
import { type LocalNetwork, LocalNode } from '../local-node.js';

/** Nodes in this process, on a network in memory: no socket, no process, and no time but the clock's. */
export function memoryHost(setup: HostSetup): ClusterHost {
  const { clock, defer, names, links, observe } = setup;
  const memory = new MemoryNetwork({ clock, defer, ...(observe && { observe }) });
  const network: LocalNetwork = {
    transport: (name) => memory.transport(name),
    kill: (name) => memory.kill(name),
  };
  const started: LocalNode[] = [];
  const unwatch = links.watch(() => {
    for (const [at, a] of names.entries()) for (const b of names.slice(at + 1)) memory.set(a, b, links.conditions(a, b));
  });
  return {
    startsTogether: false,
    async start(name, options, join) {
      const node = await LocalNode.start({ name, options: { ...options, join }, setup, network });
      started.push(node);
      return node;
    },
    async stop() {
      unwatch();
      await Promise.all(started.map((node) => node.kill()));
      await Promise.all(started.map((node) => node.remains));
    },
  };
}
