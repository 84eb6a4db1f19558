import { expect } from 'chai';
import { type ActorGroup, exited, kill, openGroup, tell } from '../../lib/actor/index.js';
import { gate } from '../support/gate.js';
import { settled } from '../support/test-clock.js';
import { end, World } from './world.js';

// What holds for members as for actors stands in spec/contracts/actor.spec.ts.
describe('a group of actors', () => {
  let world: World;
  let group: ActorGroup;
  beforeEach(() => {
    world = new World();
    group = openGroup(world.system);
  });
  afterEach(() => world.clear());

  const member = (name: string, of = group) =>
    of.spawn<string>(
      name,
      (message) => void world.trace.push(`${name} heard ${message}`),
      (reason) => void world.trace.push(`${name} ${reason instanceof Error ? reason.message : reason}`),
    );

  it('tells how a member ended once, within the turn in which it did, when it is fenced', () => {
    const told: unknown[] = [];
    const ref = group.spawn(
      'one',
      () => undefined,
      (reason) => told.push([reason, ref.alive]),
    );
    expect([ref.name, ref.alive]).to.deep.equal(['one', true]);
    ref.stop('shutdown');
    ref.kill();
    expect(told).to.deep.equal([['shutdown', false]]);
  });

  it('takes any number of one name; those that have ended hear nothing', () => {
    const refs = Array.from({ length: 1000 }, () => member('same'));
    for (const ref of refs.slice(0, 400)) ref.stop();
    for (const ref of refs) ref.hear('hello');
    expect(world.trace.filter((line) => line === 'same heard hello')).to.have.length(600);
  });

  it('ends all its members, the youngest first, whichever have gone before', async () => {
    const [, b, c, , , f] = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => member(name));
    for (const ref of [c, b, f]) ref!.stop();
    member('g');
    await world.system.stop();
    expect(world.news()).to.deep.equal(['c normal', 'b normal', 'f normal', 'g killed', 'e killed', 'd killed', 'a killed']);
  });

  it('ends a member once, also when another takes it along', async () => {
    const first = member('first');
    group.spawn(
      'second',
      () => undefined,
      () => first.stop('shutdown'),
    );
    await world.system.stop();
    expect(world.news()).to.deep.equal(['first shutdown']);
  });

  it('goes on when it cannot tell an end, which is logged', async () => {
    const first = member('first');
    group.spawn(
      'second',
      () => undefined,
      () => {
        throw new Error('deaf');
      },
    );
    await world.system.stop();
    expect(first.alive).to.equal(false);
    expect(world.logger.lines.map(({ level, fields }) => [level, fields.error])).to.deep.equal([['error', 'deaf']]);
  });

  it('has a member hear within the turn of the caller, and fences it as ever', () => {
    const boom = new Error('boom');
    const ends: unknown[] = [];
    const ref = group.spawn<string>(
      'one',
      (message) => {
        world.trace.push(message);
        if (message === 'fail') throw boom;
      },
      (reason) => ends.push(reason),
    );
    for (const message of ['a', 'fail', 'b']) ref.hear(message);
    expect(world.news()).to.deep.equal(['a', 'fail']);
    expect(ends).to.deep.equal([boom]);
  });

  it('is killed with its members as soon as its parent ends, before that terminates', async () => {
    for (const how of ['normal', 'killed', new Error('boom')] as const) {
      const parent = await world.puppet(world.system, { onTerminate: () => void world.trace.push('parent') });
      const own = openGroup(parent);
      member('a', own);
      member('b', own);
      await end(parent, how);
      expect(world.news()).to.deep.equal(['b killed', 'a killed', ...(how === 'killed' ? [] : ['parent'])]);
      expect(() => member('c', own))
        .to.throw()
        .with.property('code', 'HANDOFF_STOPPED');
    }
  });

  it('does not wait for its turn among the children of its parent', async () => {
    const parent = await world.puppet();
    member('a', openGroup(parent));
    const hold = gate();
    await world.puppet(parent, { onTerminate: () => hold.pass() });
    tell(parent, (ctx) => ctx.stop());
    await hold.reached;
    expect(world.news()).to.deep.equal(['a killed']);
    hold.open();
    await exited(parent);
  });

  it('refuses new members while it ends', () => {
    const refused: unknown[] = [];
    group.spawn(
      'one',
      () => undefined,
      () => {
        try {
          member('late');
        } catch (error) {
          refused.push((error as { code?: string }).code);
        }
      },
    );
    void world.system.stop();
    expect(refused).to.deep.equal(['HANDOFF_STOPPED']);
  });

  it('stands under a supervisor too, and ends with it', async () => {
    const supervisor = await world.supervisor();
    member('a', openGroup(supervisor));
    await supervisor.stop();
    expect(world.news()).to.deep.equal(['a killed']);
  });

  it('cannot be opened under what has ended or is none of ours', async () => {
    const parent = await world.puppet();
    kill(parent);
    await exited(parent);
    expect(() => openGroup(parent))
      .to.throw()
      .with.property('code', 'HANDOFF_STOPPED');
    expect(() => openGroup({} as never)).to.throw(TypeError);
  });

  it('lets its members use the actors around them', async () => {
    const other = await world.puppet();
    const ref = group.spawn(
      'one',
      () => tell(other, () => void world.trace.push('told')),
      () => undefined,
    );
    ref.hear('go');
    await settled();
    expect(world.news()).to.deep.equal(['told']);
  });
});
