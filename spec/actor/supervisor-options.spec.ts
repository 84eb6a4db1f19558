import { expect } from 'chai';
import { type ChildSpec, type Supervisor, type SupervisorOptions, startSupervisor } from '../../lib/actor/index.js';
import { caught } from '../support/caught.js';
import { World } from './world.js';

describe('the specifications and options of a supervisor', () => {
  let world: World;
  let supervisor: Supervisor;
  beforeEach(async () => {
    world = new World();
    supervisor = await world.supervisor();
  });
  afterEach(() => world.clear());

  it('are refused with field and value where a specification is wrong; nothing is started', async () => {
    const { start } = world.child('x');
    const wrong: [unknown, string][] = [
      [null, 'spec'],
      ['x', 'spec'],
      [{ start }, 'id'],
      [{ id: '', start }, 'id'],
      [{ id: 1, start }, 'id'],
      [{ id: 'x' }, 'start'],
      [{ id: 'x', start: 'start' }, 'start'],
      [{ id: 'x', start, restart: 'always' }, 'restart'],
      [{ id: 'x', start, restart: null }, 'restart'],
      [{ id: 'x', start, shutdown: -10 }, 'shutdown'],
      [{ id: 'x', start, shutdown: Number.NaN }, 'shutdown'],
      [{ id: 'x', start, shutdown: Number.POSITIVE_INFINITY }, 'shutdown'],
      [{ id: 'x', start, shutdown: 'later' }, 'shutdown'],
      [{ id: 'x', start, type: 'boss' }, 'type'],
      [{ id: 'x', start, restart: 'transient', significant: 1 }, 'significant'],
      [{ id: 'x', start, restart: 'transient', significant: true }, 'significant'],
    ];
    world.news();
    for (const [spec, field] of wrong) {
      const value = field === 'spec' ? spec : (spec as Record<string, unknown>)[field];
      for (const error of [
        await caught(supervisor.startChild(spec as ChildSpec)),
        await caught(world.supervisor({ children: [world.child('first'), spec as ChildSpec] })),
      ]) {
        expect(error, field).to.include({ code: 'HANDOFF_CHILD', reason: 'invalid-spec', field });
        expect(error.value, field).to.deep.equal(value);
      }
    }
    expect(world.news()).to.deep.equal([]);
  });

  it('may be significant only if they are not permanent and the supervisor may shut itself down', async () => {
    const willing = await world.supervisor({ autoShutdown: 'any-significant' });
    const spec = (restart: string): ChildSpec => ({ ...world.child(restart), restart, significant: true }) as ChildSpec;
    expect(await caught(willing.startChild(spec('permanent')))).to.include({ reason: 'invalid-spec', field: 'significant', value: true });
    await willing.startChild(spec('transient'));
    await willing.startChild(spec('temporary'));
    expect(await caught(supervisor.startChild(spec('temporary')))).to.include({ reason: 'invalid-spec', field: 'significant' });
  });

  it('have one id each', async () => {
    const error = await caught(world.supervisor({ children: [world.child('x'), world.child('y'), world.child('x')] }));
    expect(error).to.include({ code: 'HANDOFF_CHILD', reason: 'invalid-spec', field: 'id', value: 'x' });
  });

  it('may have every mixture of restart, shutdown and type, any id, and fields that mean nothing', async () => {
    const all: ChildSpec[] = [];
    for (const restart of ['permanent', 'transient', 'temporary'] as const) {
      for (const shutdown of [0, 1000, 0.5, 'infinity', 'brutal-kill'] as const) {
        for (const type of ['worker', 'supervisor'] as const) {
          const id = `${restart} ${shutdown} ${type}`;
          all.push(Object.assign(world.child(id, { restart, shutdown, type }), { nonsense: 1 }));
        }
      }
    }
    for (const id of ['__proto__', 'constructor', 'x/y', 'ü', ' ']) all.push(world.child(id));
    const full = await world.supervisor({ children: all, nonsense: 1 } as SupervisorOptions);
    expect(await full.countChildren()).to.include({ specs: all.length, active: all.length });
  });

  it('are refused with all options where one of those is wrong', async () => {
    const wrong: [string, unknown, ErrorConstructor][] = [
      ['strategy', 'one-for-none', RangeError],
      ['strategy', 1, TypeError],
      ['maxRestarts', -1, RangeError],
      ['maxRestarts', 1.5, RangeError],
      ['maxRestarts', Number.POSITIVE_INFINITY, RangeError],
      ['maxRestarts', '3', TypeError],
      ['withinMs', 0, RangeError],
      ['withinMs', -5, RangeError],
      ['withinMs', Number.POSITIVE_INFINITY, RangeError],
      ['withinMs', Number.NaN, RangeError],
      ['withinMs', '5', TypeError],
      ['autoShutdown', 'sometimes', RangeError],
      ['autoShutdown', true, TypeError],
      ['children', {}, TypeError],
      ['children', 'abc', TypeError],
      ['name', 1, TypeError],
      ['name', '', TypeError],
    ];
    world.news();
    for (const [option, value, kind] of wrong) {
      const error = await caught(world.supervisor({ children: [world.child('x')], [option]: value } as SupervisorOptions));
      expect(error, option).to.be.instanceOf(kind);
      expect(error.message).to.include(option);
    }
    expect(await caught(startSupervisor(world.system, null as never))).to.be.instanceOf(TypeError);
    expect(await caught(startSupervisor({} as never, {}))).to.be.instanceOf(TypeError);
    expect(world.news()).to.deep.equal([]);
  });
});
