import { expect } from 'chai';
import { type ExitReason, gaveUp, kill, type Restart, type Supervisor, spawnActor, supervisionTree, tell } from '../../lib/actor/index.js';
import { caught } from '../support/caught.js';
import { gate } from '../support/gate.js';
import { settled } from '../support/test-clock.js';
import { branchOf, end, infoOf, refOf, statesOf, World } from './world.js';

const boom = new Error('boom');

describe('a supervisor restarts', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.clear());

  const ways: readonly ExitReason[] = ['normal', 'shutdown', 'killed', boom];

  const laws: readonly [string, Restart, readonly string[]][] = [
    ['a permanent child whatever it ended with', 'permanent', ['a running', 'a running', 'a running', 'a running']],
    [
      'a transient child unless it ended cleanly, and keeps its specification',
      'transient',
      ['a stopped', 'a stopped', 'a running', 'a running'],
    ],
    ['a temporary child never, and forgets it', 'temporary', ['', '', '', '']],
  ];
  for (const [law, restart, states] of laws) {
    it(law, async () => {
      for (const [at, how] of ways.entries()) {
        const supervisor = await world.supervisor({ children: [world.child('a', { restart })] });
        const ref = await refOf(supervisor, 'a');
        await end(ref, how);
        expect(await statesOf(supervisor), String(how)).to.equal(states[at]);
        if (states[at] === 'a running') expect(await refOf(supervisor, 'a')).not.to.equal(ref);
        if (states[at] === 'a stopped') await supervisor.restartChild('a');
        if (states[at] === '') await supervisor.startChild(world.child('a'));
        expect(await statesOf(supervisor), String(how)).to.equal('a running');
      }
    });
  }

  it('with a state made anew, and an empty mailbox', async () => {
    const heard: string[] = [];
    const start: Parameters<Supervisor['startChild']>[0]['start'] = (parent) =>
      spawnActor<string[], string>(
        parent,
        (state, message) => {
          if (message === 'crash') throw boom;
          state.push(message);
          heard.push(state.join());
          return state;
        },
        { init: () => [] },
      );
    const supervisor = await world.supervisor({ children: [{ id: 'a', start }] });
    const first = await refOf(supervisor, 'a');
    for (const message of ['one', 'crash', 'lost']) tell(first as never, message as never);
    await settled();
    tell((await refOf(supervisor, 'a')) as never, 'two' as never);
    await settled();
    expect(heard).to.deep.equal(['one', 'two']);
  });

  it('at most so many times in the time given, over all children together; the next is one too many', async () => {
    const children = ['a', 'b', 'c'].map((id) => world.child(id));
    const supervisor = await world.supervisor({ maxRestarts: 2, withinMs: 100, children });
    await end(await refOf(supervisor, 'a'), boom);
    await end(await refOf(supervisor, 'b'), boom);
    expect(await statesOf(supervisor)).to.equal('a running, b running, c running');
    const third = await refOf(supervisor, 'a');
    world.news();
    await end(third, new Error('once more'));
    expect(await supervisor.exited).to.equal('shutdown');
    expect(world.news()).to.deep.equal(['end a once more', 'end c shutdown', 'end b shutdown']);
    expect((await caught(supervisor.whichChildren())).code).to.equal('HANDOFF_STOPPED');
    expect(gaveUp(supervisor)).to.have.property('childId', 'a');
    expect(gaveUp(supervisor)).to.have.nested.property('cause.message', 'once more');
  });

  it('three times within 5000 ms unless it is told otherwise', async () => {
    const supervisor = await world.supervisor({ children: [world.child('a')] });
    for (const atMs of [0, 2000, 2000]) {
      world.clock.advance(atMs);
      await end(await refOf(supervisor, 'a'), boom);
      await supervisor.countChildren();
    }
    world.clock.advance(1001);
    await end(await refOf(supervisor, 'a'), boom);
    expect(await statesOf(supervisor)).to.equal('a running');
    await end(await refOf(supervisor, 'a'), boom);
    expect(await supervisor.exited).to.equal('shutdown');
  });

  it('without end what fails seldom enough', async () => {
    const supervisor = await world.supervisor({ maxRestarts: 1, withinMs: 10, children: [world.child('a')] });
    for (let time = 0; time < 20; time++) {
      await end(await refOf(supervisor, 'a'), boom);
      await supervisor.countChildren();
      world.clock.advance(11);
    }
    expect(await statesOf(supervisor)).to.equal('a running');
    expect((await supervisionTree(supervisor)).children).to.deep.equal([{ name: 'a', type: 'worker', restarts: 20, children: [] }]);
  });

  it('nothing when no restarts are allowed, and counts none where there is none', async () => {
    const children = [world.child('a', { restart: 'transient' }), world.child('b', { restart: 'temporary' }), world.child('c')];
    const supervisor = await world.supervisor({ maxRestarts: 0, children });
    await end(await refOf(supervisor, 'a'), 'normal');
    await end(await refOf(supervisor, 'b'), boom);
    await supervisor.terminateChild('c');
    await supervisor.restartChild('c');
    expect(await statesOf(supervisor)).to.equal('a stopped, c running');
    await end(await refOf(supervisor, 'c'), 'normal');
    expect(await supervisor.exited).to.equal('shutdown');
  });

  it('a child that fails at its first message each time, until it gives up', async () => {
    let starts = 0;
    const start: Parameters<Supervisor['startChild']>[0]['start'] = async (parent) => {
      starts += 1;
      const ref = await world.puppet(parent);
      tell(ref, () => {
        throw boom;
      });
      return ref;
    };
    const supervisor = await world.supervisor({ children: [{ id: 'a', start }] });
    expect(await supervisor.exited).to.equal('shutdown');
    expect(starts).to.equal(4);
  });

  it('a child that has ended before its start gave it', async () => {
    let starts = 0;
    const start: Parameters<Supervisor['startChild']>[0]['start'] = async (parent) => {
      const ref = await world.puppet(parent);
      if (++starts === 1) kill(ref);
      return ref;
    };
    const supervisor = await world.supervisor({ children: [{ id: 'a', start }] });
    expect(await statesOf(supervisor)).to.equal('a running');
    expect(starts).to.equal(2);
  });

  it('an inner supervisor that gave up if it is permanent, and not if it is transient', async () => {
    for (const [restart, state] of [
      ['permanent', 'x running'],
      ['transient', 'x stopped'],
    ] as const) {
      const inner = world.branch('x', { maxRestarts: 0, children: [world.child('a')] }, { restart });
      const top = await world.supervisor({ children: [inner] });
      const before = await branchOf(top, 'x');
      await end(await refOf(before, 'a'), boom);
      expect(await before.exited).to.equal('shutdown');
      expect(await statesOf(top)).to.equal(state);
    }
  });

  it('up the tree, until the top gives up', async () => {
    const inner = world.branch('x', { maxRestarts: 1, children: [world.child('a')] });
    const top = await world.supervisor({ maxRestarts: 1, children: [world.child('b'), inner] });
    for (let time = 0; time < 4; time++) {
      const branch = await branchOf(top, 'x');
      await end(await refOf(branch, 'a'), boom);
      if (time % 2 === 1) await branch.exited;
    }
    expect(await top.exited).to.equal('shutdown');
    expect(world.trace.filter((line) => line === 'start a')).to.have.length(4);
    expect(world.trace.at(-1)).to.equal('end b shutdown');
  });
});

