import { expect } from 'chai';
import { kill, type Supervisor, type SupervisorOptions } from '../../lib/actor/index.js';
import { gate } from '../support/gate.js';
import { settled } from '../support/test-clock.js';
import { branchOf, end, isAlive, type Puppet, refOf, statesOf, World } from './world.js';

const boom = new Error('boom');

describe('the strategy of a supervisor', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.clear());

  const abc = (): SupervisorOptions['children'] => ['a', 'b', 'c'].map((id) => world.child(id));
  const refs = async (supervisor: Supervisor): Promise<Puppet[]> => (await supervisor.whichChildren()).map(({ ref }) => ref as Puppet);

  /** Which of a, b and c have another incarnation after the end of one; no old one may be left alive. */
  async function replacedBy(id: string, supervisor: Supervisor): Promise<string> {
    const before = await refs(supervisor);
    await end(await refOf(supervisor, id), boom);
    const after = await refs(supervisor);
    expect(after.map(isAlive)).to.deep.equal([true, true, true]);
    const replaced = ['a', 'b', 'c'].filter((_, at) => before[at] !== after[at]);
    for (const [at, ref] of before.entries()) expect(isAlive(ref)).to.equal(ref === after[at]);
    return replaced.join('');
  }

  it('replaces one for one, also by default', async () => {
    for (const strategy of ['one-for-one', undefined] as const) {
      const supervisor = await world.supervisor({ ...(strategy && { strategy }), children: abc()! });
      for (const id of ['a', 'b', 'c']) expect(await replacedBy(id, supervisor)).to.equal(id);
    }
  });

  it('replaces all for one', async () => {
    const supervisor = await world.supervisor({ strategy: 'one-for-all', children: abc()! });
    for (const id of ['a', 'b', 'c']) expect(await replacedBy(id, supervisor)).to.equal('abc');
  });

  it('replaces the rest for one', async () => {
    const supervisor = await world.supervisor({ strategy: 'rest-for-one', children: abc()! });
    expect(await replacedBy('c', supervisor)).to.equal('c');
    expect(await replacedBy('b', supervisor)).to.equal('bc');
    expect(await replacedBy('a', supervisor)).to.equal('abc');
  });

  it('stops in reverse and starts in order, with what was added later', async () => {
    for (const [strategy, trace] of [
      ['one-for-one', ['end b boom', 'start b']],
      ['rest-for-one', ['end b boom', 'end d shutdown', 'end c shutdown', 'start b', 'start c', 'start d']],
      ['one-for-all', ['end b boom', 'end d shutdown', 'end c shutdown', 'end a shutdown', 'start a', 'start b', 'start c', 'start d']],
    ] as const) {
      const supervisor = await world.supervisor({ strategy, children: abc()! });
      await supervisor.startChild(world.child('d'));
      world.news();
      await end(await refOf(supervisor, 'b'), boom);
      await supervisor.countChildren();
      expect(world.news()).to.deep.equal(trace);
    }
  });

  it('starts nothing before all that it takes along are down', async () => {
    const hold = gate();
    const slow = world.child('c', { onTerminate: () => hold.pass() });
    const supervisor = await world.supervisor({ strategy: 'one-for-all', children: [world.child('a'), world.child('b'), slow] });
    world.news();
    await end(await refOf(supervisor, 'a'), boom);
    await hold.reached;
    await settled();
    expect(world.news()).to.deep.equal(['end a boom']);
    hold.open();
    await supervisor.countChildren();
    expect(world.news()).to.deep.equal(['end c shutdown', 'end b shutdown', 'start a', 'start b', 'start c']);
  });

  it('kills what it takes along and does not end in its time', async () => {
    const hold = gate();
    const slow = world.child('b', { onTerminate: () => hold.pass(), shutdown: 30 });
    const supervisor = await world.supervisor({ strategy: 'one-for-all', children: [world.child('a'), slow] });
    const old = await refOf(supervisor, 'b');
    await end(await refOf(supervisor, 'a'), boom);
    await hold.reached;
    world.clock.advance(30);
    expect(isAlive(old)).to.equal(false);
    expect(await statesOf(supervisor)).to.equal('a running, b running');
    hold.open();
    expect(world.clock.pending).to.equal(0);
  });

  it('forgets temporary siblings that it takes along', async () => {
    for (const strategy of ['one-for-all', 'rest-for-one'] as const) {
      const children = [world.child('a'), world.child('b', { restart: 'temporary' }), world.child('c')];
      const supervisor = await world.supervisor({ strategy, children });
      await end(await refOf(supervisor, 'a'), boom);
      expect(await statesOf(supervisor)).to.equal('a running, c running');
    }
  });

  it('takes nobody along for a child that is not started again', async () => {
    for (const strategy of ['one-for-all', 'rest-for-one'] as const) {
      const children = [world.child('a', { restart: 'temporary' }), world.child('b', { restart: 'transient' }), world.child('c')];
      const supervisor = await world.supervisor({ strategy, children });
      const ref = await refOf(supervisor, 'c');
      await end(await refOf(supervisor, 'a'), boom);
      await end(await refOf(supervisor, 'b'), 'normal');
      expect(await statesOf(supervisor)).to.equal('b stopped, c running');
      expect(await refOf(supervisor, 'c')).to.equal(ref);
    }
  });

  it('starts those it takes along also if they had been stopped, and those that say ignore not', async () => {
    const children = [world.child('a'), world.child('b'), world.child('c', { before: () => 'ignore' })];
    const supervisor = await world.supervisor({ strategy: 'one-for-all', children });
    await supervisor.terminateChild('b');
    await end(await refOf(supervisor, 'a'), boom);
    expect(await statesOf(supervisor)).to.equal('a running, b running, c stopped');
  });

  it('takes several ends in one turn as they come: all for one restarts once for those it has replaced', async () => {
    const supervisor = await world.supervisor({ strategy: 'one-for-all', maxRestarts: 1, children: abc()! });
    world.news();
    for (const ref of await refs(supervisor)) kill(ref);
    expect(await statesOf(supervisor)).to.equal('a running, b running, c running');
    expect(world.news()).to.deep.equal(['start a', 'start b', 'start c']);
  });

  it('replaces only within the inner supervisor in which a worker fails', async () => {
    const inner = (id: string) => world.branch(id, { children: [world.child(`${id}1`), world.child(`${id}2`)] });
    const top = await world.supervisor({ strategy: 'one-for-all', children: [inner('x'), inner('y')] });
    const [x, y] = [await branchOf(top, 'x'), await branchOf(top, 'y')];
    const untouched = [await refOf(x, 'x2'), await refOf(y, 'y1'), await refOf(y, 'y2')];
    await end(await refOf(x, 'x1'), boom);
    expect(await statesOf(x)).to.equal('x1 running, x2 running');
    expect([await branchOf(top, 'x'), await branchOf(top, 'y')]).to.deep.equal([x, y]);
    expect([await refOf(x, 'x2'), await refOf(y, 'y1'), await refOf(y, 'y2')]).to.deep.equal(untouched);
    expect(untouched.map(isAlive)).to.deep.equal([true, true, true]);
  });

  it('replaces an inner supervisor that is killed, with its workers', async () => {
    const top = await world.supervisor({ children: [world.branch('x', { children: [world.child('a')] })] });
    const before = await branchOf(top, 'x');
    const worker = await refOf(before, 'a');
    kill(before);
    expect(isAlive(worker)).to.equal(false);
    const after = await branchOf(top, 'x');
    expect(after).not.to.equal(before);
    expect(isAlive(await refOf(after, 'a'))).to.equal(true);
  });

  it('ends what a child was started with beside it, before it is started again', async () => {
    const spec = world.child('a');
    const supervisor = await world.supervisor({
      children: [
        {
          id: 'a',
          start: async (parent) => {
            await world.puppet(parent, { name: 'beside', onTerminate: (_state, reason) => void world.trace.push(`beside ${reason}`) });
            return spec.start(parent);
          },
        },
      ],
    });
    await end(await refOf(supervisor, 'a'), boom);
    expect(await statesOf(supervisor)).to.equal('a running');
    expect(world.news()).to.deep.equal(['start a', 'end a boom', 'beside shutdown', 'start a']);
    await supervisor.terminateChild('a');
    expect(world.news()).to.deep.equal(['end a shutdown', 'beside shutdown']);
  });
});
