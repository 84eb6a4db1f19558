import { expect } from 'chai';
import { type Supervisor, startLimitedChild, supervisionTree } from '../../lib/actor/index.js';
import { caught } from '../support/caught.js';
import { settled } from '../support/test-clock.js';
import { end, refOf, statesOf, World } from './world.js';

const boom = new Error('boom');

describe('a child with a limit of its own', () => {
  let world: World;
  let supervisor: Supervisor;
  let given: unknown[];
  const start = (id: string, options: Parameters<World['child']>[1] = {}, maxRestarts = 2): Promise<unknown> =>
    startLimitedChild(supervisor, world.child(id, { restart: 'transient', ...options }), {
      maxRestarts,
      withinMs: 5000,
      onGiveUp: (cause) => given.push([id, cause]),
    });

  beforeEach(async () => {
    world = new World();
    given = [];
    supervisor = await world.supervisor({ maxRestarts: 0, children: [world.child('beside')] });
  });
  afterEach(() => world.clear());

  it('is started again without a stamp for its supervisor, whose other children do not matter to it either', async () => {
    await start('a');
    await start('b');
    for (const id of ['a', 'b', 'a', 'b']) await end(await refOf(supervisor, id), boom);
    expect(await statesOf(supervisor)).to.equal('beside running, a running, b running');
    const { children } = await supervisionTree(supervisor);
    expect(children.map(({ restarts }) => restarts)).to.deep.equal([0, 2, 2]);
    expect(given).to.deep.equal([]);
  });

  it('is given up by itself when it ends once more than it may, which is told with what it ended with', async () => {
    await start('a');
    await start('b');
    for (const how of [boom, 'killed', boom] as const) await end(await refOf(supervisor, 'a'), how);
    expect(await statesOf(supervisor)).to.equal('beside running, b running');
    expect(given).to.deep.equal([['a', boom]]);
    expect(world.news()).to.deep.equal(['start beside', 'start a', 'start b', 'end a boom', 'start a', 'start a', 'end a boom']);
  });

  it('may end for ever, if it ends seldom enough', async () => {
    await start('a');
    for (let times = 0; times < 10; times += 1) {
      await end(await refOf(supervisor, 'a'), boom);
      expect(await statesOf(supervisor)).to.equal('beside running, a running');
      world.clock.advance(2501);
    }
    expect(given).to.deep.equal([]);
  });

  it('is forgotten when it ends cleanly, is terminated, or has nothing to start', async () => {
    let isNeeded = true;
    const before = (): string => (isNeeded ? '' : 'ignore');
    for (const id of ['a', 'b', 'c']) await start(id, { before });
    await end(await refOf(supervisor, 'a'), 'normal');
    await supervisor.terminateChild('b');
    expect(await statesOf(supervisor)).to.equal('beside running, c running');
    isNeeded = false;
    await end(await refOf(supervisor, 'c'), boom);
    expect(await start('d', { before })).to.equal(undefined);
    expect(await statesOf(supervisor)).to.equal('beside running');
    isNeeded = true;
    for (const id of ['a', 'b', 'c', 'd']) await start(id, { before });
    expect(await statesOf(supervisor)).to.equal('beside running, a running, b running, c running, d running');
  });

  it('has each start that fails counted, after the first, which is an error of who started it', async () => {
    let isBroken = false;
    const before = (): void => {
      if (isBroken) throw new Error('not yet');
    };
    await start('a', { before });
    isBroken = true;
    await end(await refOf(supervisor, 'a'), boom);
    await settled();
    expect(given).to.have.length(1);
    expect(given[0]).to.have.nested.property('[1].message', 'not yet');
    expect(await caught(start('b', { before }))).to.include({ code: 'HANDOFF_CHILD', childId: 'b' });
    expect(await statesOf(supervisor)).to.equal('beside running');
  });
});
