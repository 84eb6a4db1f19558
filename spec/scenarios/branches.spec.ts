import { expect } from 'chai';
import { Dag, type ExecuteOptions, type HandoffError, type Run } from '../../lib/index.js';
import { simulate, type TestCluster } from '../../lib/testing/index.js';
import { caught } from '../support/caught.js';
import { begunOn, clearStage, gateAt, LARGE_BYTES } from './modules/stage.js';
import {
  counted,
  driverAndWorkers,
  event,
  eventsOf,
  inside,
  leftOn,
  loop,
  preferring,
  tasks,
  untilMembers,
  untilSo,
} from './modules/watching.js';

const one = { cost: { cpu: 1 }, ...loop };
const hold = { id: 'hold', code: tasks.held, node: 'n1', cost: {}, ...loop };

interface Told {
  readonly results: Record<string, unknown>;
  readonly failures: Record<string, HandoffError>;
  readonly allocations: Record<string, string>;
}

function execute(cluster: TestCluster, specs: readonly object[], options: object): Run<Record<string, unknown>> {
  const dag = Dag.dynamic('branches');
  for (const spec of specs) dag.add(spec as Parameters<typeof dag.add>[0]);
  return cluster.node('n1').execute(dag, options as ExecuteOptions<Record<string, unknown>, never, never>);
}

describe('branches and optional functions on several nodes', () => {
  beforeEach(clearStage);

  const story = <T>(workers: number, body: (cluster: TestCluster) => Promise<T>): Promise<T> =>
    simulate({ seed: 43, nodes: driverAndWorkers(workers) }, body).then(({ result }) => result);

  it('are decided by the receipt: a large value does not come to the driver for it', () =>
    story(2, async (cluster) => {
      const places = { big: 'n2', yes: 'n2', no: 'n3', is: 'n3' };
      const run = execute(
        cluster,
        [
          { id: 'big', code: tasks.large, ...one },
          { id: 'yes', code: tasks.weigh, args: ['big'], when: 'big', ...one },
          { id: 'no', code: tasks.small, when: { id: 'big', is: null }, ...one },
          { id: 'is', code: tasks.small, when: { id: 'yes', is: LARGE_BYTES }, ...one },
          { id: 'end', code: tasks.small, args: ['no', 'is'], ...one },
        ],
        { collect: ['end', 'no', 'yes'], allocationStrategy: preferring(places) },
      );
      const { results, allocations } = (await run) as unknown as Told;
      expect(results).to.deep.equal({ yes: LARGE_BYTES, no: undefined, end: 'end is done' });
      expect(allocations).to.include({ big: 'n2', yes: 'n2', is: 'n3' }).and.not.to.have.property('no');
      expect(begunOn('no')).to.deep.equal([]);
      expect(inside(cluster, 'n1').heldBytes).to.be.below(LARGE_BYTES);
    }));

  it('stay decided when the node is lost that made the value: only what is needed is computed again', () =>
    story(2, async (cluster) => {
      const places = { big: 'n2', taken: 'n2', end: 'n3' };
      const run = execute(
        cluster,
        [
          { id: 'big', code: tasks.large, ...one },
          { id: 'not', code: tasks.small, when: { id: 'big', is: 'small' }, ...one },
          { id: 'taken', code: tasks.large, args: ['big'], when: { id: 'big', isNot: 'small' }, ...one },
          hold,
          { id: 'end', code: tasks.weigh, args: ['taken', 'not', 'hold'], ...one },
        ],
        { collect: ['end'], allocationStrategy: preferring(places) },
      );
      await untilSo(() => run.progress.succeeded === 2);
      expect(run.progress.skipped).to.equal(1);
      await cluster.kill('n2');
      await event(run, 'function-succeeded', 'taken');
      gateAt('hold', 'n1').open();
      expect(((await run) as unknown as Told).results).to.deep.equal({ end: LARGE_BYTES });
      expect(counted(await eventsOf(run), 'function-skipped')).to.deep.equal({ not: 1 });
      expect(begunOn('not')).to.deep.equal([]);
    }));

  it('go on without an optional function whose node is lost again and again', () =>
    story(2, async (cluster) => {
      const run = execute(
        cluster,
        [
          { id: 'may', code: tasks.held, node: 'n2', optional: true, ...one },
          { id: 'end', code: tasks.small, args: ['may'], ...one },
        ],
        { collect: ['end', 'may'], maxRetries: 0, lostNodeWaitMs: 100, allocationStrategy: preferring({ end: 'n3' }) },
      );
      await gateAt('may', 'n2').reached;
      await cluster.kill('n2');
      const { results, failures, allocations } = (await run) as unknown as Told;
      expect(results).to.deep.equal({ may: undefined, end: 'end is done' });
      expect(failures.may).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'may', node: 'n2' });
      expect(failures.may!.cause).to.include({ code: 'HANDOFF_NODE_LOST', node: 'n2' });
      expect(allocations).to.deep.equal({ end: 'n3' });
    }));

  it('look at an input that lies on another node', () =>
    story(1, async (cluster) => {
      await untilMembers(cluster, 'n1', 'n1', 'n2');
      await cluster.node('n2').storeValue('branches', 'rows', 'x'.repeat(200_000));
      await cluster.node('n1').registerDataLocation('branches', 'rows', 'n2');
      const dag = Dag.dynamic('branches')
        .input('rows')
        .add({ id: 'some', code: tasks.small, when: 'rows', ...one })
        .add({ id: 'none', code: tasks.small, when: { id: 'rows', is: '' }, ...one });
      const run = cluster.node('n1').execute(dag as never, { inputs: {}, collect: 'all' } as never) as unknown as Promise<Told>;
      expect((await run).results).to.deep.equal({ some: 'some is done', none: undefined });
    }));

  for (const [how, code] of [
    ['lost', 'HANDOFF_RESULT_LOST'],
    ['awaited when it is cancelled', 'HANDOFF_RUN_CANCELLED'],
  ] as const) {
    it(`end a run whose input is ${how}, before anything of it starts`, () =>
      story(1, async (cluster) => {
        await untilMembers(cluster, 'n1', 'n1', 'n2');
        if (how !== 'lost') await cluster.node('n2').storeValue('branches', 'rows', 'x'.repeat(200_000));
        await cluster.node('n1').registerDataLocation('branches', 'rows', 'n2');
        const dag = Dag.dynamic('branches')
          .input('rows')
          .add({ id: 'some', code: tasks.small, when: 'rows', ...one });
        const run = cluster.node('n1').execute(dag as never, { inputs: {} } as never) as unknown as Run<unknown>;
        const ended = caught(run);
        if (how !== 'lost') await run.cancel();
        expect(await ended).to.include({ code });
        expect(begunOn('some')).to.deep.equal([]);
        expect(leftOn(cluster, 'n1')).to.deep.equal({});
      }));
  }
});
