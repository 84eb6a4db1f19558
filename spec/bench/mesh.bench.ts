import { SpecCluster } from '../support/cluster.js';
import type { Bench } from './measure.js';

const NODES = 50;
const MESH_MS = 5000;
const IDLE_MS = 5000;
const names = Array.from({ length: NODES }, (_, at) => `n${at + 1}`);
const settings = { heartbeat: {}, capabilities: { cpu: 1 } };

/** Resolves when each node sees all the others up. */
async function meshed(cluster: SpecCluster): Promise<void> {
  for (const name of names) {
    const node = cluster.node(name);
    for (;;) {
      const seen = await node.nodes();
      if (seen.length === NODES && seen.every(({ status }) => status === 'up')) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** What being many costs: fifty nodes, all in this process, on a network in memory, with the heartbeat that nodes have by default. */
export const meshBench: Bench = {
  name: 'mesh',
  question: `How long do ${NODES} nodes take to know each other, and what do they cost when nothing is to be done?`,
  async run() {
    const cluster = new SpecCluster();
    try {
      const [first, ...others] = names as [string, ...string[]];
      await cluster.start(first, settings);
      const startMs = performance.now();
      await Promise.all(others.map((name) => cluster.start(name, settings)));
      await meshed(cluster);
      const tookMs = performance.now() - startMs;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const before = process.cpuUsage();
      const beganMs = performance.now();
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      const { user, system } = process.cpuUsage(before);
      const share = (user + system) / 1000 / (performance.now() - beganMs);
      return [
        {
          what: `full mesh of ${NODES} nodes`,
          figure: `${(tookMs / 1000).toFixed(2)} s`,
          floor: `${MESH_MS / 1000} s`,
          ratio: tookMs / MESH_MS,
          target: 'at most 1',
        },
        {
          what: `${NODES} idle nodes, share of one core`,
          figure: `${(share * 100).toFixed(1)} %`,
          floor: '10 %',
          ratio: share / 0.1,
          target: 'at most 1',
        },
      ];
    } finally {
      await cluster.stop();
    }
  },
};
