import { expect } from 'chai';
import { systemClock } from '../../lib/base/index.js';
import { Dag, type Handoff, type Run } from '../../lib/index.js';
import { type Journal, journals } from '../../lib/journal/index.js';
import { viewOf } from '../../lib/observe/index.js';
import { type ObservedRun, observeRun } from '../../lib/runner/index.js';
import { gate } from '../support/gate.js';
import { eventsOf, placesForEach } from './durable-node.js';

describe('a durable run that is looked at by its record alone', () => {
  const at = placesForEach();
  let journal: Journal;

  beforeEach(async () => {
    journal = await journals.memory(at.places.database, { node: 'reader', clock: systemClock, leaseMs: 1000, isReadOnly: true });
  });
  afterEach(() => journal.close());

  const seen = async (key = 'k'): Promise<ObservedRun> => {
    const [recorded] = await journal.findRuns({ key });
    return observeRun(journal, recorded!, systemClock);
  };
  const execute = (node: Handoff, dag: unknown, options: object = {}): Run<unknown> =>
    node.execute(dag as Dag, { key: 'k', maxRetries: 0, ...options } as never) as Run<unknown>;
  const statesOf = (run: ObservedRun): Record<string, string> =>
    Object.fromEntries(Array.from({ length: run.size }, (_, index) => [run.idOf(index), run.stateOf(index)]));
  const namesOf = (run: ObservedRun, indices: readonly number[]): string[] => indices.map((index) => run.idOf(index));

  it('has the functions with what they need, and their attempts with node, time and phases', async () => {
    const dag = Dag.dynamic('flights')
      .add({ id: 'load', code: function loadAll() { return [1, 2]; } }) // biome-ignore format: one line
      .add({ id: 'half', code: (all: number[]) => all.length / 2, args: ['load'], type: 'inline' })
      .add({ id: 'sum', code: (half: number, all: number[]) => half + all.length, args: ['half', 'load'] });
    const executed = execute(at.here, dag);
    const events = await eventsOf(executed);
    const runId = executed.id;
    const run = await seen();
    expect(run).to.include({ runId, dagId: 'flights', key: 'k', driver: 'here', state: 'completed', size: 2, error: undefined });
    expect(statesOf(run)).to.deep.equal({ load: 'succeeded', sum: 'succeeded' });
    const sum = run.indexOf('sum')!;
    expect(namesOf(run, run.producersOf(sum))).to.deep.equal(['load']);
    expect(namesOf(run, run.consumersOf(run.indexOf('load')!))).to.deep.equal(['sum']);
    expect([run.codeOf(run.indexOf('load')!), run.isolationOf(sum), run.nodeOf(sum), run.attemptOf(sum)]).to.deep.equal([
      'loadAll',
      'loop',
      'here',
      1,
    ]);
    const { attempts } = run;
    expect([attempts.first, attempts.count, attempts.nodes]).to.deep.equal([0, 2, ['here']]);
    const [first, last] = [attempts.row(0), attempts.row(1)];
    expect([first, last].map(({ index, outcome }) => [run.idOf(index), outcome])).to.deep.equal([
      ['load', 'succeeded'],
      ['sum', 'succeeded'],
    ]);
    expect(last.endMs).to.be.within(first.endMs, run.elapsedMs + 1);
    const told = events.flatMap((event) => (event.type === 'function-succeeded' ? [event.phases!] : []));
    expect(told).to.have.length(2);
    for (const [row, phases] of told.entries()) {
      for (const [name, ms] of Object.entries(phases)) expect(attempts.row(row).phases).to.have.property(name).closeTo(ms, 0.001);
    }
    expect(viewOf(run, { view: 'summary' }).criticalPath.map(({ functionId }) => functionId)).to.deep.equal(['load', 'sum']);
  });

  it('says what failed, and that the rest was cancelled, or skipped where the run went on', async () => {
    const dag = () =>
      Dag.dynamic('d')
        .add({ id: 'bad', code: () => Promise.reject(new RangeError('no such tile')) })
        .add({ id: 'after', code: (x: unknown) => x, args: ['bad'] })
        .add({ id: 'good', code: () => 1 });
    await execute(at.here, dag()).then(undefined, () => {});
    const aborted = await seen();
    expect(aborted.state).to.equal('failed');
    expect(aborted.stateOf(aborted.indexOf('bad')!)).to.equal('failed');
    expect(aborted.stateOf(aborted.indexOf('after')!)).to.equal('cancelled');
    expect(aborted.errorOf(aborted.indexOf('bad')!)?.message).to.include('no such tile');
    await execute(at.here, dag(), { key: 'on', onFailure: 'continue' }).then(undefined, () => {});
    const went = await seen('on');
    expect(statesOf(went)).to.deep.equal({ bad: 'failed', after: 'skipped', good: 'succeeded' });
    expect(went.skippedFor(went.indexOf('after')!)).to.equal('producer-failed');
    expect(went.progress).to.include({ total: 3, failed: 1, skipped: 1, succeeded: 1 });
  });

  it('has the elements of maps and the functions of expansions, each with what it is a part of', async () => {
    const inner = () =>
      Dag.dynamic('inner')
        .add({ id: 'x', code: () => 7 })
        .add({ id: 'y', code: (x: number) => x + 1, args: ['x'] });
    const dag = Dag.dynamic('grown')
      .add({ id: 'ns', code: () => [1, 2, 3] })
      .map({ id: 'sq', over: 'ns', code: (n: number) => n * n })
      .map({ id: 'plus', over: 'sq', code: (n: number) => n + 1 })
      .expand({ id: 'more', code: inner as never, args: ['plus'] as never });
    await execute(at.here, dag);
    const run = await seen();
    const states = statesOf(run);
    expect(Object.keys(states)).to.have.members([
      'ns',
      'sq',
      'plus',
      'more',
      'sq[0]',
      'sq[1]',
      'sq[2]',
      'plus[0]',
      'plus[1]',
      'plus[2]',
      ...['x', 'y'].map((id) => `more/${id}`),
    ]);
    expect([...new Set(Object.values(states))]).to.deep.equal(['succeeded']);
    const of = (id: string): number => run.indexOf(id)!;
    expect(namesOf(run, run.producersOf(of('plus[1]')))).to.deep.equal(['sq[1]']);
    expect(namesOf(run, run.producersOf(of('sq[1]')))).to.deep.equal(['ns']);
    expect(namesOf(run, run.producersOf(of('sq')))).to.deep.equal(['ns', 'sq[0]', 'sq[1]', 'sq[2]']);
    expect(namesOf(run, run.producersOf(of('more/y')))).to.deep.equal(['more/x']);
    expect([run.partOf(of('more/x')), run.partOf(of('sq[2]')), run.partOf(of('ns'))]).to.deep.equal([of('more'), of('sq'), undefined]);
    expect(run.progress.total).to.equal(run.size);
  });

  it('of an interrupted run says what has succeeded, and what the rest waits for', async () => {
    const held = gate();
    const dag = Dag.dynamic('d')
      .add({ id: 'a', code: () => 1 })
      .add({ id: 'b', code: (x: number) => held.pass().then(() => x), args: ['a'] })
      .add({ id: 'c', code: (x: number) => x, args: ['b'] });
    const run = execute(at.here, dag, { durability: 'strict' });
    run.then(undefined, () => {});
    await held.reached;
    const running = await seen();
    expect(running.state).to.equal('running');
    expect(statesOf(running)).to.deep.equal({ a: 'succeeded', b: 'waiting', c: 'waiting' });
    expect(running.waitOf(running.indexOf('c')!)).to.deep.include({ for: 'producers', producers: [running.indexOf('b')!] });
    await at.here.stop({ graceMs: 0 });
    const left = await seen();
    expect(left.state).to.equal('cancelled');
    expect(left.error?.message).to.include('goes on when it is executed with its key again');
    expect(left.elapsedMs).to.equal(left.attempts.row(0).endMs);
    held.open();
  });

  it('puts a run that went on later on one axis', async () => {
    const held = gate();
    const dag = () =>
      Dag.dynamic('d')
        .add({ id: 'a', code: () => 1 })
        .add({ id: 'b', code: (x: number) => held.pass().then(() => x), args: ['a'] });
    const first = execute(at.here, dag(), { durability: 'strict' });
    first.then(undefined, () => {});
    await held.reached;
    await at.here.stop({ graceMs: 0 });
    held.open();
    const there = await at.places.start('there');
    await execute(there, dag());
    const run = await seen();
    const rows = [0, 1].map((number) => run.attempts.row(number));
    expect(rows.map(({ index, node }) => [run.idOf(index), node])).to.deep.equal([
      ['a', 'here'],
      ['b', 'there'],
    ]);
    expect(rows[1]!.endMs).to.be.at.least(rows[0]!.endMs);
    expect(rows[1]!.endMs).to.be.at.most(run.elapsedMs + 1);
  });
});
