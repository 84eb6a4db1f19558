import { type Transport, webSocketTransport } from '../peer/index.js';
import type { HostSetup } from './cluster-host.js';
import type { LocalNetwork } from './local-node.js';
import { NodeProxy } from './proxy.js';

/** Real sockets, with a proxy in front of each node that applies the faults of links to its connections. */
export class ProxiedNetwork implements LocalNetwork {
  readonly #proxies: ReadonlyMap<string, NodeProxy>;
  readonly #unwatch: () => void;

  constructor({ names, clock, links }: HostSetup) {
    this.#proxies = new Map(
      names.map((name) => [name, new NodeProxy({ clock, conditions: (dialler) => links.conditions(dialler, name) })] as const),
    );
    this.#unwatch = links.watch(() => {
      for (const proxy of this.#proxies.values()) proxy.changed();
    });
  }

  /** Accepts connections for a node that is about to start. Returns the URL at which others will reach it. */
  async open(name: string): Promise<string> {
    const proxy = this.#proxies.get(name)!;
    await proxy.listen();
    return proxy.url;
  }

  transport(name: string): Transport {
    return webSocketTransport({ node: name });
  }

  listening(name: string, url: string): void {
    this.#proxies.get(name)!.target(url);
  }

  kill(name: string): void {
    for (const [other, proxy] of this.#proxies) {
      if (other === name) proxy.close();
      else proxy.reset(name);
    }
  }

  close(): void {
    this.#unwatch();
    for (const proxy of this.#proxies.values()) proxy.close();
  }
}
