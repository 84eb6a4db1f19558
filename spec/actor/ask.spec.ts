import { expect } from 'chai';
import { type ActorRef, ask, exited, kill, spawnActor, tell } from '../../lib/actor/index.js';
import { caught } from '../support/caught.js';
import { gate } from '../support/gate.js';
import { settled } from '../support/test-clock.js';
import { end, type Puppet, World } from './world.js';

type Replier = ActorRef<ActorRef<unknown>>;

describe('a question', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.clear());

  /** An actor that keeps whom it is to answer, and answers nobody. */
  async function silent(): Promise<{ ref: Replier; askers: ActorRef<unknown>[] }> {
    const askers: ActorRef<unknown>[] = [];
    const ref = await spawnActor<ActorRef<unknown>>(world.system, (state, replyTo) => {
      askers.push(replyTo);
      return state;
    });
    return { ref, askers };
  }
  const plain = <T>(replyTo: ActorRef<T>): ActorRef<T> => replyTo;

  it('is answered by a tell to its replyTo: the first answer stands', async () => {
    const answers: boolean[] = [];
    const ref = await spawnActor<ActorRef<unknown>>(world.system, (state, replyTo) => {
      answers.push(tell(replyTo, 'first'), tell(replyTo, 'second'));
      return state;
    });
    expect(await ask(ref, plain, 10)).to.equal('first');
    expect(answers).to.deep.equal([true, false]);
    expect(world.clock.pending).to.equal(0);
  });

  it('takes any value for an answer', async () => {
    const ref = await spawnActor<{ replyTo: ActorRef<unknown>; value: unknown }>(world.system, (state, { replyTo, value }) => {
      tell(replyTo, value);
      return state;
    });
    for (const value of [undefined, null, false, 0, new Error('as a value')]) {
      expect(await ask(ref, (replyTo: ActorRef<unknown>) => ({ replyTo, value }), 10)).to.equal(value);
    }
  });

  it('is answered by whoever has its replyTo', async () => {
    const { ref, askers } = await silent();
    const answer = ask(ref, plain, 10);
    await settled();
    const other = await world.puppet();
    tell(other, (ctx) => ctx.tell(askers[0]!, 'from elsewhere'));
    expect(await answer).to.equal('from elsewhere');
  });

  it('is rejected with HANDOFF_TIMEOUT after its time and not before; a late answer is dropped', async () => {
    const { ref, askers } = await silent();
    let error: unknown;
    const asking = caught(ask(ref, plain, 250)).then((it) => {
      error = it;
    });
    await settled();
    world.clock.advance(249);
    await settled();
    expect(error).to.equal(undefined);
    world.clock.advance(1);
    await asking;
    expect(error).to.have.property('code', 'HANDOFF_TIMEOUT');
    expect(tell(askers[0]!, 'late')).to.equal(false);
  });

  it('honours long times, and waits without end for Infinity', async () => {
    const { ref, askers } = await silent();
    const asking = [ask(ref, plain, 2 ** 40), ask(ref, plain, Number.POSITIVE_INFINITY)];
    await settled();
    expect(world.clock.pending).to.equal(1);
    world.clock.advance(2 ** 39);
    for (const replyTo of askers) expect(tell(replyTo, 'at last')).to.equal(true);
    expect(await Promise.all(asking)).to.deep.equal(['at last', 'at last']);
  });

  it('is rejected with HANDOFF_STOPPED as soon as the asked actor is dead, however it ends', async () => {
    const boom = new Error('boom');
    const ends: [(ref: Puppet) => unknown, unknown][] = [
      [(ref) => kill(ref), undefined],
      [(ref) => tell(ref, (ctx) => ctx.stop()), undefined],
      [
        (ref) =>
          tell(ref, () => {
            throw boom;
          }),
        boom,
      ],
    ];
    for (const [finish, cause] of ends) {
      const ref = await world.puppet();
      const asking = caught(ask(ref, () => () => undefined, 1e6));
      await settled();
      finish(ref);
      const error = await asking;
      expect(error.code).to.equal('HANDOFF_STOPPED');
      expect(error.cause).to.equal(cause);
    }
    expect(world.clock.pending).to.equal(0);
  });

  it('is rejected when the actor ends before it reads the question', async () => {
    const hold = gate();
    const ref = await world.puppet();
    tell(ref, async (ctx) => {
      await hold.pass();
      ctx.stop();
    });
    const asking = caught(ask(ref, () => () => world.trace.push('read'), 1e6));
    await hold.reached;
    hold.open();
    expect((await asking).code).to.equal('HANDOFF_STOPPED');
    expect(world.news()).to.deep.equal([]);
  });

  it('is refused at once by an actor that has ended or is ending', async () => {
    const hold = gate();
    const ref = await world.puppet(world.system, { onTerminate: () => hold.pass() });
    tell(ref, (ctx) => ctx.stop());
    await hold.reached;
    expect((await caught(ask(ref, () => () => undefined, 1e6))).code).to.equal('HANDOFF_STOPPED');
    hold.open();
    await exited(ref);
    expect((await caught(ask(ref, () => () => undefined, 1e6))).code).to.equal('HANDOFF_STOPPED');
    expect(world.clock.pending).to.equal(0);
  });

  it('of an actor is rejected when the asker ends; its answer reaches nobody', async () => {
    const { ref, askers } = await silent();
    const asker = await world.puppet();
    let error: unknown;
    tell(asker, async (ctx) => {
      error = await caught(ctx.ask(ref, plain, 1e6));
    });
    await settled();
    kill(asker);
    await settled();
    expect(error).to.have.property('code', 'HANDOFF_STOPPED');
    expect(tell(askers[0]!, 'late')).to.equal(false);
    expect(world.clock.pending).to.equal(0);
  });

  it('of an actor that has ended may stay unheard: it is no unhandled rejection', async () => {
    const { ref } = await silent();
    const hold = gate();
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    const asker = await world.puppet();
    tell(asker, async (ctx) => {
      const kid = await world.puppet(ctx.self);
      const answers = [ctx.ask(ref, plain, 1e6), ctx.ask(kid, () => () => hold.pass(), 1e6), ctx.ask(ref, plain, 1e6)];
      await hold.pass();
      world.trace.push('late');
      void ctx.ask(ref, plain, 1e6);
      void ctx.spawn(() => undefined);
      await answers[0];
    });
    await settled();
    kill(asker);
    await settled();
    hold.open();
    await settled();
    process.off('unhandledRejection', note);
    expect(world.news()).to.deep.equal(['late']);
    expect(unhandled).to.deep.equal([]);
  });

  it('is rejected with what the making of its message throws', async () => {
    const { ref } = await silent();
    const boom = new Error('boom');
    const request = (): never => {
      throw boom;
    };
    expect(await caught(ask(ref, request, 10))).to.equal(boom);
    expect(world.clock.pending).to.equal(0);
  });

  it('may be answered while its message is made', async () => {
    const { ref } = await silent();
    const request = <T>(replyTo: ActorRef<T>): ActorRef<T> => {
      tell(replyTo as ActorRef<unknown>, 'early');
      return replyTo;
    };
    expect(await ask(ref, request, 10)).to.equal('early');
    expect(world.clock.pending).to.equal(0);
  });

  it('is refused as a wrong call where an argument is wrong', async () => {
    const { ref, askers } = await silent();
    const wrong: [() => Promise<unknown>, ErrorConstructor][] = [
      [() => ask({} as never, plain, 10), TypeError],
      [() => ask(ref, 'no' as never, 10), TypeError],
      [() => ask(ref, plain, '10' as never), TypeError],
      [() => ask(ref, plain, undefined as never), TypeError],
      [() => ask(ref, plain, -1), RangeError],
      [() => ask(ref, plain, Number.NaN), RangeError],
    ];
    for (const [call, kind] of wrong) expect(await caught(call()), String(call)).to.be.instanceOf(kind);
    await settled();
    expect(askers).to.deep.equal([]);
  });

  it('is never answered with the answer to another, 20,000 at once', async () => {
    const ref = await spawnActor<{ value: number; replyTo: ActorRef<number> }>(world.system, (state, { value, replyTo }) => {
      tell(replyTo, value);
      return state;
    });
    const values = Array.from({ length: 20_000 }, (_, at) => at);
    const answers = await Promise.all(values.map((value) => ask(ref, (replyTo: ActorRef<number>) => ({ value, replyTo }), 1e6)));
    expect(answers.every((answer, at) => answer === at)).to.equal(true);
    expect(world.clock.pending).to.equal(0);
  });

  it('leaves an actor that is asked often as it was', async () => {
    const ref = await world.puppet();
    const other = await world.puppet();
    tell(other, async (ctx) => {
      const [answer] = await Promise.all([
        ctx.ask(ref, (replyTo: ActorRef<string>) => (me) => me.tell(replyTo, 'hello'), 10),
        caught(ctx.ask(other, () => () => undefined, -1)),
      ]);
      world.trace.push(answer as string);
    });
    await settled();
    expect(world.news()).to.deep.equal(['hello']);
    await end(other, 'normal');
    await end(ref, 'normal');
  });
});
