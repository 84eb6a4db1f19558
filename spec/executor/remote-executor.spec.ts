import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import type { RemoteOutcome } from '../../lib/executor/index.js';
import type { WireMessage } from '../../lib/peer/index.js';
import { packThrown, StoredValue } from '../../lib/value/index.js';
import { cancelled, openAttempt, small, step } from './remote-attempts.js';

describe('attempts on other nodes', () => {
  it('are one question with everything in it, and end in the value that rides along', () => {
    const { begin, sent, told, ends, hear, key, ended } = openAttempt();
    begin();
    expect(sent).to.have.length(1);
    const { steps, ...question } = sent[0] as Extract<WireMessage, { type: 'run-attempt' }>;
    expect(question).to.deep.equal({
      ...{ type: 'run-attempt', of: ['r', 'f', 1, 0], dagId: 'd', since: null, element: null, cost: [['cpu', 1]] },
      ...{ mayQueue: true, isAhead: false, timeoutMs: null, stopGraceMs: 7, recording: null, origin: null },
    });
    expect(steps[0]).to.include({ role: 'function', module: './m.ts', name: 'f', isolation: 'loop' });
    hear({ type: 'attempt-queued', ...key, lacking: [['cpu', 1]] });
    hear({ type: 'attempt-started', ...key, slot: 0 });
    ended(small);
    expect(told).to.deep.equal(['queued for {"cpu":1}', 'started']);
    const [outcome] = ends as [Extract<RemoteOutcome, { type: 'succeeded' }>];
    expect(outcome).to.include({ type: 'succeeded', tookMs: 5 });
    expect(outcome.values[0]!.open(false)).to.equal('ok');
  });

  it('have started by the time that they end, and start once', () => {
    const { begin, told, hear, key, ended, ends } = openAttempt();
    begin();
    hear({ type: 'attempt-started', ...key, slot: 0 });
    hear({ type: 'attempt-started', ...key, slot: 0 });
    ended({ type: 'succeeded', sizeBytes: 9_000_000, tookMs: 5, packed: null, fits: true, facts: null, phases: null, slot: 0, span: null });
    expect(told).to.deep.equal(['started']);
    expect(ends).to.deep.equal([{ type: 'kept', sizeBytes: 9_000_000, tookMs: 5 }]);
    const silent = openAttempt();
    silent.begin();
    silent.ended(small);
    expect(silent.told).to.deep.equal(['started']);
  });

  it('fail with the error of the function, or one that says that it cannot be read', () => {
    const failing = openAttempt();
    failing.begin();
    failing.ended({ type: 'failed', error: packThrown(new RangeError('boom')), final: true, phases: null, slot: 0 });
    const [failed] = failing.ends as [Extract<RemoteOutcome, { type: 'failed' }>];
    expect(failed.final).to.equal(true);
    expect(failed.error).to.be.instanceOf(RangeError);
    const garbled = openAttempt();
    garbled.begin();
    garbled.ended({ type: 'failed', error: new Uint8Array([1, 2, 3]), final: false, phases: null, slot: 0 });
    const [unread] = garbled.ends as [Extract<RemoteOutcome, { type: 'failed' }>];
    expect((unread.error as Error).message).to.include('cannot be read');
  });

  it('are asked again when the link comes up, and not when they are over', () => {
    const { remote, begin, sent, ended } = openAttempt();
    begin();
    remote.linkUp('c');
    expect(sent).to.have.length(1);
    remote.linkUp('b');
    expect(sent[1]).to.equal(sent[0]);
    ended(small);
    remote.linkUp('b');
    expect(sent).to.have.length(2);
  });

  it('hear answers to themselves only, and each once', () => {
    const { remote, begin, ends, told, key, hear, ended } = openAttempt();
    begin();
    remote.heard('c', { type: 'attempt-started', ...key, slot: 0 });
    for (const of of [
      ['r', 'f', 0, 0],
      ['r', 'f', 2, 0],
      ['r', 'f', 1, 1],
      ['r', 'g', 1, 0],
      ['s', 'f', 1, 0],
    ] as const) {
      hear({ type: 'attempt-ended', of, outcome: small });
    }
    expect({ ends, told }).to.deep.equal({ ends: [], told: [] });
    ended(small);
    ended(small);
    expect(ends).to.have.length(1);
  });

  it('count as declined where the node has no room, or gives them back', () => {
    const refused = openAttempt();
    refused.begin();
    refused.refuse();
    expect(refused.told).to.deep.equal(['refused [["cpu",2]]']);
    expect(refused.ends).to.deep.equal([{ type: 'declined' }]);
    const drained = openAttempt();
    drained.begin();
    drained.ended({ type: 'stopped' });
    expect(drained.ends).to.deep.equal([{ type: 'declined' }]);
    expect(drained.told).to.deep.equal([]);
  });

  it('are lost with their node, and declined by one that leaves', () => {
    for (const [how, type] of [
      ['lost', 'lost'],
      ['left', 'declined'],
    ] as const) {
      const { remote, begin, ends, ended } = openAttempt();
      begin();
      remote.gone('c', how);
      remote.gone('b', how);
      ended(small);
      expect(ends).to.deep.equal([{ type }]);
    }
  });

  it('are stopped when the node says so, whatever it still answers', () => {
    const ways: ((one: ReturnType<typeof openAttempt>) => void)[] = [
      ({ ended }) => ended({ type: 'stopped' }),
      ({ ended }) => ended(small),
      ({ ended }) => ended({ type: 'failed', error: packThrown(new Error('x')), final: false, phases: null, slot: 0 }),
      ({ refuse }) => refuse(),
      ({ remote }) => remote.gone('b', 'lost'),
      ({ remote }) => remote.gone('b', 'left'),
    ];
    for (const end of ways) {
      const one = openAttempt();
      one.begin().stop(cancelled, 3);
      expect(one.sent[1]).to.deep.include({ type: 'stop-attempt', of: ['r', 'f', 1, 0], graceMs: 3 });
      expect(one.ends).to.deep.equal([]);
      end(one);
      expect(one.ends).to.deep.equal([{ type: 'stopped' }]);
    }
  });

  it('are asked for again and stopped again where the link has come up anew', () => {
    const { remote, begin, sent } = openAttempt();
    begin().stop(cancelled, 3);
    remote.linkUp('b');
    expect(sent.map(({ type }) => type)).to.deep.equal(['run-attempt', 'stop-attempt', 'run-attempt', 'stop-attempt']);
  });

  it('that are over cannot be stopped, and tell a later listener how they ended', () => {
    const { begin, sent, ended, ends } = openAttempt();
    const handle = begin();
    ended({ type: 'succeeded', sizeBytes: 70_000, tookMs: 1, packed: null, fits: true, facts: null, phases: null, slot: 0, span: null });
    handle.stop(cancelled, 0);
    expect(sent).to.have.length(1);
    handle.listen((outcome) => void ends.push(outcome));
    expect(ends).to.have.length(2);
    expect(ends[1]).to.equal(ends[0]);
  });

  it('fail for good where they are longer than a message may be', () => {
    const { begin, ends, remote } = openAttempt({}, () => {
      throw new RangeError('too long');
    });
    begin();
    const [failed] = ends as [Extract<RemoteOutcome, { type: 'failed' }>];
    expect(failed).to.include({ type: 'failed', final: true });
    expect(failed.error).to.include({ code: 'HANDOFF_NOT_SERIALIZABLE', functionId: 'f' });
    expect((failed.error as Error).message).to.equal('Cannot send function "f" to node "b": too long');
    remote.linkUp('b');
    expect(ends).to.have.length(1);
  });

  it('throw where an argument cannot leave this node', () => {
    const { begin, sent } = openAttempt({ steps: [{ ...step, inputs: [StoredValue.live({ inner: [() => 1] }, 8)] }] });
    expect(() => begin()).to.throw(HandoffError, /argument 0\.inner\[0\]/);
    expect(sent).to.deep.equal([]);
  });

  it('are over 2 s after the time that they are given to end, whatever the node says later', () => {
    const { clock, remote, begin, hear, key, ends, ended } = openAttempt();
    const handle = begin();
    hear({ type: 'attempt-started', ...key, slot: 0 });
    handle.stop(cancelled, 500);
    handle.stop(cancelled, 9000);
    clock.advance(2499);
    expect(ends).to.deep.equal([]);
    clock.advance(1);
    expect(ends).to.deep.equal([{ type: 'stopped' }]);
    expect(remote.size).to.equal(0);
    ended(small);
    expect(ends).to.have.length(1);
    clock.advance(5000);
    expect(clock.pending).to.equal(0);
  });

  it('are lost when the node lives and does not say within 30 s that it has heard of them', () => {
    const { clock, begin, sent, hear, key, ends } = openAttempt();
    begin();
    clock.advance(29_999);
    expect(ends).to.deep.equal([]);
    clock.advance(5001);
    expect(ends).to.deep.equal([{ type: 'lost' }]);
    expect(sent.at(-1)).to.deep.include({ type: 'stop-attempt', of: ['r', 'f', 1, 0], graceMs: 0 });
    hear({ type: 'attempt-started', ...key, slot: 0 });
    clock.advance(5000);
    expect(clock.pending).to.equal(0);
  });

  it('may wait there, or run, for as long as they like once the node has answered', () => {
    const { clock, remote, begin, hear, ends } = openAttempt();
    begin();
    begin(1, 'g');
    hear({ type: 'attempt-queued', of: ['r', 'f', 1, 0], lacking: [['cpu', 1]] });
    hear({ type: 'attempt-started', of: ['r', 'g', 1, 0], slot: 0 });
    remote.linkUp('b');
    clock.advance(1e7);
    expect(ends).to.deep.equal([]);
  });

  it('tell whether they were run, or turned down without a reason', () => {
    const { begin, turned, refuse } = openAttempt();
    begin();
    refuse();
    expect(turned, 'it might have waited there').to.deep.equal(['turned down']);
    const again = openAttempt();
    again.begin();
    again.ended({ type: 'stopped' });
    expect(again.turned, 'nobody wanted it stopped').to.deep.equal(['turned down']);
    const good = openAttempt();
    good.begin();
    good.ended(small);
    expect(good.turned).to.deep.equal(['served']);
    const stopped = openAttempt();
    stopped.begin().stop(new HandoffError('HANDOFF_RUN_CANCELLED', 'no'), 0);
    stopped.ended({ type: 'stopped' });
    expect(stopped.turned).to.deep.equal([]);
  });

  it('are declined where the node believes that another drives the run, and fail no function', () => {
    const { remote, begin, turned, ends, ended } = openAttempt();
    begin();
    remote.runRefused('c', 'r');
    remote.runRefused('b', 'other');
    expect(ends).to.deep.equal([]);
    remote.runRefused('b', 'r');
    ended({ type: 'failed', error: packThrown(new Error('another drives it')), final: true, phases: null, slot: 0 });
    expect([ends, turned]).to.deep.equal([[{ type: 'declined' }], ['turned down']]);
  });
  it('may be asked for again under the same name once they are declined', () => {
    const { begin, refuse, ended, ends, sent } = openAttempt();
    begin();
    refuse();
    begin();
    expect(sent.map(({ type }) => type)).to.deep.equal(['run-attempt', 'run-attempt']);
    ended(small);
    expect(ends.map(({ type }) => type)).to.deep.equal(['declined', 'succeeded']);
  });

  it('are listed by run for a node whose link comes up, by function and number', () => {
    const { remote, begin } = openAttempt();
    begin(2);
    begin(1, 'g');
    expect([...remote.attemptsOn('b')]).to.deep.equal([
      [
        'r',
        [
          ['f', 2],
          ['g', 1],
        ],
      ],
    ]);
    expect([...remote.attemptsOn('c')]).to.deep.equal([]);
  });

  it('of an abandoned run give way to those of a later one of its id', () => {
    const { remote, begin, ends, ended } = openAttempt();
    begin();
    begin(2);
    expect(ends).to.deep.equal([{ type: 'stopped' }]);
    ended(small);
    expect(remote.size).to.equal(1);
  });
});
