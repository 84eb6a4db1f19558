import { expect } from 'chai';
import { type ActorRef, exited, type Parent, spawnActor, startSupervisor, tell } from '../../lib/actor/index.js';
import { caught } from '../support/caught.js';
import { gate } from '../support/gate.js';
import { settled } from '../support/test-clock.js';
import { infoOf, refOf, statesOf, World } from './world.js';

const never = <T>(): Promise<T> => new Promise(() => {});

describe('a start, a handler or an onTerminate that never settles', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.clear());

  /** Resolves when `done` has, with how much time that took; fails when it needs more than `limitMs`. */
  async function within(limitMs: number, done: Promise<unknown>): Promise<number> {
    const beganMs = world.clock.now();
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    done.then(over, over);
    await settled();
    while (!isOver && world.clock.now() - beganMs < limitMs) {
      world.clock.advance(10);
      await settled(10);
    }
    expect(isOver, `not over after ${limitMs} ms`).to.equal(true);
    return world.clock.now() - beganMs;
  }

  it('holds up the stop of its supervisor for the shutdown of the child, and for 5000 ms where that is infinity', async () => {
    for (const [rest, takesMs] of [
      [{ shutdown: 70 }, 70],
      [{ shutdown: 'infinity' }, 5000],
      [{ type: 'supervisor' }, 5000],
    ] as const) {
      const supervisor = await world.supervisor({ children: [world.child('a')] });
      const refused = caught(supervisor.startChild(world.child('b', { before: never, ...rest })));
      await settled();
      expect(await within(6000, supervisor.stop())).to.equal(takesMs);
      expect((await refused).code).to.equal('HANDOFF_STOPPED');
      expect(world.news().at(-1)).to.equal('end a shutdown');
    }
  });

  it('reaches a start further down: an inner supervisor that is starting is asked to stop too', async () => {
    const supervisor = await world.supervisor();
    const inner = world.branch('inner', { children: [world.child('a'), world.child('b', { before: never, shutdown: 70 })] });
    const refused = caught(supervisor.startChild({ ...inner, type: 'supervisor' }));
    await settled();
    expect(await within(6000, supervisor.stop())).to.equal(70);
    expect((await refused).code).to.equal('HANDOFF_STOPPED');
    expect(world.news()).to.deep.equal(['start a', 'start b', 'end a shutdown']);
  });

  it('gives way to terminateChild: the start is refused, the child is gone, the supervisor goes on', async () => {
    const supervisor = await world.supervisor();
    const refused = caught(supervisor.startChild(world.child('a', { before: never, shutdown: 70 })));
    expect(await within(100, supervisor.terminateChild('a'))).to.equal(70);
    expect(await refused).to.include({ code: 'HANDOFF_CHILD', reason: 'start-failed', childId: 'a' });
    expect(await supervisor.whichChildren()).to.deep.equal([]);
    await supervisor.startChild(world.child('a'));
    await supervisor.terminateChild('a');
    expect(await statesOf(supervisor)).to.equal('a stopped');
    expect((await caught(supervisor.terminateChild('x'))).reason).to.equal('not-found');
  });

  it('gives way to terminateChild in a restart by call, in one after a failure, and in one of siblings', async () => {
    for (const strategy of ['one-for-one', 'one-for-all'] as const) {
      let starts = 0;
      const before = (): unknown => (++starts > 1 ? never() : undefined);
      const children = [world.child('a'), world.child('b', { before, shutdown: 70 })];
      const supervisor = await world.supervisor({ strategy, children });
      const failing = await refOf(supervisor, strategy === 'one-for-all' ? 'a' : 'b');
      tell(failing, () => {
        throw new Error('boom');
      });
      await exited(failing);
      await settled();
      await within(100, supervisor.terminateChild('b'));
      expect(await statesOf(supervisor)).to.equal('a running, b stopped');
      const restarted = caught(supervisor.restartChild('b'));
      await within(100, supervisor.terminateChild('b'));
      expect((await restarted).reason).to.equal('start-failed');
      expect(await statesOf(supervisor)).to.equal('a running, b stopped');
    }
  });

  it('does not hide the children: they are told after a second', async () => {
    const supervisor = await world.supervisor({ children: [world.child('a')] });
    void caught(supervisor.startChild(world.child('b', { before: never })));
    const told = Promise.all([supervisor.whichChildren(), supervisor.countChildren()]);
    expect(await within(2000, told)).to.equal(1000);
    expect((await told)[0].map(({ id, state }) => `${id} ${state}`)).to.deep.equal(['a running']);
    expect((await told)[1]).to.include({ active: 1 });
  });

  it('in an onTerminate does not keep an actor that failed from being started again', async () => {
    for (const [shutdown, takesMs] of [
      [undefined, 5000],
      [70, 70],
      [0, 5000],
      ['brutal-kill', 5000],
    ] as const) {
      const child = world.child('a', { onTerminate: () => never<void>(), ...(shutdown === undefined ? {} : { shutdown }) });
      const supervisor = await world.supervisor({ children: [child] });
      const first = await refOf(supervisor, 'a');
      tell(first, () => {
        throw new Error('boom');
      });
      expect(await within(6000, exited(first))).to.equal(takesMs);
      expect(await exited(first)).to.have.property('message', 'boom');
      expect((await infoOf(supervisor, 'a')).ref).not.to.equal(first);
      await within(6000, supervisor.stop());
    }
  });

  it('in a handler that called ctx.stop does not keep the actor: it ends with that reason', async () => {
    const actor: ActorRef<string> = await spawnActor(world.system, (_state, _message, ctx) => {
      ctx.stop(new Error('enough'));
      return never();
    });
    tell(actor, 'go');
    await settled();
    expect(await within(6000, exited(actor))).to.equal(5000);
    expect(await exited(actor)).to.have.property('message', 'enough');
  });

  it('in an init does not hold up the stop of what it stands under', async () => {
    const start = (parent: Parent): Promise<ActorRef<unknown>> => spawnActor(parent, () => undefined, { init: never });
    const supervisor = await world.supervisor();
    const refused = caught(supervisor.startChild({ id: 'a', start, shutdown: 70 }));
    await settled();
    expect(await within(6000, supervisor.stop())).to.equal(70);
    expect((await refused).code).to.equal('HANDOFF_STOPPED');
    const alone = caught(spawnActor(world.system, () => undefined, { init: never }));
    const inner = caught(startSupervisor(world.system, { children: [{ id: 'a', start }] }));
    await within(11_000, world.system.stop());
    expect([(await alone).code, (await inner).code]).to.deep.equal(['HANDOFF_STOPPED', 'HANDOFF_STOPPED']);
    expect(world.clock.pending).to.equal(0);
  });

  it('leaves a start alone that settles in time', async () => {
    const hold = gate();
    const supervisor = await world.supervisor();
    const started = supervisor.startChild(world.child('a', { before: () => hold.pass() }));
    await hold.reached;
    const terminated = supervisor.terminateChild('a');
    await settled();
    hold.open();
    expect(await started).not.to.equal(undefined);
    await terminated;
    expect(await statesOf(supervisor)).to.equal('a stopped');
    expect(world.clock.pending).to.equal(0);
  });
});
