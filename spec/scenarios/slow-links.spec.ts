import { expect } from 'chai';
import { Dag, type DynamicDag, functionsIn } from '../../lib/index.js';
import { simulate, type TestCluster } from '../../lib/testing/index.js';
import { counted, driverAndWorkers, eventsOf, loop, preferring, toldAtMs } from './modules/watching.js';

const tasks = functionsIn<typeof import('../support/modules/cluster-tasks.js')>(
  new URL('../support/modules/cluster-tasks.js', import.meta.url),
);
const MBIT = 125_000;
const MIB = 2 ** 20;
const one = { cost: { cpu: 1 }, ...loop };

/** Every link of the cluster carries so much in each direction. */
function slow(cluster: TestCluster, bytesPerSecond: number, delayMs: number): void {
  for (const a of cluster.names) for (const b of cluster.names) if (a < b) cluster.link(a, b).set({ bytesPerSecond, delayMs });
}

/** Makes values on nodes, moves them where `to` says; how often functions ran, and which nodes were lost. */
async function moved(
  {
    workers,
    mbit,
    sizeBytes,
    values,
    delayMs = 20,
  }: { workers: number; mbit: number; sizeBytes: number; values: number; delayMs?: number },
  dag: (made: (index: number) => { id: string; node: string }) => { dag: DynamicDag; collect: string[] },
): Promise<{ attempts: number; lost: number; suspected: number; seconds: number; results: Readonly<Record<string, unknown>> }> {
  const { result, trace } = await simulate({ seed: 11, nodes: driverAndWorkers(workers) }, async (cluster) => {
    slow(cluster, mbit * MBIT, delayMs);
    const given = dag((index) => ({ id: `made-${index}`, node: `n${2 + (index % workers)}` }));
    const startMs = performance.now();
    const run = cluster.node('n1').execute(given.dag, { collect: given.collect });
    const [events, { results }] = await Promise.all([eventsOf(run), run]);
    const attempts = Object.values(counted(events, 'function-started')).reduce((sum, count) => sum + count, 0);
    return { attempts, results, seconds: (performance.now() - startMs) / 1000 };
  });
  expect(values * sizeBytes).to.be.above(0);
  return { ...result, lost: toldAtMs(trace, 'n1', 'node lost').length, suspected: toldAtMs(trace, 'n1', 'node is silent').length };
}

const made = (dag: DynamicDag, values: number, sizeBytes: number, at: (index: number) => { id: string; node: string }): string[] =>
  Array.from({ length: values }, (_, index) => {
    const { id, node } = at(index);
    dag.add({ id, code: tasks.bytes, extraArgs: [sizeBytes], node, ...one });
    return id;
  });

describe('links that carry little', () => {
  it('carry a value of 3 MB to the driver, at 2 Mbit/s, in the time that its bytes take', async () => {
    const given = { workers: 1, mbit: 2, sizeBytes: 3_000_000, values: 1 };
    const { attempts, lost, suspected, seconds } = await moved(given, (at) => {
      const dag = Dag.dynamic('upload');
      return { dag, collect: made(dag, 1, given.sizeBytes, at) };
    });
    expect({ attempts, lost, suspected }).to.deep.equal({ attempts: 1, lost: 0, suspected: 0 });
    expect(seconds).to.be.within(12, 14);
  });

  it('carry values both ways at once', async () => {
    const given = { workers: 2, mbit: 2, sizeBytes: 3_000_000, values: 2 };
    const { attempts, lost, suspected, seconds, results } = await moved(given, (at) => {
      const dag = Dag.dynamic('both ways');
      made(dag, 2, given.sizeBytes, at);
      dag.add({ id: 'there', code: tasks.lengths, args: ['made-0'], node: 'n3', ...one });
      dag.add({ id: 'back', code: tasks.lengths, args: ['made-1'], node: 'n2', ...one });
      return { dag, collect: ['there', 'back'] };
    });
    expect(results).to.deep.equal({ there: [3_000_000], back: [3_000_000] });
    expect({ attempts, lost, suspected }).to.deep.equal({ attempts: 4, lost: 0, suspected: 0 });
    expect(seconds).to.be.within(12, 15);
  });

  it('gather 20 MB from four nodes at one, over 6 Mbit/s from each', async () => {
    const given = { workers: 5, mbit: 6, sizeBytes: 1_000_000, values: 20 };
    const { attempts, lost, suspected, results } = await moved(given, (at) => {
      const dag = Dag.dynamic('gathered');
      const ids = made(dag, 20, given.sizeBytes, (index) => ({ ...at(index), node: `n${2 + (index % 4)}` }));
      dag.add({ id: 'gathered', code: tasks.lengths, args: ids, node: 'n6', ...one });
      return { dag, collect: ['gathered'] };
    });
    expect(results).to.deep.equal({ gathered: Array(20).fill(1_000_000) });
    expect({ attempts, lost, suspected }).to.deep.equal({ attempts: 21, lost: 0, suspected: 0 });
  });

  it('carry what rides along with messages: 200 results of 60 KB, at 2 Mbit/s, far away', async () => {
    const given = { workers: 1, mbit: 2, sizeBytes: 60_000, values: 200, delayMs: 300 };
    const { attempts, lost, suspected } = await moved(given, (at) => {
      const dag = Dag.dynamic('receipts');
      return { dag, collect: made(dag, 200, given.sizeBytes, at) };
    });
    expect({ attempts, lost, suspected }).to.deep.equal({ attempts: 200, lost: 0, suspected: 0 });
  });

  it('carry what a driver gives: inputs of 2 MB, and 100 arguments that ride along, at 1 Mbit/s', async () => {
    const { result, trace } = await simulate({ seed: 12, nodes: driverAndWorkers(1) }, async (cluster) => {
      slow(cluster, MBIT, 50);
      const dag = Dag.dynamic('download').input('large').input('small');
      dag.add({ id: 'weighed', code: tasks.lengths, args: ['large'], ...one });
      for (let index = 0; index < 100; index += 1) {
        dag.add({ id: `small-${index}`, code: tasks.lengths, args: ['small'], ...one });
      }
      const inputs = { large: new Uint8Array(2 * MIB).fill(7), small: new Uint8Array(50_000).fill(7) };
      const run = cluster.node('n1').execute(dag, { inputs, allocationStrategy: preferring({}) });
      const [events, { results }] = await Promise.all([eventsOf(run), run]);
      expect(results).to.deep.include({ weighed: [2 * MIB], 'small-99': [50_000] });
      return Object.values(counted(events, 'function-started')).reduce((sum, count) => sum + count, 0);
    });
    expect(result).to.equal(101);
    expect(toldAtMs(trace, 'n1', 'node lost')).to.deep.equal([]);
    expect(toldAtMs(trace, 'n2', 'node lost')).to.deep.equal([]);
  });
});
