import { expect } from 'chai';
import { type ExitReason, exited, kill, type Supervisor, type SupervisorOptions, tell } from '../../lib/actor/index.js';
import { gate } from '../support/gate.js';
import { settled } from '../support/test-clock.js';
import { branchOf, end, isAlive, type Puppet, refOf, statesOf, World } from './world.js';

const boom = new Error('boom');

describe('the end of a supervisor', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.clear());

  /** Has a puppet handle a message that does not end. */
  async function keepBusy(ref: Puppet): Promise<void> {
    const hold = gate();
    tell(ref, () => hold.pass());
    await hold.reached;
  }

  it('comes after that of its children, the youngest first, with shutdown for all', async () => {
    const supervisor = await world.supervisor({ children: [world.child('a'), world.child('b'), world.child('c')] });
    const refs = (await supervisor.whichChildren()).map(({ ref }) => ref!);
    world.news();
    await Promise.all([supervisor.stop(), supervisor.stop()]);
    expect(await supervisor.exited).to.equal('shutdown');
    expect(await exited(supervisor)).to.equal('shutdown');
    for (const ref of refs) expect(await exited(ref)).to.equal('shutdown');
    expect(world.news()).to.deep.equal(['end c shutdown', 'end b shutdown', 'end a shutdown']);
    expect(world.clock.pending).to.equal(0);
  });

  it('goes through its children one after another', async () => {
    const hold = gate();
    const supervisor = await world.supervisor({
      children: [world.child('a'), world.child('b', { onTerminate: () => hold.pass() }), world.child('c')],
    });
    world.news();
    const stopped = supervisor.stop();
    await hold.reached;
    await settled();
    expect(world.news()).to.deep.equal(['end c shutdown']);
    hold.open();
    await stopped;
    expect(world.news()).to.deep.equal(['end b shutdown', 'end a shutdown']);
  });

  it('lets a child finish its message and nothing after it, then its onTerminate', async () => {
    const hold = gate();
    const supervisor = await world.supervisor({ children: [world.child('a')] });
    const ref = await refOf(supervisor, 'a');
    tell(ref, async (ctx) => {
      await hold.pass();
      world.trace.push(`aborted ${ctx.signal.aborted}`);
    });
    tell(ref, () => world.trace.push('heard'));
    await hold.reached;
    world.news();
    const stopped = supervisor.stop();
    await settled();
    expect(isAlive(ref)).to.equal(false);
    hold.open();
    await stopped;
    expect(world.news()).to.deep.equal(['aborted true', 'end a shutdown']);
  });

  it('kills a child that does not end in its time, 5000 ms by default, and asks the others', async () => {
    for (const shutdown of [undefined, 1, 12_345]) {
      const children = [world.child('a'), world.child('b', shutdown === undefined ? {} : { shutdown }), world.child('c')];
      const supervisor = await world.supervisor({ children });
      const [a, b, c] = [await refOf(supervisor, 'a'), await refOf(supervisor, 'b'), await refOf(supervisor, 'c')];
      await keepBusy(b);
      const stopped = supervisor.stop();
      await settled();
      world.clock.advance((shutdown ?? 5000) - 0.5);
      await settled();
      expect(isAlive(a)).to.equal(true);
      world.clock.advance(0.5);
      await stopped;
      expect([await exited(a), await exited(b), await exited(c)]).to.deep.equal(['shutdown', 'killed', 'shutdown']);
      expect(world.clock.pending).to.equal(0);
    }
  });

  it('asks a child with a time of 0 and kills it without waiting', async () => {
    const supervisor = await world.supervisor({ children: [world.child('a', { shutdown: 0 }), world.child('b', { shutdown: 0 })] });
    const [a, b] = [await refOf(supervisor, 'a'), await refOf(supervisor, 'b')];
    let signal!: AbortSignal;
    tell(b, (ctx) => {
      signal = ctx.signal;
    });
    await settled();
    await keepBusy(b);
    await supervisor.stop();
    expect(signal.aborted).to.equal(true);
    expect(await exited(b)).to.equal('killed');
    expect(['shutdown', 'killed']).to.include(await exited(a));
    expect(world.clock.pending).to.equal(0);
  });

  it('kills a child that is to be killed at once, without onTerminate', async () => {
    const supervisor = await world.supervisor({ children: [world.child('a', { shutdown: 'brutal-kill' }), world.child('b')] });
    const a = await refOf(supervisor, 'a');
    world.news();
    await supervisor.stop();
    expect(await exited(a)).to.equal('killed');
    expect(world.news()).to.deep.equal(['end b shutdown']);
  });

  it('waits without end for a child that is given infinity', async () => {
    const hold = gate();
    const supervisor = await world.supervisor({ children: [world.child('a', { shutdown: 'infinity', onTerminate: () => hold.pass() })] });
    const stopped = supervisor.stop();
    await hold.reached;
    expect(world.clock.pending).to.equal(0);
    world.clock.advance(1e12);
    await settled();
    expect(world.trace).not.to.include('end a shutdown');
    hold.open();
    await stopped;
    expect(world.trace).to.include('end a shutdown');
  });

  it('waits without end for an inner supervisor, unless that is given a time', async () => {
    for (const shutdown of [undefined, 10]) {
      const slow = world.child('a', { shutdown: 9000 });
      const inner = world.branch('x', { children: [slow] }, shutdown === undefined ? {} : { shutdown });
      const top = await world.supervisor({ children: [inner] });
      const branch = await branchOf(top, 'x');
      const ref = await refOf(branch, 'a');
      await keepBusy(ref);
      const stopped = top.stop();
      await settled();
      world.clock.advance(shutdown ?? 8999);
      await settled();
      if (shutdown === undefined) {
        expect(await Promise.race([branch.exited, 'still there'])).to.equal('still there');
        world.clock.advance(1);
      }
      await stopped;
      expect(await branch.exited).to.equal(shutdown === undefined ? 'shutdown' : 'killed');
      expect(await exited(ref)).to.equal('killed');
      expect(world.clock.pending).to.equal(0);
    }
  });

  it('restarts no child that fails while the others end', async () => {
    const hold = gate();
    const supervisor = await world.supervisor({ children: [world.child('a'), world.child('b', { onTerminate: () => hold.pass() })] });
    const a = await refOf(supervisor, 'a');
    world.news();
    const stopped = supervisor.stop();
    await hold.reached;
    await end(a, boom);
    hold.open();
    await stopped;
    expect(world.news()).to.deep.equal(['end a boom', 'end b shutdown']);
    expect(world.clock.pending).to.equal(0);
  });

  it('ends also those that were spawned under it without a specification', async () => {
    const supervisor = await world.supervisor({ children: [world.child('a')] });
    const extra = await world.puppet(supervisor);
    await supervisor.stop();
    expect(await exited(extra)).to.equal('shutdown');
  });

  it('does not hang for a child that ended before its turn, nor for one that lies elsewhere', async () => {
    const outside = await world.puppet();
    const supervisor = await world.supervisor({ children: [{ id: 'out', start: () => outside }, world.child('a')] });
    kill(await refOf(supervisor, 'a'));
    await supervisor.stop();
    expect(await exited(outside)).to.equal('shutdown');
  });

  it('comes at once when it is killed: all below are killed, without onTerminate, also while it stops', async () => {
    const outside = await world.puppet();
    const inner = world.branch('x', { children: [world.child('b')] });
    const supervisor = await world.supervisor({ children: [world.child('a'), inner, { id: 'out', start: () => outside }] });
    const refs = [await refOf(supervisor, 'a'), await refOf(await branchOf(supervisor, 'x'), 'b'), outside];
    world.news();
    kill(supervisor);
    expect(refs.map(isAlive)).to.deep.equal([false, false, false]);
    expect(await supervisor.exited).to.equal('killed');
    expect(world.news()).to.deep.equal([]);

    const hold = gate();
    const stopping = await world.supervisor({ children: [world.child('a'), world.child('b', { onTerminate: () => hold.pass() })] });
    const stopped = stopping.stop();
    await hold.reached;
    world.news();
    kill(stopping);
    await stopped;
    hold.open();
    await settled();
    expect(await stopping.exited).to.equal('killed');
    expect(world.news()).to.deep.equal(['end b shutdown']);
    expect(world.clock.pending).to.equal(0);
  });

  it('goes on when an onTerminate fails, which is logged', async () => {
    const failing = world.child('a', { onTerminate: () => Promise.reject(boom) });
    const supervisor = await world.supervisor({ children: [failing] });
    await supervisor.terminateChild('a');
    expect(await statesOf(supervisor)).to.equal('a stopped');
    expect(world.logger.lines.map(({ level }) => level)).to.deep.equal(['error']);
  });
});

