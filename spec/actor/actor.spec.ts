import { expect } from 'chai';
import { type ActorContext, exited, kill, type Parent, spawnActor, startActorSystem, tell } from '../../lib/actor/index.js';
import { caught } from '../support/caught.js';
import { gate } from '../support/gate.js';
import { settled } from '../support/test-clock.js';
import { type Act, end, isAlive, World } from './world.js';

describe('an actor', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.clear());

  it('handles messages one after another, in their order, each with the state that the one before gave', async () => {
    const hold = gate();
    const actor = await spawnActor<string[], string>(
      world.system,
      async (heard, message, ctx) => {
        world.trace.push(`begin ${message}`);
        if (message === 'a') await hold.pass();
        world.trace.push(`done ${message}`);
        if (message === 'c') ctx.stop();
        return [...heard, message];
      },
      { init: () => [], onTerminate: (heard) => void world.trace.push(`heard ${heard}`) },
    );
    for (const message of ['a', 'b', 'c']) expect(tell(actor, message)).to.equal(true);
    await hold.reached;
    await settled();
    expect(world.news()).to.deep.equal(['begin a']);
    hold.open();
    expect(await exited(actor)).to.equal('normal');
    expect(world.news()).to.deep.equal(['done a', 'begin b', 'done b', 'begin c', 'done c', 'heard a,b,c']);
  });

  it('takes any message: none, falsy ones, promises, thenables', async () => {
    const heard: unknown[] = [];
    const actor = await spawnActor<unknown>(world.system, (state, message) => {
      heard.push(message);
      return state;
    });
    const all = [undefined, null, 0, '', Promise.resolve(1), { then: 1 }];
    for (const message of all) tell(actor, message);
    await settled();
    expect(heard).to.have.length(all.length);
    for (const [at, message] of all.entries()) expect(heard[at]).to.equal(message);
  });

  it('begins with the state that init makes, also when it takes its time', async () => {
    const seen: unknown[] = [];
    for (const init of [() => 1, async () => 1]) {
      const actor = await spawnActor<number, string>(
        world.system,
        (state) => {
          seen.push(state);
          return state;
        },
        { init },
      );
      tell(actor, 'go');
    }
    await settled();
    expect(seen).to.deep.equal([1, 1]);
  });

  it('does not start when init fails, and leaves its name free', async () => {
    const boom = new Error('boom');
    const fail = (): never => {
      throw boom;
    };
    for (const init of [fail, () => Promise.reject(boom)]) {
      expect(await caught(spawnActor(world.system, (state) => state, { name: 'one', init }))).to.equal(boom);
    }
    expect(isAlive(await world.puppet(world.system, { name: 'one' }))).to.equal(true);
  });

  it('ends with what its handler throws or rejects with, and handles nothing more', async () => {
    const boom = new Error('boom');
    for (const act of [
      () => {
        throw boom;
      },
      () => Promise.reject(boom),
    ] satisfies Act[]) {
      const actor = await world.puppet();
      tell(actor, act);
      tell(actor, () => world.trace.push('after'));
      expect(await exited(actor)).to.equal(boom);
    }
    await settled();
    expect(world.news()).to.deep.equal([]);
  });

  it('ends with an Error that has the cause, when something that is no Error is thrown', async () => {
    const actor = await world.puppet();
    tell(actor, () => Promise.reject({ secret: 1 }));
    const reason = await exited(actor);
    expect(reason).to.be.an('error').with.deep.property('cause', { secret: 1 });
    expect((reason as Error).message).not.to.include('secret');
  });

  it('stops itself with the reason it gives, the first one, once the message is done', async () => {
    const late = new Error('late');
    for (const reason of [undefined, 'normal', 'shutdown', new Error('mine')] as const) {
      const actor = await world.puppet();
      tell(actor, async (ctx) => {
        ctx.stop(reason);
        ctx.stop(late);
        await settled();
        world.trace.push('done');
      });
      tell(actor, () => world.trace.push('next'));
      expect(await exited(actor)).to.equal(reason ?? 'normal');
    }
    expect(world.news()).to.deep.equal(['done', 'done', 'done', 'done']);
  });

  it('refuses to stop for another reason, as a wrong call', async () => {
    const actor = await world.puppet();
    tell(actor, (ctx) => ctx.stop('killed' as never));
    expect(await exited(actor)).to.be.instanceOf(TypeError);
  });

  it('fails when its handler fails after it was asked to stop', async () => {
    const boom = new Error('boom');
    const actor = await world.puppet();
    tell(actor, (ctx) => {
      ctx.stop();
      throw boom;
    });
    expect(await exited(actor)).to.equal(boom);
  });

  it('runs onTerminate once, after the handler that is under way, with the last whole state and the reason', async () => {
    const hold = gate();
    const boom = new Error('boom');
    const ends: unknown[] = [];
    const actor = await spawnActor<number, Error | undefined>(
      world.system,
      async (count, message) => {
        if (message) throw message;
        await hold.pass();
        return count + 1;
      },
      {
        init: () => 0,
        onTerminate: (count, reason) => {
          ends.push([count, reason]);
        },
      },
    );
    tell(actor, undefined);
    tell(actor, boom);
    await hold.reached;
    await settled();
    expect(ends).to.deep.equal([]);
    hold.open();
    expect(await exited(actor)).to.equal(boom);
    kill(actor);
    await settled();
    expect(ends).to.deep.equal([[1, boom]]);
  });

  it('waits for an onTerminate, and logs one that fails', async () => {
    const hold = gate();
    const patient = await world.puppet(world.system, { onTerminate: () => hold.pass() });
    let reason: unknown;
    void exited(patient).then((it) => {
      reason = it;
    });
    tell(patient, (ctx) => ctx.stop());
    await hold.reached;
    await settled();
    expect(reason).to.equal(undefined);
    hold.open();
    expect(await exited(patient)).to.equal('normal');

    for (const onTerminate of [
      () => {
        throw new Error('cannot clean up');
      },
      () => Promise.reject(new Error('cannot clean up')),
    ]) {
      const actor = await world.puppet(world.system, { onTerminate });
      tell(actor, (ctx) => ctx.stop());
      expect(await exited(actor)).to.equal('normal');
      expect(world.logger.lines.splice(0).filter(({ level }) => level === 'error')).to.have.length(1);
    }
  });

  it('is fenced at once when it is killed: no onTerminate, no effect of the handler that goes on', async () => {
    const hold = gate();
    const other = await world.puppet();
    let context!: ActorContext<Act>;
    const after: unknown[] = [];
    const actor = await world.puppet(world.system, { onTerminate: () => void world.trace.push('terminated') });
    tell(actor, async (ctx) => {
      context = ctx;
      await hold.pass();
      after.push(ctx.tell(other, () => world.trace.push('told')));
      after.push((await caught(ctx.ask(other, () => () => world.trace.push('asked'), 10))).code);
      after.push((await caught(ctx.spawn(() => undefined))).code);
      try {
        ctx.stop();
      } catch (error) {
        after.push((error as { code?: string }).code);
      }
      throw new Error('too late');
    });
    await hold.reached;
    kill(actor);
    expect(isAlive(actor)).to.equal(false);
    expect(context.signal.aborted).to.equal(true);
    expect(await exited(actor)).to.equal('killed');
    hold.open();
    await settled();
    expect(after).to.deep.equal([false, 'HANDOFF_STOPPED', 'HANDOFF_STOPPED', 'HANDOFF_STOPPED']);
    expect(world.news()).to.deep.equal([]);
    expect(context.self).to.equal(actor);
  });

  it('can be killed from within its own handler', async () => {
    const actor = await world.puppet(world.system, { onTerminate: () => void world.trace.push('terminated') });
    tell(actor, (ctx) => {
      kill(ctx.self as never);
      world.trace.push(`told ${ctx.tell(ctx.self, () => undefined)}`);
    });
    expect(await exited(actor)).to.equal('killed');
    expect(world.news()).to.deep.equal(['told false']);
  });

  it('aborts its signal when it is asked to stop, while the handler goes on, and when it fails', async () => {
    for (const act of [
      (ctx) => {
        const { signal } = ctx;
        ctx.stop();
        expect(signal.aborted).to.equal(true);
        world.trace.push('asked to stop');
      },
      () => {
        throw new Error('boom');
      },
    ] satisfies Act[]) {
      let signal!: AbortSignal;
      const actor = await world.puppet();
      tell(actor, (ctx) => {
        signal = ctx.signal;
        expect(signal.aborted).to.equal(false);
        return act(ctx);
      });
      await exited(actor);
      expect(signal.aborted).to.equal(true);
      expect(signal.reason).to.have.property('code', 'HANDOFF_STOPPED');
    }
    expect(world.news()).to.deep.equal(['asked to stop']);
  });

  it('takes no message after its end, and counts it', async () => {
    const actor = await world.puppet();
    await end(actor, 'normal');
    expect(tell(actor, () => world.trace.push('heard'))).to.equal(false);
    await settled();
    const told = world.logger.lines.map(({ fields, message }) => [message, fields.deadLetters]);
    expect(told).to.deep.equal([['Dropped a message: its actor has ended', 1]]);
    expect(world.news()).to.deep.equal([]);
  });

  it('passes no message on to the actor that takes its name', async () => {
    const first = await world.puppet(world.system, { name: 'one' });
    tell(first, (ctx) => {
      ctx.stop();
      ctx.tell(ctx.self, () => world.trace.push('told by itself'));
    });
    tell(first, () => world.trace.push('told before its end'));
    await exited(first);
    const second = await world.puppet(world.system, { name: 'one' });
    tell(first, () => world.trace.push('told after its end'));
    kill(first);
    await settled();
    expect(isAlive(second)).to.equal(true);
    expect(second.id).not.to.equal(first.id);
    expect(world.news()).to.deep.equal([]);
  });

  it('takes any name that is taken by no other of the same parent', async () => {
    for (const name of ['a@b:1', 'ü', 'x/y', '%', ' ', '\u{1f642}', 'n'.repeat(500)]) {
      const actor = await world.puppet(world.system, { name });
      expect(isAlive(actor), name).to.equal(true);
      const error = await caught(world.puppet(world.system, { name }));
      expect(error.code, name).to.equal('HANDOFF_START_FAILED');
      expect(isAlive(await world.puppet(actor, { name })), name).to.equal(true);
    }
  });

  it('refuses wrong arguments as such, before anything starts', async () => {
    const { system } = world;
    const handler = (): undefined => undefined;
    const wrong = [
      () => spawnActor({} as Parent, handler),
      () => spawnActor(undefined as never, handler),
      () => spawnActor({ type: 'system', system: { name: 'world' } } as never, handler),
      () => spawnActor(system, 'no' as never),
      () => spawnActor(system, handler, { name: '' }),
      () => spawnActor(system, handler, { name: 1 as never }),
      () => spawnActor(system, handler, { init: 1 as never }),
      () => spawnActor(system, handler, { onTerminate: {} as never }),
      () => spawnActor(system, handler, null as never),
      () => startActorSystem(1 as never),
      () => exited(system as never),
      () => exited({ id: 'x' }),
    ];
    for (const call of wrong) expect(await caught(call()), String(call)).to.be.instanceOf(TypeError);
    for (const ref of [undefined, null, {}, { id: 'x' }, 'x', system]) {
      if (ref !== system) expect(() => tell(ref as never, 1 as never)).to.throw(TypeError);
      expect(() => kill(ref as never)).to.throw(TypeError);
    }
  });

  it('shows nothing of its inside, in its reference or as `this`', async () => {
    const seen: unknown[] = [];
    const note = function (this: unknown): undefined {
      seen.push(this);
    };
    const actor = await spawnActor(world.system, note, { init: note, onTerminate: note });
    tell(actor, undefined as never);
    await settled();
    await world.system.stop();
    expect(seen).to.deep.equal([undefined, undefined, undefined]);
    expect(Object.keys(actor)).to.deep.equal(['id']);
  });
});
