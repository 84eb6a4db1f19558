import { expect } from 'chai';
import type { ExitReason, Restart } from '../../lib/actor/contract.js';
import { afterExit, type ChildState, endsSupervisor, restartPlan } from '../../lib/actor/supervisors/restart-plan.js';

const child = (id: string, over: Partial<ChildState> = {}): ChildState => ({
  id,
  restart: 'permanent',
  significant: false,
  state: 'running',
  ...over,
});

describe('what becomes of a child that ended', () => {
  const error = new Error('boom');
  const laws: readonly [Restart, ExitReason, ReturnType<typeof afterExit>][] = [
    ['permanent', 'normal', 'restart'],
    ['permanent', 'shutdown', 'restart'],
    ['permanent', 'killed', 'restart'],
    ['permanent', error, 'restart'],
    ['transient', 'normal', 'keep'],
    ['transient', 'shutdown', 'keep'],
    ['transient', 'killed', 'restart'],
    ['transient', error, 'restart'],
    ['temporary', 'normal', 'forget'],
    ['temporary', 'shutdown', 'forget'],
    ['temporary', 'killed', 'forget'],
    ['temporary', error, 'forget'],
  ];
  for (const [restart, reason, next] of laws) {
    const how = reason instanceof Error ? 'an error' : `'${reason}'`;
    it(`is '${next}' for a ${restart} child after ${how}`, () => {
      expect(afterExit(restart, reason)).to.equal(next);
    });
  }
});

describe('the restart plan', () => {
  const children = [child('a'), child('b'), child('c', { restart: 'temporary' }), child('d', { state: 'stopped' })];

  it('takes nobody along one-for-one', () => {
    expect(restartPlan('one-for-one', children, 'b')).to.deep.equal({ stop: [], forget: [], start: ['b'] });
  });

  it('stops those behind in reverse and starts them in order, rest-for-one', () => {
    expect(restartPlan('rest-for-one', children, 'b')).to.deep.equal({ stop: ['d', 'c'], forget: ['c'], start: ['b', 'd'] });
    expect(restartPlan('rest-for-one', children, 'a')).to.deep.equal({ stop: ['d', 'c', 'b'], forget: ['c'], start: ['a', 'b', 'd'] });
    expect(restartPlan('rest-for-one', children, 'd')).to.deep.equal({ stop: [], forget: [], start: ['d'] });
  });

  it('stops all others in reverse and starts all in order, one-for-all', () => {
    expect(restartPlan('one-for-all', children, 'b')).to.deep.equal({ stop: ['d', 'c', 'a'], forget: ['c'], start: ['a', 'b', 'd'] });
  });

  it('takes an iterator once', () => {
    expect(restartPlan('one-for-all', children.values(), 'd').start).to.deep.equal(['a', 'b', 'd']);
  });
});

describe('the automatic shutdown', () => {
  const significant = (id: string, state: ChildState['state'] = 'running') => child(id, { restart: 'transient', significant: true, state });
  const ended = significant('a', 'stopped');

  it('never comes when it is not wanted, and never by a child that is not significant', () => {
    expect(endsSupervisor('never', ended, [ended])).to.equal(false);
    for (const mode of ['any-significant', 'all-significant'] as const) {
      expect(endsSupervisor(mode, child('a', { state: 'stopped' }), [])).to.equal(false);
    }
  });

  it('comes with the first significant child, if any may', () => {
    expect(endsSupervisor('any-significant', ended, [ended, significant('b')])).to.equal(true);
  });

  it('comes with the last significant child, if all must', () => {
    expect(endsSupervisor('all-significant', ended, [ended, significant('b')])).to.equal(false);
    expect(endsSupervisor('all-significant', ended, [ended, significant('b', 'restarting')])).to.equal(false);
    expect(endsSupervisor('all-significant', ended, [ended, significant('b', 'stopped'), child('c')])).to.equal(true);
  });

  it('does not wait for the child that ended, forgotten or not', () => {
    expect(endsSupervisor('all-significant', significant('a', 'running'), [significant('a', 'running')])).to.equal(true);
    expect(endsSupervisor('all-significant', ended, [])).to.equal(true);
  });
});
