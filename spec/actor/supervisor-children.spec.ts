import { expect } from 'chai';
import { type ChildSpec, kill, type Supervisor, startSupervisor, tell } from '../../lib/actor/index.js';
import { caught } from '../support/caught.js';
import { gate } from '../support/gate.js';
import { settled } from '../support/test-clock.js';
import { end, infoOf, isAlive, refOf, statesOf, World } from './world.js';

describe('the children of a supervisor', () => {
  let world: World;
  let supervisor: Supervisor;
  beforeEach(async () => {
    world = new World();
    supervisor = await world.supervisor({ children: [world.child('a')] });
  });
  afterEach(() => world.clear());

  const refusals = async (calls: Readonly<Record<string, () => Promise<unknown>>>): Promise<Record<string, unknown>> => {
    const reasons: Record<string, unknown> = {};
    for (const [name, call] of Object.entries(calls)) {
      const error = await caught(call());
      reasons[name] = error.code === 'HANDOFF_CHILD' ? error.reason : error;
    }
    return reasons;
  };

  it('are listed in the order of their start, those added later behind', async () => {
    const ref = await supervisor.startChild(world.child('0'));
    expect(await supervisor.whichChildren()).to.deep.equal([
      { id: 'a', ref: await refOf(supervisor, 'a'), state: 'running', type: 'worker', restart: 'permanent' },
      { id: '0', ref, state: 'running', type: 'worker', restart: 'permanent' },
    ]);
    expect((await infoOf(supervisor, '0')).ref).to.equal(ref);
    await supervisor.stop();
    expect(world.news()).to.deep.equal(['start a', 'start 0', 'end 0 shutdown', 'end a shutdown']);
  });

  it('are refused while one of that id is there: running, stopped, or never started', async () => {
    await supervisor.startChild(world.child('b', { before: () => 'ignore' }));
    await supervisor.startChild(world.child('c'));
    await supervisor.terminateChild('c');
    const again = (id: string) => () => supervisor.startChild(world.child(id));
    expect(await refusals({ a: again('a'), b: again('b'), c: again('c') })).to.deep.equal({
      a: 'already-started',
      b: 'already-present',
      c: 'already-present',
    });
    expect(await caught(supervisor.startChild(world.child('a')))).to.include({ childId: 'a', value: await refOf(supervisor, 'a') });
  });

  it('resolve to undefined when they say ignore, and are kept unless temporary', async () => {
    const before = (): string => 'ignore';
    expect(await supervisor.startChild(world.child('b', { before }))).to.equal(undefined);
    expect(await supervisor.startChild(world.child('c', { before, restart: 'temporary' }))).to.equal(undefined);
    expect(await supervisor.restartChild('b')).to.equal(undefined);
    expect(await statesOf(supervisor)).to.equal('a running, b stopped');
  });

  it('that fail to start are refused with the cause, and not recorded', async () => {
    const boom = new Error('boom');
    const failing = world.child('b', { before: () => Promise.reject(boom) });
    expect(await caught(supervisor.startChild(failing))).to.include({
      code: 'HANDOFF_CHILD',
      reason: 'start-failed',
      childId: 'b',
      cause: boom,
    });
    expect(await statesOf(supervisor)).to.equal('a running');
    await supervisor.startChild(world.child('b'));
  });

  it('that find their own name taken by an outsider fail, and leave the outsider alone', async () => {
    const outsider = await world.puppet(supervisor, { name: 'taken' });
    const start: ChildSpec['start'] = (parent) => world.puppet(parent, { name: 'taken' });
    const error = await caught(supervisor.startChild({ id: 'b', start }));
    expect(error).to.include({ code: 'HANDOFF_CHILD', reason: 'start-failed' });
    expect(error.cause).to.include({ code: 'HANDOFF_START_FAILED', value: outsider });
    expect(isAlive(outsider)).to.equal(true);
  });

  it('are down when terminateChild resolves, and keep their specification', async () => {
    const ref = await refOf(supervisor, 'a');
    await supervisor.terminateChild('a');
    expect(isAlive(ref)).to.equal(false);
    expect(await infoOf(supervisor, 'a')).to.include({ ref: undefined, state: 'stopped' });
    expect(await supervisor.countChildren()).to.deep.equal({ specs: 1, active: 0, supervisors: 0, workers: 1 });
    await supervisor.terminateChild('a');
    expect(world.news()).to.deep.equal(['start a', 'end a shutdown']);
  });

  it('run again, as another incarnation, when restarted; are forgotten when deleted', async () => {
    const first = await refOf(supervisor, 'a');
    await supervisor.terminateChild('a');
    const second = await supervisor.restartChild('a');
    expect(second).to.equal(await refOf(supervisor, 'a'));
    expect(second).not.to.equal(first);
    expect([isAlive(first), isAlive(second!)]).to.deep.equal([false, true]);
    await supervisor.terminateChild('a');
    await supervisor.deleteChild('a');
    expect(await supervisor.countChildren()).to.deep.equal({ specs: 0, active: 0, supervisors: 0, workers: 0 });
    expect((await caught(supervisor.restartChild('a'))).reason).to.equal('not-found');
    await supervisor.startChild(world.child('a'));
  });

  it('are left as they were by calls that do not fit', async () => {
    const ref = await refOf(supervisor, 'a');
    expect(
      await refusals({
        restart: () => supervisor.restartChild('a'),
        delete: () => supervisor.deleteChild('a'),
        terminateUnknown: () => supervisor.terminateChild('x'),
        restartUnknown: () => supervisor.restartChild('x'),
        deleteUnknown: () => supervisor.deleteChild('x'),
        terminateByRef: () => supervisor.terminateChild(ref as never),
        terminateNoKey: () => supervisor.terminateChild(Symbol('a') as never),
        deleteBare: () => supervisor.deleteChild(Object.create(null)),
        restartNothing: () => supervisor.restartChild(undefined as never),
      }),
    ).to.deep.equal({
      restart: 'running',
      delete: 'running',
      terminateUnknown: 'not-found',
      restartUnknown: 'not-found',
      deleteUnknown: 'not-found',
      terminateByRef: 'not-found',
      terminateNoKey: 'not-found',
      deleteBare: 'not-found',
      restartNothing: 'not-found',
    });
    expect(await refOf(supervisor, 'a')).to.equal(ref);
    expect(isAlive(ref)).to.equal(true);
  });

  it('stay listed when a restart that was asked for fails', async () => {
    let fails = false;
    const before = (): void => {
      if (fails) throw new Error('boom');
    };
    await supervisor.startChild(world.child('b', { before }));
    await supervisor.terminateChild('b');
    fails = true;
    expect((await caught(supervisor.restartChild('b'))).reason).to.equal('start-failed');
    expect(await infoOf(supervisor, 'b')).to.include({ ref: undefined, state: 'stopped' });
    fails = false;
    await supervisor.restartChild('b');
    expect(await statesOf(supervisor)).to.equal('a running, b running');
  });

  it('are counted as they are, also if their end has not come through', async () => {
    const counting = supervisor.countChildren();
    kill((await supervisor.whichChildren())[0]!.ref!);
    expect(await counting).to.include({ specs: 1, active: 1 });
    const ref = await refOf(supervisor, 'a');
    const later = supervisor.countChildren();
    kill(ref);
    expect(await later).to.include({ specs: 1, active: 0 });
  });

  it('cannot be their own supervisor, or what that stands under', async () => {
    const inner = await startSupervisor(supervisor, {});
    for (const ref of [inner, supervisor]) {
      const error = await caught(inner.startChild({ id: 'x', start: () => ref }));
      expect(error).to.include({ code: 'HANDOFF_CHILD', reason: 'start-failed' });
      expect(error.cause).to.be.instanceOf(TypeError);
    }
    expect(await statesOf(supervisor)).to.equal('a running');
    expect(await statesOf(inner)).to.equal('');
  });

  it('that fail to start leave nothing behind of what they have spawned', async () => {
    const start: ChildSpec['start'] = async (parent) => {
      await world.puppet(parent, { name: 'half', onTerminate: (_state, reason) => void world.trace.push(`half ${reason}`) });
      throw new Error('boom');
    };
    world.news();
    await caught(supervisor.startChild({ id: 'b', start }));
    expect(world.news()).to.deep.equal(['half shutdown']);
    await world.puppet(supervisor, { name: 'half' });
  });

  it('that are temporary are forgotten when terminated', async () => {
    await supervisor.startChild(world.child('b', { restart: 'temporary' }));
    await supervisor.terminateChild('b');
    const gone = { restart: () => supervisor.restartChild('b'), delete: () => supervisor.deleteChild('b') };
    expect(await refusals(gone)).to.deep.equal({ restart: 'not-found', delete: 'not-found' });
  });

  it('that are temporary do not keep what their start holds on to', async () => {
    let calls = 0;
    const spec = world.child('b', { restart: 'temporary', before: () => ++calls });
    await supervisor.startChild(spec);
    await end(await refOf(supervisor, 'b'), new Error('boom'));
    expect(await statesOf(supervisor)).to.equal('a running');
    await supervisor.startChild(spec);
    expect(calls).to.equal(2);
  });

  it('are served strictly one call after another', async () => {
    const hold = gate();
    const calls = [
      supervisor.startChild(world.child('b', { before: () => hold.pass() })),
      supervisor.terminateChild('b'),
      supervisor.whichChildren(),
      supervisor.startChild(world.child('c')),
    ];
    await hold.reached;
    await settled();
    expect(world.news()).to.deep.equal(['start a', 'start b']);
    hold.open();
    const [, , children] = await Promise.all(calls);
    expect(children).to.have.length(2);
    expect(world.news()).to.deep.equal(['end b shutdown', 'start c']);
  });

  it('can be had no more when their supervisor has ended, by any call, at once', async () => {
    const calls: Record<string, () => Promise<unknown>> = {
      start: () => supervisor.startChild(world.child('x')),
      startWrong: () => supervisor.startChild(null as never),
      terminate: () => supervisor.terminateChild('a'),
      restart: () => supervisor.restartChild('a'),
      delete: () => supervisor.deleteChild('a'),
      which: () => supervisor.whichChildren(),
      count: () => supervisor.countChildren(),
    };
    await supervisor.stop();
    for (const [name, call] of Object.entries(calls)) expect((await caught(call())).code, name).to.equal('HANDOFF_STOPPED');
    await supervisor.stop();
    expect(world.clock.pending).to.equal(0);
  });

  it('cannot be had from a supervisor that is stopping, and calls that wait are rejected when it is killed', async () => {
    const hold = gate();
    await supervisor.startChild(world.child('b', { onTerminate: () => hold.pass() }));
    const stopped = supervisor.stop();
    await hold.reached;
    expect((await caught(supervisor.whichChildren())).code).to.equal('HANDOFF_STOPPED');
    hold.open();
    await stopped;

    const other = await world.supervisor();
    const starting = gate();
    const waiting = [caught(other.startChild(world.child('x', { before: () => starting.pass() }))), caught(other.countChildren())];
    await starting.reached;
    kill(other);
    for (const error of await Promise.all(waiting)) expect(error.code).to.equal('HANDOFF_STOPPED');
    starting.open();
    await settled();
    expect(world.news()).not.to.include('start y');
    expect(await other.exited).to.equal('killed');
  });

  it('are started or refused when a start races with a stop, and never left behind', async () => {
    const racing = Array.from({ length: 20 }, (_, at) =>
      supervisor.startChild(world.child(`r${at}`)).then(
        (ref) => ref,
        (error: { code?: string }) => error.code,
      ),
    );
    const stopped = supervisor.stop();
    const after = await caught(supervisor.startChild(world.child('after')));
    const results = await Promise.all(racing);
    await stopped;
    expect(after.code).to.equal('HANDOFF_STOPPED');
    for (const result of results) {
      if (typeof result === 'string') expect(result).to.equal('HANDOFF_STOPPED');
      else expect(isAlive(result!)).to.equal(false);
    }
    const started = world.trace.filter((line) => line.startsWith('start')).length;
    expect(world.trace.filter((line) => line.startsWith('end'))).to.have.length(started);
  });

  it('do not suffer from a message to their supervisor: it is logged and ignored', async () => {
    tell(supervisor as never, 'stray' as never);
    expect(await statesOf(supervisor)).to.equal('a running');
    expect(world.logger.lines.map(({ level }) => level)).to.deep.equal(['warn']);
    expect(JSON.stringify(world.logger.lines)).not.to.include('stray');
  });
});
