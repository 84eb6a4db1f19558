import { type Environment, Handoff, realEnvironment, startNode } from '../../lib/handoff/index.js';
import type { NodeOptions } from '../../lib/index.js';
import { MemoryNetwork } from '../../lib/peer/index.js';
import { spyLogger } from './spy-logger.js';

/** Several nodes in this process, on a network in memory. */
export class SpecCluster {
  readonly network = new MemoryNetwork({
    clock: realEnvironment.clock,
    observe: (from, _to, parts) => this.observe?.(from, parts),
  });
  /** Is called with each frame that arrives. */
  observe: ((from: string, parts: readonly Uint8Array[]) => void) | undefined;
  readonly logs = new Map<string, ReturnType<typeof spyLogger>>();
  readonly #nodes = new Map<string, Handoff>();
  readonly #environment: Partial<Environment>;

  /** `environment`: what the nodes have in place of the machine's own. */
  constructor(environment: Partial<Environment> = {}) {
    this.#environment = environment;
  }

  /** Nodes that listen and know each other, the first one first. */
  static async of(nodes: Readonly<Record<string, NodeOptions>>): Promise<SpecCluster> {
    const cluster = new SpecCluster();
    for (const [name, options] of Object.entries(nodes)) await cluster.start(name, options);
    return cluster;
  }

  /** Starts one that joins through the first that there is. */
  async start(name: string, options: NodeOptions = {}): Promise<Handoff> {
    const logger = spyLogger();
    this.logs.set(name, logger);
    const [first] = this.#nodes.values();
    const all = { name, logger, listen: '127.0.0.1:0', capabilities: { cpu: 2 }, threads: 1, ...(first && { join: [first.address!] }) };
    const surroundings = { ...realEnvironment, ...this.#environment, transport: this.network.transport(name) };
    const node = await Handoff[startNode]({ ...all, heartbeat: { intervalMs: 20, timeoutMs: 2000 }, ...options }, surroundings);
    this.#nodes.set(name, node);
    return node;
  }

  node(name: string): Handoff {
    return this.#nodes.get(name)!;
  }

  /** Ends a node without a word: its connections break, and nobody listens there any more. */
  async kill(name: string): Promise<void> {
    this.network.kill(name);
    const node = this.node(name);
    this.#nodes.delete(name);
    await node.stop({ graceMs: 0 });
  }

  /** Resolves when a node sees the others so. */
  async until(on: string, isSo: (nodes: Awaited<ReturnType<Handoff['nodes']>>) => boolean): Promise<void> {
    const node = this.node(on);
    while (!isSo(await node.nodes())) await new Promise((resolve) => setImmediate(resolve));
  }

  async stop(): Promise<void> {
    for (const node of [...this.#nodes.values()].reverse()) await node.stop({ graceMs: 0 });
  }
}