describe('a supervisor that may shut itself down', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.clear());

  type Mode = NonNullable<SupervisorOptions['autoShutdown']>;
  const start = (autoShutdown: Mode): Promise<Supervisor> =>
    world.supervisor({
      autoShutdown,
      maxRestarts: 10,
      children: [
        world.child('a', { restart: 'transient', significant: autoShutdown !== 'never' }),
        world.child('b', { restart: 'temporary', significant: autoShutdown !== 'never' }),
        world.child('c'),
        world.child('d', { restart: 'transient' }),
        world.child('e', { restart: 'temporary' }),
      ],
    });
  const ways: readonly ExitReason[] = ['normal', 'shutdown', 'killed', boom];

  it('does not for a child that is not significant, whatever it ends with', async () => {
    for (const mode of ['never', 'any-significant', 'all-significant'] as const) {
      const supervisor = await start(mode);
      for (const id of ['d', 'e']) {
        for (const how of ways) {
          await end(await refOf(supervisor, id), how);
          if (id === 'd' && (how === 'normal' || how === 'shutdown')) await supervisor.restartChild('d');
          if (id === 'e') await supervisor.startChild(world.child('e', { restart: 'temporary' }));
        }
        await supervisor.terminateChild(id);
      }
      expect(await statesOf(supervisor)).to.equal('a running, b running, c running, d stopped');
    }
  });

  it('does with the first significant child that is not started again, any', async () => {
    for (const [id, how] of [
      ['a', 'normal'],
      ['a', 'shutdown'],
      ['b', 'normal'],
      ['b', boom],
      ['b', 'killed'],
    ] as const) {
      const supervisor = await start('any-significant');
      await end(await refOf(supervisor, id), how);
      expect(await supervisor.exited).to.equal('shutdown');
      expect(
        world
          .news()
          .filter((line) => line.startsWith('end'))
          .slice(-1),
      ).to.deep.equal([id === 'a' ? 'end b shutdown' : 'end a shutdown']);
    }
  });

  it('does with the last significant child, all', async () => {
    const supervisor = await start('all-significant');
    await end(await refOf(supervisor, 'b'), boom);
    expect(await statesOf(supervisor)).to.equal('a running, c running, d running, e running');
    await end(await refOf(supervisor, 'a'), 'normal');
    expect(await supervisor.exited).to.equal('shutdown');
  });

  it('does not for a significant child that is started again, or terminated by a call', async () => {
    for (const mode of ['any-significant', 'all-significant'] as const) {
      const supervisor = await start(mode);
      await end(await refOf(supervisor, 'a'), boom);
      await supervisor.terminateChild('a');
      await supervisor.terminateChild('b');
      expect(await statesOf(supervisor)).to.equal('a stopped, c running, d running, e running');
    }
  });

  it('does not for a significant sibling that is taken along', async () => {
    const supervisor = await world.supervisor({
      autoShutdown: 'any-significant',
      strategy: 'one-for-all',
      children: [
        world.child('a', { restart: 'transient', significant: true }),
        world.child('b', { restart: 'temporary', significant: true }),
        world.child('c'),
      ],
    });
    await end(await refOf(supervisor, 'c'), boom);
    expect(await statesOf(supervisor)).to.equal('a running, c running');
  });

  it('takes the outer one along where it is significant itself, and not where it is not', async () => {
    for (const significant of [true, false]) {
      const worker = world.child('a', { restart: 'transient', significant: true });
      const inner = world.branch('x', { autoShutdown: 'any-significant', children: [worker] }, { restart: 'transient', significant });
      const top = await world.supervisor({ autoShutdown: 'any-significant', children: [world.child('b'), inner] });
      const branch = await branchOf(top, 'x');
      await end(await refOf(branch, 'a'), 'normal');
      expect(await branch.exited).to.equal('shutdown');
      if (significant) expect(await top.exited).to.equal('shutdown');
      else expect(await statesOf(top)).to.equal('b running, x stopped');
    }
  });
});
