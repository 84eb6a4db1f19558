import { silentLogger } from '../../base/index.js';
import { KillGuard } from '../../executor/index.js';
import { ChildNode } from '../child-node.js';
import type { ClusterHost, HostSetup } from '../cluster-host.js';
import { LocalNode } from '../local-node.js';
import { ProxiedNetwork } from '../proxied-network.js';

/** The first node in this process, each other one a `handoff node` in a process of its own, on real sockets. */
export function processesHost(setup: HostSetup): ClusterHost {
  const network = new ProxiedNetwork(setup);
  const guard = new KillGuard(silentLogger);
  const started: LocalNode[] = [];
  const children = new Set<ChildNode>();
  const child = (name: string, options: ConstructorParameters<typeof ChildNode>[0]['options']): Promise<ChildNode> => {
    const node: ChildNode = new ChildNode({ name, options, network, guard, ended: () => children.delete(node) });
    children.add(node);
    return node.started();
  };
  const local = async (name: string, options: Parameters<typeof child>[1]): Promise<LocalNode> => {
    const node = await LocalNode.start({ name, options, setup, network });
    started.push(node);
    return node;
  };
  return {
    startsTogether: true,
    async start(name, options, join) {
      const advertise = await network.open(name);
      try {
        return await (name === setup.names[0] ? local : child)(name, { ...options, join, advertise });
      } catch (error) {
        network.kill(name);
        throw error;
      }
    },
    async stop() {
      await Promise.all([...started, ...children].map((node) => node.kill()));
      network.close();
      await Promise.all(started.map((node) => node.remains));
      await guard.close();
    },
  };
}