describe('a restart whose start fails', () => {
  let world: World;
  let failures: number;
  const before = (): void => {
    if (failures-- > 0) throw new Error('not yet');
  };
  beforeEach(() => {
    world = new World();
    failures = 0;
  });
  afterEach(() => world.clear());

  it('is tried again until it works, and each try counts', async () => {
    const supervisor = await world.supervisor({ maxRestarts: 3, children: [world.child('a', { before })] });
    failures = 2;
    await end(await refOf(supervisor, 'a'), boom);
    await settled();
    expect(await statesOf(supervisor)).to.equal('a running');
    expect(await supervisor.countChildren()).to.include({ specs: 1, active: 1 });
    expect(world.news()).to.deep.equal(['start a', 'end a boom', 'start a', 'start a', 'start a']);
    await end(await refOf(supervisor, 'a'), boom);
    expect(await supervisor.exited).to.equal('shutdown');
  });

  it('ends the supervisor when it never works, with the last failure', async () => {
    const supervisor = await world.supervisor({ maxRestarts: 3, children: [world.child('b'), world.child('a', { before })] });
    failures = 100;
    await end(await refOf(supervisor, 'a'), boom);
    expect(await supervisor.exited).to.equal('shutdown');
    expect(world.trace.filter((line) => line === 'start a')).to.have.length(4);
    expect(gaveUp(supervisor)).to.have.nested.property('cause.message', 'not yet');
  });

  it('lets orders in between: the child is restarting, and can be terminated, deleted and started', async () => {
    const supervisor = await world.supervisor({ maxRestarts: 1e6, children: [world.child('a', { before }), world.child('b')] });
    failures = Number.POSITIVE_INFINITY;
    await end(await refOf(supervisor, 'a'), boom);
    expect(await infoOf(supervisor, 'a')).to.include({ state: 'restarting', ref: undefined });
    expect(await supervisor.countChildren()).to.deep.equal({ specs: 2, active: 1, supervisors: 0, workers: 2 });
    expect((await caught(supervisor.restartChild('a'))).reason).to.equal('restarting');
    expect((await caught(supervisor.deleteChild('a'))).reason).to.equal('restarting');
    expect((await caught(supervisor.startChild(world.child('a')))).reason).to.equal('already-present');
    await supervisor.terminateChild('a');
    world.news();
    await settled();
    expect(world.news()).to.deep.equal([]);
    expect(await statesOf(supervisor)).to.equal('a stopped, b running');
    failures = 0;
    await supervisor.restartChild('a');
    expect(await statesOf(supervisor)).to.equal('a running, b running');
  });

  it('leaves those behind it stopped until it works, all for one', async () => {
    const children = [world.child('a'), world.child('b', { before }), world.child('c')];
    const supervisor = await world.supervisor({ strategy: 'one-for-all', maxRestarts: 1e6, children });
    failures = Number.POSITIVE_INFINITY;
    await end(await refOf(supervisor, 'c'), boom);
    expect(await statesOf(supervisor)).to.equal('a running, b restarting, c stopped');
    failures = 0;
    await settled();
    expect(await statesOf(supervisor)).to.equal('a running, b running, c running');
  });

  it('leaves those before it alone, rest for one', async () => {
    const children = [world.child('a'), world.child('b', { before }), world.child('c')];
    const supervisor = await world.supervisor({ strategy: 'rest-for-one', maxRestarts: 1e6, children });
    const first = await refOf(supervisor, 'a');
    failures = 3;
    await end(await refOf(supervisor, 'b'), boom);
    await settled();
    expect(await statesOf(supervisor)).to.equal('a running, b running, c running');
    expect(await refOf(supervisor, 'a')).to.equal(first);
    expect(world.trace.filter((line) => line === 'start c')).to.have.length(2);
  });

  it('does not delay a stop', async () => {
    const supervisor = await world.supervisor({ maxRestarts: 1e6, children: [world.child('a', { before })] });
    failures = Number.POSITIVE_INFINITY;
    await end(await refOf(supervisor, 'a'), boom);
    await supervisor.stop();
    world.news();
    await settled();
    expect(world.news()).to.deep.equal([]);
  });

  it('is not gone on with once the supervisor is asked to stop', async () => {
    const hold = gate();
    let isFirst = true;
    const slow = async (): Promise<void> => {
      if (!isFirst) await hold.pass();
      isFirst = false;
    };
    const children = [world.child('a', { before: slow }), world.child('b')];
    const supervisor = await world.supervisor({ strategy: 'one-for-all', children });
    world.news();
    await end(await refOf(supervisor, 'a'), boom);
    await hold.reached;
    const stopped = supervisor.stop();
    await settled();
    hold.open();
    await stopped;
    expect(world.news()).to.deep.equal(['end a boom', 'end b shutdown', 'start a', 'end a shutdown']);
  });

  it('is over at once when the supervisor is killed', async () => {
    const hold = gate();
    let isFirst = true;
    const slow = async (): Promise<void> => {
      if (!isFirst) await hold.pass();
      isFirst = false;
    };
    const supervisor = await world.supervisor({ children: [world.child('a', { before: slow }), world.child('b')] });
    await end(await refOf(supervisor, 'a'), boom);
    await hold.reached;
    world.news();
    kill(supervisor);
    expect(await supervisor.exited).to.equal('killed');
    hold.open();
    await settled();
    expect(world.news()).to.deep.equal([]);
  });
});
