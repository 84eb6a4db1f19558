import { expect } from 'chai';
import { type ActorRef, exited, kill, openActorSystem, spawnActor, startActorSystem, tell } from '../../lib/actor/index.js';
import { caught } from '../support/caught.js';
import { gate } from '../support/gate.js';
import { settled } from '../support/test-clock.js';
import { type Act, end, isAlive, type Puppet, World } from './world.js';

describe('the tree of actors', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.clear());

  const traced = (name: string, parent?: Puppet): Promise<Puppet> =>
    world.puppet(parent, { name, onTerminate: (_state, reason) => void world.trace.push(`${name} ${reason}`) });

  async function family(): Promise<Puppet> {
    const top = await traced('top');
    const first = await traced('first', top);
    await traced('first of first', first);
    await traced('second of first', first);
    await traced('second', top);
    return top;
  }
  const eldestLast = ['second shutdown', 'second of first shutdown', 'first of first shutdown', 'first shutdown'];

  it('ends children before their parent, the youngest first, each with shutdown', async () => {
    await end(await family(), 'normal');
    expect(world.news()).to.deep.equal([...eldestLast, 'top normal']);
  });

  it('ends the children of an actor that crashes, and asks them', async () => {
    await end(await family(), new Error('boom'));
    expect(world.news()).to.deep.equal([...eldestLast, 'top Error: boom']);
  });

  it('kills the descendants of an actor that is killed, in the same instant', async () => {
    const top = await traced('top');
    const kid = await traced('kid', top);
    const grandchild = await traced('grandchild', kid);
    kill(top);
    expect([top, kid, grandchild].map(isAlive)).to.deep.equal([false, false, false]);
    for (const ref of [top, kid, grandchild]) expect(await exited(ref)).to.equal('killed');
    expect(world.news()).to.deep.equal([]);
  });

  it('lets no descendant handle one more message once its actor ends', async () => {
    const top = await traced('top');
    const kid = await traced('kid', top);
    const grandchild = await traced('grandchild', kid);
    const [holdKid, holdGrandchild] = [gate(), gate()];
    tell(kid, () => holdKid.pass());
    tell(grandchild, () => holdGrandchild.pass());
    for (const ref of [kid, grandchild]) tell(ref, () => world.trace.push('heard'));
    await settled();
    tell(top, (ctx) => {
      ctx.stop();
    });
    await settled();
    expect([top, kid, grandchild].map(isAlive)).to.deep.equal([false, false, false]);
    holdGrandchild.open();
    await settled();
    expect(world.news()).to.deep.equal([]);
    holdKid.open();
    await exited(top);
    await settled();
    expect(world.news()).to.deep.equal(['grandchild shutdown', 'kid shutdown', 'top normal']);
  });

  it('does not terminate an actor that is killed while its children end', async () => {
    const top = await traced('top');
    const hold = gate();
    await world.puppet(top, { onTerminate: () => hold.pass() });
    tell(top, (ctx) => ctx.stop());
    await hold.reached;
    kill(top);
    expect(await exited(top)).to.equal('killed');
    hold.open();
    await settled();
    expect(world.news()).to.deep.equal([]);
    expect(world.clock.pending).to.equal(0);
  });

  it('lets a handler that is under way use its children, also when its actor is asked to stop', async () => {
    const top = await world.puppet();
    tell(top, async (ctx) => {
      ctx.stop();
      const kid = await ctx.spawn<undefined, ActorRef<string>>((state, replyTo) => {
        tell(replyTo, 'hello');
        return state;
      });
      world.trace.push(await ctx.ask<ActorRef<string>, string>(kid, (replyTo) => replyTo, 10));
    });
    await exited(top);
    expect(world.news()).to.deep.equal(['hello']);
  });

  it('gives a busy child 5000 ms, then kills it', async () => {
    const top = await traced('top');
    const kid = await traced('kid', top);
    const hold = gate();
    tell(kid, () => hold.pass());
    await hold.reached;
    tell(top, (ctx) => ctx.stop());
    await settled();
    world.clock.advance(4999);
    await settled();
    expect(world.news()).to.deep.equal([]);
    world.clock.advance(1);
    expect(await exited(kid)).to.equal('killed');
    expect(await exited(top)).to.equal('normal');
    expect(world.news()).to.deep.equal(['top normal']);
    expect(world.clock.pending).to.equal(0);
  });

  it('spawns nothing under what has ended or is ending', async () => {
    const top = await world.puppet();
    const hold = gate();
    await world.puppet(top, { onTerminate: () => hold.pass() });
    tell(top, (ctx) => ctx.stop());
    await hold.reached;
    expect((await caught(world.puppet(top))).code).to.equal('HANDOFF_STOPPED');
    hold.open();
    await exited(top);
    expect((await caught(world.puppet(top))).code).to.equal('HANDOFF_STOPPED');
    await world.system.stop();
    expect((await caught(world.puppet())).code).to.equal('HANDOFF_STOPPED');
  });

  it('abandons a child whose init does not end, when its parent is killed', async () => {
    const top = await world.puppet();
    const hold = gate();
    const starting = spawnActor<void, Act>(top, (state) => state, { name: 'kid', init: () => hold.pass() });
    await hold.reached;
    kill(top);
    expect((await caught(starting)).code).to.equal('HANDOFF_STOPPED');
    hold.open();
  });

  it('ends a child that is still starting: init may finish, then it terminates', async () => {
    const top = await world.puppet();
    const hold = gate<string>();
    const starting = spawnActor<string, Act>(top, (state) => state, {
      init: () => hold.pass(),
      onTerminate: (state, reason) => void world.trace.push(`${state} ${reason}`),
    });
    const refused = caught(starting);
    await hold.reached;
    tell(top, (ctx) => ctx.stop());
    await settled();
    hold.open('made');
    expect((await refused).code).to.equal('HANDOFF_STOPPED');
    expect(await exited(top)).to.equal('normal');
    expect(world.news()).to.deep.equal(['made shutdown']);
  });

  it('ends with its system: every actor in reverse order, once, and no timer is left', async () => {
    await family();
    await traced('last');
    await Promise.all([world.system.stop(), world.system.stop()]);
    await world.system.stop();
    expect(world.news()).to.deep.equal(['last shutdown', ...eldestLast, 'top shutdown']);
    expect(world.clock.pending).to.equal(0);
  });

  it('keeps systems of one name apart', async () => {
    const [one, two] = await Promise.all([startActorSystem('twin'), startActorSystem('twin')]);
    const [a, b] = await Promise.all([world.puppet(one, { name: 'same' }), world.puppet(two, { name: 'same' })]);
    await one.stop();
    expect([a, b].map(isAlive)).to.deep.equal([false, true]);
    const heard = gate();
    tell(b, () => void heard.pass());
    await heard.reached;
    await two.stop();
    expect(two.name).to.equal('twin');
  });

  it('takes a system as it comes', async () => {
    const system = openActorSystem();
    await world.puppet(system);
    await system.stop();
  });
});
