import { expect } from 'chai';
import { type ChildSpec, kill, openGroup, startSupervisor, tell } from '../../lib/actor/index.js';
import { caught } from '../support/caught.js';
import { gate } from '../support/gate.js';
import { settled } from '../support/test-clock.js';
import { branchOf, infoOf, isAlive, type Puppet, refOf, statesOf, World } from './world.js';

const boom = new Error('boom');
const fail = (): never => {
  throw boom;
};

describe('the start of a supervisor', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.clear());

  it('needs no children, and no options but an object', async () => {
    const supervisor = await world.supervisor();
    expect(await supervisor.countChildren()).to.deep.equal({ specs: 0, active: 0, supervisors: 0, workers: 0 });
    await supervisor.stop();
    expect(await supervisor.exited).to.equal('shutdown');
  });

  it('starts the children in the order of the list, each when the one before has started', async () => {
    const hold = gate();
    const starting = world.supervisor({ children: [world.child('z', { before: () => hold.pass() }), world.child('a')] });
    await hold.reached;
    await settled();
    expect(world.news()).to.deep.equal(['start z']);
    hold.open();
    expect(await statesOf(await starting)).to.equal('z running, a running');
  });

  it('rolls back in reverse order when a child fails to start, and names it', async () => {
    const children = [world.child('a'), world.child('b'), world.child('c', { before: fail }), world.child('d')];
    const error = await caught(world.supervisor({ name: 'one', children }));
    expect(error).to.include({ code: 'HANDOFF_START_FAILED', childId: 'c', cause: boom });
    expect(world.news()).to.deep.equal(['start a', 'start b', 'start c', 'end b shutdown', 'end a shutdown']);
    await world.supervisor({ name: 'one' });
  });

  it('fails for a start that rejects, or gives what is no child of this package', async () => {
    for (const given of [undefined, 1, 'ignored', {}, { id: 'x' }, world.system, openGroup(world.system)]) {
      const error = await caught(world.supervisor({ children: [{ id: 'a', start: async () => given as never }] }));
      expect(error).to.include({ code: 'HANDOFF_START_FAILED', childId: 'a' });
      expect(error.cause).to.be.instanceOf(TypeError);
    }
    const rejecting = { id: 'a', start: () => Promise.reject(boom) };
    expect((await caught(world.supervisor({ children: [rejecting] }))).cause).to.equal(boom);
  });

  it('leaves nothing behind that a failed start has spawned', async () => {
    const start: ChildSpec['start'] = async (parent) => {
      await world.puppet(parent, { onTerminate: (_state, reason) => void world.trace.push(`half ${reason}`) });
      throw boom;
    };
    await caught(world.supervisor({ children: [{ id: 'a', start }] }));
    expect(world.news()).to.deep.equal(['half shutdown']);
  });

  it('passes the failure of an inner supervisor on, with the way to it', async () => {
    const inner = world.branch('inner', { children: [world.child('a', { before: fail })] });
    const error = await caught(world.supervisor({ children: [world.child('b'), inner] }));
    expect(error).to.include({ code: 'HANDOFF_START_FAILED', childId: 'inner' });
    expect(error.cause).to.include({ code: 'HANDOFF_START_FAILED', childId: 'a', cause: boom });
    expect(world.news()).to.deep.equal(['start b', 'start a', 'end b shutdown']);
  });

  it('keeps the specification of a child that says ignore, unless it is temporary', async () => {
    const before = (): string => 'ignore';
    const supervisor = await world.supervisor({
      children: [world.child('a', { before }), world.child('b', { before, restart: 'temporary' }), world.child('c')],
    });
    expect(await statesOf(supervisor)).to.equal('a stopped, c running');
    expect((await infoOf(supervisor, 'a')).ref).to.equal(undefined);
    expect(await supervisor.countChildren()).to.deep.equal({ specs: 2, active: 1, supervisors: 0, workers: 2 });
  });

  it('is refused for a name that is taken under the same parent, and leaves the holder alone', async () => {
    const first = await world.supervisor({ name: 'one' });
    const error = await caught(world.supervisor({ name: 'one', children: [world.child('a')] }));
    expect(error).to.include({ code: 'HANDOFF_START_FAILED', reason: 'already-started', value: first });
    expect((await caught(world.puppet(world.system, { name: 'one' }))).code).to.equal('HANDOFF_START_FAILED');
    expect(world.news()).to.deep.equal([]);
    await first.stop();
    await world.supervisor({ name: 'one' });
  });

  it('is refused under a parent that has ended', async () => {
    const actor = await world.puppet();
    kill(actor);
    expect((await caught(startSupervisor(actor, {}))).code).to.equal('HANDOFF_STOPPED');
    await world.system.stop();
    expect((await caught(world.supervisor())).code).to.equal('HANDOFF_STOPPED');
  });

  it('takes the kind of a child from what its start gives, unless it is said', async () => {
    const supervisor = await world.supervisor({
      children: [
        world.branch('a', {}),
        world.branch('b', {}, { type: 'worker' }),
        world.child('c'),
        world.child('d', { type: 'supervisor' }),
      ],
    });
    const kinds = (await supervisor.whichChildren()).map(({ type }) => type);
    expect(kinds).to.deep.equal(['supervisor', 'worker', 'worker', 'supervisor']);
    expect(await supervisor.countChildren()).to.deep.equal({ specs: 4, active: 4, supervisors: 2, workers: 2 });
  });

  it('is broken off when its parent stops: nothing more is started, what was started ends', async () => {
    const top = await world.puppet();
    const hold = gate();
    const children = [world.child('a'), world.child('b', { before: () => hold.pass() }), world.child('c')];
    const refused = caught(startSupervisor(top, { children }));
    await hold.reached;
    const stopped = world.system.stop();
    await settled();
    hold.open();
    expect((await refused).code).to.equal('HANDOFF_STOPPED');
    await stopped;
    expect(world.news()).to.deep.equal(['start a', 'start b', 'end b shutdown', 'end a shutdown']);
    expect(world.clock.pending).to.equal(0);
  });

  it('is broken off also before the first child', async () => {
    const top = await world.puppet();
    const refused = caught(startSupervisor(top, { children: [] }));
    const stopped = world.system.stop();
    expect((await refused).code).to.equal('HANDOFF_STOPPED');
    await stopped;
  });

  it('waits for a start as long as the child would be given to end, once it is asked to stop', async () => {
    for (const [shutdown, lateMs] of [
      [undefined, 5000],
      [70, 70],
      ['brutal-kill', 0],
    ] as const) {
      const hold = gate();
      const child = world.child('b', { before: () => hold.pass(), ...(shutdown === undefined ? {} : { shutdown }) });
      const top = await world.supervisor({ children: [world.child('a')] });
      const refused = caught(top.startChild(child));
      await hold.reached;
      let isStopped = false;
      const stopped = top.stop().then(() => {
        isStopped = true;
      });
      await settled();
      if (lateMs > 0) {
        world.clock.advance(lateMs - 1);
        await settled();
        expect(isStopped).to.equal(false);
        world.clock.advance(1);
      }
      await stopped;
      expect((await refused).code).to.equal('HANDOFF_STOPPED');
      expect(world.news()).to.deep.equal(['start a', 'start b', 'end a shutdown']);
      hold.open();
      await settled();
      expect(world.news()).to.deep.equal([]);
      expect(world.clock.pending).to.equal(0);
    }
  });

  it('gives each start that waits its time, not more, and ends at once what was spawned in it', async () => {
    const never = gate();
    const start: ChildSpec<Puppet>['start'] = async (parent) => {
      world.trace.push('start');
      const half = await world.puppet(parent, { onTerminate: () => void world.trace.push('terminate') });
      tell(half, () => never.pass());
      await never.pass();
      return half;
    };
    const supervisor = await world.supervisor();
    const refused = ['a', 'b'].map((id) => caught(supervisor.startChild({ id, start, shutdown: 10 })));
    await never.reached;
    const stopped = supervisor.stop();
    for (let time = 0; time < 2; time++) {
      await settled();
      expect(world.news()).to.deep.equal(['start']);
      world.clock.advance(10);
    }
    await stopped;
    for (const error of await Promise.all(refused)) expect(error.code).to.equal('HANDOFF_STOPPED');
    expect(world.news()).to.deep.equal([]);
    expect(world.clock.pending).to.equal(0);
  });

  it('ends what a start gives that was given up, where it lies outside', async () => {
    const hold = gate();
    const outside = await world.puppet();
    const start = async () => {
      await hold.pass();
      return outside;
    };
    const supervisor = await world.supervisor();
    const refused = caught(supervisor.startChild({ id: 'a', start }));
    await hold.reached;
    kill(supervisor);
    expect((await refused).code).to.equal('HANDOFF_STOPPED');
    expect(world.clock.pending).to.equal(0);
    expect(isAlive(outside)).to.equal(true);
    hold.open();
    await settled();
    expect(isAlive(outside)).to.equal(false);
  });

  it('starts trees of any depth', async () => {
    const leaf = world.branch('inner', { children: [world.child('leaf')] });
    const supervisor = await world.supervisor({ children: [world.branch('middle', { children: [leaf] })] });
    const inner = await branchOf(await branchOf(supervisor, 'middle'), 'inner');
    expect(isAlive(await refOf(inner, 'leaf'))).to.equal(true);
  });
});
