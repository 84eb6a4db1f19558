import { expect } from 'chai';
import { type AllocationStrategy, Dag, functionsIn } from '../../lib/index.js';
import { simulate } from '../../lib/testing/index.js';
import { caught } from '../support/caught.js';

const tasks = functionsIn<typeof import('../support/modules/cluster-tasks.js')>(
  new URL('../support/modules/cluster-tasks.ts', import.meta.url),
);
const fan = (count: number): Dag<Record<string, unknown>> => {
  const dag = Dag.dynamic('fan');
  for (let at = 0; at < count; at += 1) dag.add({ id: `f${at}`, code: tasks.restFor, extraArgs: [100], cost: { cpu: 1 } });
  return dag as never;
};
const nodes = [{ capabilities: { cpu: 1 } }, { capabilities: { cpu: 4 } }];

/** Its own node, whatever others have free; with `patienceMs`, only for so long. Time is what the simulation says. */
const local = (patienceMs = Number.POSITIVE_INFINITY): AllocationStrategy => {
  const since = new Map<string, number>();
  return {
    name: 'local',
    askAgainMs: 10,
    place({ functionId, nodes: all }) {
      const own = all.find(({ isSelf }) => isSelf)!;
      if (own.fits) return own.name;
      if (!since.has(functionId)) since.set(functionId, Date.now());
      const hasWaited = Date.now() - since.get(functionId)! >= patienceMs;
      return hasWaited ? all.find(({ fits }) => fits)?.name : undefined;
    },
  };
};

describe('a strategy that waits, in a cluster', () => {
  it('keeps functions for its own node until that is free, though another one has room', async () => {
    const { result } = await simulate({ seed: 1, nodes, faults: 'none' }, (cluster) =>
      cluster.node('n1').execute(fan(5), { allocationStrategy: local() }),
    );
    expect(new Set(Object.values(result.allocations))).to.deep.equal(new Set(['n1']));
    expect(result.durationMs).to.be.at.least(500);
  });

  it('may lose its patience: what has waited long enough goes elsewhere', async () => {
    const { result } = await simulate({ seed: 1, nodes, faults: 'none' }, (cluster) =>
      cluster.node('n1').execute(fan(5), { allocationStrategy: local(50) }),
    );
    const here = Object.values(result.allocations).filter((node) => node === 'n1');
    expect(here.length).to.be.within(1, 4);
    expect(result.durationMs).to.be.below(500);
  });

  it('ends with its run, however long it would wait', async () => {
    const never: AllocationStrategy = { name: 'never', place: () => undefined };
    await simulate({ seed: 1, nodes, faults: 'none' }, async (cluster) => {
      const run = cluster.node('n1').execute(fan(2), { allocationStrategy: never, timeoutMs: 60_000 });
      expect(await caught(run)).to.include({ code: 'HANDOFF_RUN_TIMEOUT' });
    });
  });
});
