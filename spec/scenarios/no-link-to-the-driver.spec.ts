import { expect } from 'chai';
import type { ClusterStatus, FunctionView, Handoff } from '../../lib/index.js';
import { Dag, onDriver } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { SpecCluster } from '../support/cluster.js';
import { gate } from '../support/gate.js';

describe('a member without a link to the driver', () => {
  let cluster: SpecCluster;
  let reader: Handoff;
  let driver: Handoff;
  /** `hub` listens. `driver` and `reader` do not: they have no link with each other. */
  beforeEach(async () => {
    cluster = await SpecCluster.of({
      hub: { capabilities: { hub: 1 } },
      driver: { listen: undefined, capabilities: { cpu: 3 } },
      reader: { listen: undefined, capabilities: { cpu: 1 }, dashboard: '127.0.0.1:0' },
    });
    reader = cluster.node('reader');
    driver = cluster.node('driver');
  });
  afterEach(() => cluster.stop());

  const asked = async (path: string, init?: RequestInit): Promise<unknown> => {
    const answer = await fetch(`${reader.dashboardUrl}${path}`, init);
    return { status: answer.status, ...((await answer.json()) as object) };
  };
  const held = async () => {
    const inside = gate();
    const dag = Dag.dynamic('d')
      .add({ id: 'held', code: () => inside.pass(), cost: { cpu: 2 }, node: onDriver() })
      .add({ id: 'waits', code: () => 1, cost: { cpu: 2 }, node: onDriver() });
    const run = driver.execute(dag);
    await inside.reached;
    return { run, inside };
  };

  it('sees what it has and does: its resources, its runs, and what waits there', async () => {
    const { run, inside } = await held();
    const own = (await driver.status()).nodes.find(({ name }) => name === 'driver')!;
    expect(own.running).to.equal(1);
    for (const status of [await reader.status(), (await asked('/api/cluster')) as ClusterStatus]) {
      const seen = status.nodes.find(({ name }) => name === 'driver')!;
      expect(seen).to.deep.include({ isHeard: true, capabilities: { cpu: 3 }, used: { cpu: 2 }, running: 1 });
      expect(seen.linkMs, 'there is no link').to.equal(undefined);
      expect(status.nodes.map(({ name }) => name).sort()).to.deep.equal(['driver', 'hub', 'reader']);
      expect(status.runs.map((one) => [one.driver, one.dagId])).to.deep.equal([['driver', 'd']]);
      expect(status.waiting.map((one) => [one.driver, one.functionId, one.lacking])).to.deep.equal([['driver', 'waits', { cpu: 1 }]]);
    }
    inside.open();
    await run;
  });

  it('looks at its runs, and cancels them, through another member', async () => {
    const { run, inside } = await held();
    const ended = caught(run);
    const request = encodeURIComponent(JSON.stringify({ view: 'function', functionId: 'held' }));
    const { function: found } = (await asked(`/api/run/${run.id}/view?request=${request}`)) as FunctionView;
    expect(found).to.include({ state: 'running', node: 'driver' });
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
    expect(await asked(`/api/run/${run.id}/cancel`, init)).to.deep.equal({ status: 202 });
    expect(await ended).to.include({ code: 'HANDOFF_RUN_CANCELLED', cause: 'cancelled on node "reader"' });
    inside.open();
    expect((await reader.allRuns()).map(({ runId, state }) => [runId, state])).to.deep.equal([[run.id, 'cancelled']]);
  });
});
