import { expect } from 'chai';
import { amounts } from '../../lib/allocator/index.js';
import { HandoffError } from '../../lib/base/index.js';
import type { WireMessageOf } from '../../lib/peer/index.js';
import { StoredValue } from '../../lib/value/index.js';
import { slotList } from '../support/slots.js';
import { asks, guestNode } from './guests.js';

describe('the runs of other drivers on a node', () => {
  it('run what they are asked for, say so, and keep the value', () => {
    const { guests, isolation, store, ledger, said, heard } = guestNode({ cpu: 1 });
    guests.heard('a', asks('r/f'));
    expect(heard()).to.deep.equal(['a: started f']);
    expect(ledger.used).to.deep.equal({ cpu: 1 });
    const call = isolation.of('f');
    expect(call.context).to.deep.equal({
      dagId: 'dag of r',
      runId: 'r',
      functionId: 'f',
      attempt: 1,
      node: 'b',
      since: undefined,
      element: undefined,
    });
    call.succeed([1]);
    const { outcome } = said[0]!.message as WireMessageOf<'attempt-ended'>;
    if (outcome.type !== 'succeeded') return expect.fail(outcome.type);
    expect(StoredValue.packed(outcome.packed!).open(false)).to.deep.equal([1]);
    expect(store.get('r', 'f')!.open(false)).to.deep.equal([1]);
    expect(ledger.isFree).to.equal(true);
    return undefined;
  });

  it('keep a large value here, and say how large it is', () => {
    const { guests, isolation, said, heard } = guestNode({ cpu: 1 });
    guests.heard('a', asks('r/f'));
    heard();
    const large = StoredValue.live('x'.repeat(100_000), 100_000);
    isolation.of('f').end({ type: 'succeeded', values: [large], tookMs: 2 });
    const { outcome } = said[0]!.message as WireMessageOf<'attempt-ended'>;
    expect(outcome).to.deep.equal({
      type: 'succeeded',
      sizeBytes: 100_000,
      tookMs: 2,
      packed: null,
      fits: true,
      facts: null,
      phases: null,
      slot: 0,
      span: null,
    });
  });

  it('keep a large value that has no room too, and say that it has none: its driver knows what goes in turn', () => {
    const { guests, isolation, said, store } = guestNode({ cpu: 1 });
    store.fits = () => false;
    for (const functionId of ['large', 'small']) guests.heard('a', asks(`r/${functionId}`));
    isolation.of('large').end({ type: 'succeeded', values: [StoredValue.live('x'.repeat(100_000), 100_000)], tookMs: 2 });
    isolation.of('small').end({ type: 'succeeded', values: [StoredValue.live('x', 20)], tookMs: 2 });
    const fits = said.flatMap(({ message }) =>
      message.type === 'attempt-ended' && message.outcome.type === 'succeeded' ? [[message.of[1], message.outcome.fits]] : [],
    );
    expect([fits, store.get('r', 'large')?.sizeBytes]).to.deep.equal([
      [
        ['large', false],
        ['small', true],
      ],
      100_000,
    ]);
  });

  it('say how long an attempt was queued here, fetched its arguments and ran, and in which slot', () => {
    const { guests, isolation, clock, said, fetching, nextTurn } = guestNode({ cpu: 2 });
    const endOf = (functionId: string): WireMessageOf<'attempt-ended'>['outcome'] | undefined =>
      said.flatMap(({ message }) => (message.type === 'attempt-ended' && message.of[1] === functionId ? message.outcome : [])).at(0);
    const [step] = asks('r/h').steps;
    const value = { kind: 'of-run', runId: 'r', epoch: 0, functionId: 'x', origin: 'c', part: null } as const;
    const fetches = { ...step!, inputs: [{ from: 'c', value, sizeBytes: 10, sole: false }] };
    guests.heard('a', asks('r/f'));
    guests.heard('a', asks('r/g'));
    guests.heard('a', asks('r/h', { steps: [fetches] }));
    clock.advance(30);
    isolation.of('g').succeed(1);
    nextTurn();
    clock.advance(4);
    fetching[0]!.listener.found(StoredValue.live(1, 8));
    clock.advance(5);
    isolation.of('h').succeed(2);
    isolation.of('f').end({ type: 'failed', error: new RangeError('boom'), final: false, phases: { loadMs: 1, runMs: 2, packMs: 3 } });
    expect(endOf('g')).to.include({ phases: null, slot: 1 });
    expect(endOf('h')).to.deep.include({ tookMs: 1, phases: [30, 4, 0, 1, 0], slot: 1 });
    expect(endOf('f')).to.deep.include({ phases: [0, 0, 1, 2, 3], slot: 0 });
    expect(said.flatMap(({ message }) => (message.type === 'attempt-started' ? [message.of[1], message.slot] : []))).to.deep.equal([
      ...['f', 0, 'g', 1, 'h', 1],
    ]);
  });

  it('run an attempt once, however often it is asked for, and answer again', () => {
    const { guests, isolation, said, heard } = guestNode({ cpu: 1 });
    guests.heard('a', asks('r/f'));
    guests.heard('a', asks('r/f'));
    guests.heard('a', asks('r/g'));
    guests.heard('a', asks('r/g'));
    expect(isolation.running).to.deep.equal(['f']);
    const queued = 'a: queued g {"cpu":1}';
    expect(heard()).to.deep.equal(['a: started f', 'a: started f', queued, queued]);
    isolation.of('f').succeed('v');
    isolation.of('g').end({ type: 'failed', error: new RangeError('boom'), final: false });
    heard();
    guests.heard('a', asks('r/f'));
    const { outcome } = said.at(-1)!.message as WireMessageOf<'attempt-ended'>;
    expect(outcome.type === 'succeeded' && StoredValue.packed(outcome.packed!).open(false)).to.equal('v');
    guests.heard('a', asks('r/g'));
    expect(heard()).to.deep.equal(['a: started f', 'a: ended f succeeded', 'a: started g', 'a: ended g failed']);
    expect(isolation.running).to.deep.equal([]);
  });

  it('give an attempt up for a newer one, and take no older one', () => {
    const { guests, isolation, heard, ledger } = guestNode({ cpu: 2 });
    guests.heard('a', asks('r/f', { attempt: 2 }));
    const second = isolation.of('f');
    guests.heard('a', asks('r/f', { attempt: 3 }));
    expect(second.stops).to.deep.equal(['HANDOFF_STOPPED 0']);
    expect(ledger.used, 'what is being stopped still counts').to.deep.equal({ cpu: 2 });
    guests.heard('a', asks('r/f', { attempt: 1 }));
    expect(isolation.running).to.deep.equal(['f', 'f']);
    heard();
    second.succeed('late');
    expect(heard()).to.deep.equal([]);
    isolation.of('f').succeed('right');
    expect(heard()).to.deep.equal(['a: ended f succeeded']);
    expect(ledger.isFree).to.equal(true);
  });

  it('wait for room where they may, saying for what; else they are refused, with how the node stands', () => {
    const { guests, isolation, said, heard } = guestNode({ cpu: 1, gpu: 1 });
    guests.heard('a', asks('r/f'));
    guests.heard('c', asks('s/g'));
    guests.heard('a', asks('r/h', { mayQueue: false }));
    const refusal = said.pop()!.message as WireMessageOf<'attempt-refused'>;
    expect(heard()).to.deep.equal(['a: started f', 'c: queued g {"cpu":1}']);
    expect(refusal.usage).to.deep.equal({
      capabilities: [...Object.entries({ cpu: 1, gpu: 1 }), ...slotList({ thread: 100, loop: 100 })],
      used: [...Object.entries({ cpu: 1, gpu: 0 }), ...slotList({ thread: 0, loop: 1 })],
      usedByYou: [...slotList({ loop: 1 }), ['cpu', 1]],
    });
    expect(guests.queued).to.equal(1);
    expect(guests.waiting()).to.deep.equal([{ driver: 'c', dagId: 'dag of s', functionId: 'g', lacking: { cpu: 1 } }]);
    isolation.of('f').succeed(1);
    expect(heard()).to.deep.equal(['a: ended f succeeded', 'c: started g']);
    guests.heard('a', asks('r/h', { mayQueue: false }));
    expect(heard(), 'refused, it was forgotten').to.deep.equal(['a: refused h']);
  });

  it('are refused what the node could never hold', () => {
    const { guests, heard } = guestNode({ cpu: 1 });
    guests.heard('a', asks('r/f', { cost: [['cpu', 2]] }));
    expect(heard()).to.deep.equal(['a: refused f']);
    expect(guests.queued).to.equal(0);
  });

  it('are stopped: what runs, what waits, and what is not known any more', () => {
    const { guests, isolation, ledger, heard, stops } = guestNode({ cpu: 1 });
    guests.heard('a', asks('r/f'));
    guests.heard('a', asks('r/g'));
    heard();
    stops('r/g');
    stops('r/f');
    stops('r/f', 2);
    expect(heard()).to.deep.equal(['a: ended g stopped', 'a: ended f stopped']);
    const call = isolation.of('f');
    expect(call.stops).to.deep.equal(['HANDOFF_RUN_CANCELLED 3']);
    call.succeed('after all');
    expect(heard(), 'it was told to stop').to.deep.equal(['a: ended f stopped']);
    expect(ledger.isFree).to.equal(true);
  });

  it('belong to one driver: another’s word about them is none, and is answered', () => {
    const { guests, isolation, heard } = guestNode({ cpu: 1 });
    guests.heard('a', asks('r/f'));
    heard();
    guests.heard('evil', asks('r/f', { attempt: 2 }));
    guests.heard('evil', { type: 'end-run', runId: 'r', epoch: 0, retainMs: 0, isInterrupted: false });
    guests.driverGone('evil');
    expect(isolation.of('f').stops).to.deep.equal([]);
    expect(guests.driverOf('r')?.driver).to.equal('a');
    expect(heard()).to.deep.equal(['evil: run-refused undefined', 'evil: ended f failed', 'evil: run-refused undefined']);
  });

  it('end with their driver: what runs is stopped, what waits is forgotten, and the room is free when it has ended', () => {
    const { guests, isolation, ledger, heard, store } = guestNode({ cpu: 1 });
    for (const name of ['r/done', 'r/f', 'r/g']) guests.heard('a', asks(name));
    isolation.of('done').succeed('kept');
    guests.heard('c', asks('s/h'));
    heard();
    guests.driverGone('a');
    expect(store.get('r', 'done')).to.equal(undefined);
    const call = isolation.of('f');
    expect(call.stops).to.deep.equal(['HANDOFF_STOPPED 0']);
    expect(isolation.running, 'its room is taken until it has ended').to.deep.equal(['f']);
    expect(ledger.hasResources(amounts({ cpu: 1 }))).to.equal(false);
    call.end({ type: 'stopped' });
    expect(heard()).to.deep.equal(['c: started h']);
    expect(isolation.running).to.deep.equal(['h']);
  });

  it('begin anew for a driver that was thought gone, while the last of what was stopped still ends', () => {
    const { guests, isolation, ledger, heard } = guestNode({ cpu: 2 });
    guests.heard('a', asks('r/f'));
    guests.driverGone('a');
    const old = isolation.of('f');
    heard();
    guests.heard('a', asks('r/f'));
    expect(heard()).to.deep.equal(['a: started f']);
    old.end({ type: 'stopped' });
    expect(heard()).to.deep.equal([]);
    guests.heard('a', asks('r/g'));
    guests.heard('a', asks('r/h'));
    expect(heard()).to.deep.equal(['a: started g', 'a: queued h {"cpu":1}']);
    isolation.of('f').succeed(1);
    expect(heard()).to.deep.equal(['a: ended f succeeded', 'a: started h']);
    for (const id of ['g', 'h']) isolation.of(id).succeed(1);
    expect(ledger.isFree).to.equal(true);
  });

  it('leave what the driver may still want for as long as it says, and nothing else', () => {
    const { guests, isolation, store, clock } = guestNode({ cpu: 2 });
    for (const id of ['wanted', 'released']) {
      guests.heard('a', asks(`r/${id}`));
      isolation.of(id).succeed(id);
    }
    guests.heard('a', { type: 'release-values', runId: 'r', epoch: 0, ids: ['released'] });
    expect(store.get('r', 'released')).to.equal(undefined);
    store.put('r', 'copy', StoredValue.live('of another node', 8));
    guests.heard('a', { type: 'end-run', runId: 'r', epoch: 0, retainMs: 1000, isInterrupted: false });
    expect(store.get('r', 'wanted')!.open(false)).to.equal('wanted');
    expect(store.get('r', 'copy')).to.equal(undefined);
    clock.advance(1000);
    expect(store.heldBytes).to.equal(0);
    expect(guests.driverOf('r')).to.equal(undefined);
  });

  it('are given back when the node drains, but for what runs; it is idle when nobody needs anything here', () => {
    const { guests, isolation, heard, store } = guestNode({ cpu: 1 });
    guests.heard('a', asks('r/f'));
    guests.heard('a', asks('r/g'));
    heard();
    guests.drain();
    guests.heard('a', asks('r/h'));
    expect(heard()).to.deep.equal(['a: refused g', 'a: refused h']);
    let idle = 0;
    guests.whenIdle(() => {
      idle += 1;
    });
    isolation.of('f').end({ type: 'succeeded', values: [StoredValue.live('x'.repeat(100_000), 100_000)], tookMs: 1 });
    expect(idle, 'the driver does not have the value').to.equal(0);
    guests.heard('a', { type: 'release-values', runId: 'r', epoch: 0, ids: ['f'] });
    expect(idle).to.equal(1);
    expect(store.heldBytes).to.equal(0);
  });

  it('fail alone where they are no attempt, and are refused where this node has not their isolation; the next one runs', () => {
    const { guests, isolation, executor, ledger, heard, nextTurn, clock } = guestNode({ cpu: 9 });
    const [step] = asks('r/f').steps;
    guests.heard('a', asks('r/now'));
    clock.advance(3);
    guests.heard('a', asks('r/none', { steps: [] }));
    guests.heard('a', asks('r/forward', { steps: [{ ...step!, inputs: [1] }] }));
    guests.heard('a', asks('r/strange', { steps: [{ ...step!, isolation: 'container' }] }));
    guests.heard('a', asks('r/f'));
    expect(heard()).to.deep.equal(['a: started now', 'a: refused strange']);
    nextTurn();
    expect(heard()).to.deep.equal([...['none', 'forward'].map((id) => `a: ended ${id} failed`), 'a: started f']);
    expect(isolation.running).to.deep.equal(['now', 'f']);
    expect(executor.running).to.equal(2);
    expect(ledger.used).to.deep.equal({ cpu: 2 });
  });

  it('begin in turn with the event loop, in order', () => {
    const { guests, isolation, deferred, nextTurn, clock, heard, stops } = guestNode({ cpu: 9 });
    guests.heard('a', asks('r/now'));
    clock.advance(3);
    for (const id of ['f', 'stopped', 'g']) guests.heard('a', asks(`r/${id}`));
    expect(isolation.running).to.deep.equal(['now']);
    stops('r/stopped');
    heard();
    expect(deferred).to.have.length(1);
    nextTurn();
    expect(isolation.running).to.deep.equal(['now', 'f', 'g']);
    expect(heard()).to.deep.equal(['a: started f', 'a: ended stopped stopped', 'a: started g']);
  });

  it('gather what lies elsewhere before they run, through their driver if need be', () => {
    const { guests, isolation, fetching, store, heard, stops } = guestNode({ cpu: 9 });
    const value = { kind: 'of-run', runId: 'r', epoch: 0, functionId: 'x', origin: 'c', part: null } as const;
    const far = { from: 'c', value, sizeBytes: 5, sole: false };
    const [step] = asks('r/f').steps;
    guests.heard('a', asks('r/f', { steps: [{ ...step!, inputs: [far] }] }));
    expect(heard()).to.deep.equal(['a: started f']);
    expect(fetching.map(({ far: { from }, via }) => ({ from, via }))).to.deep.equal([{ from: 'c', via: 'a' }]);
    fetching[0]!.listener.found(StoredValue.live('far', 8));
    expect((isolation.of('f').steps[0]!.inputs[0] as StoredValue).open(false)).to.equal('far');
    expect(store.get('r', 'x')!.open(false), 'for whoever needs it next').to.equal('far');
    guests.heard('a', asks('r/g', { steps: [{ ...step!, inputs: [far] }] }));
    expect(fetching).to.have.length(1);
    const other = { ...far, value: { ...value, functionId: 'y' } };
    guests.heard('a', asks('r/h', { steps: [{ ...step!, inputs: [other] }] }));
    heard();
    stops('r/h');
    expect(heard()).to.deep.equal(['a: ended h stopped']);
    expect(fetching[1]!.isGivenUp).to.equal(true);
  });

  it('keep for nobody else what they alone need, once, on the loop', () => {
    const { guests, isolation, fetching, store } = guestNode({ cpu: 9 });
    const [step] = asks('r/f').steps;
    const sole = (functionId: string) => {
      const value = { kind: 'of-run', runId: 'r', epoch: 0, functionId, origin: 'c', part: null } as const;
      return { from: 'c', value, sizeBytes: 5, sole: true };
    };
    const gathers = (functionId: string, isolation: string, ...inputs: ReturnType<typeof sole>[]): boolean[] => {
      guests.heard('a', asks(`r/${functionId}`, { steps: [{ ...step!, isolation, inputs }] }));
      const asked = fetching.splice(0);
      for (const { listener } of asked) listener.found(StoredValue.live('far', 8));
      return asked.map(({ far }) => far.isSole === true);
    };
    expect(gathers('f', 'loop', sole('x'), sole('y'))).to.deep.equal([true, true]);
    expect(isolation.of('f').steps[0]!.inputs.map((held) => (held as StoredValue).open(false))).to.deep.equal(['far', 'far']);
    expect([store.get('r', 'x'), store.get('r', 'y')]).to.deep.equal([undefined, undefined]);
    expect(gathers('g', 'loop', sole('twice'), sole('twice')).slice(0, 1), 'each would change what the other sees').to.deep.equal([false]);
    expect(gathers('h', 'thread', sole('z'))).to.deep.equal([false]);
    expect(['twice', 'z'].map((id) => store.get('r', id) !== undefined)).to.deep.equal([true, true]);
  });

  it('keep no part of an array under its name, and what is put together like other values', () => {
    const { guests, isolation, fetching, store } = guestNode({ cpu: 9 });
    const [step] = asks('r/f').steps;
    const part = { kind: 'of-run', runId: 'r', epoch: 0, functionId: 'x', origin: 'c', part: 1 } as const;
    const whole = { kind: 'composite', runId: 'r', epoch: 0, functionId: 'm', origin: 'a', first: 0 } as const;
    const inputs = (on: string, partNumber: number, sole: boolean): object => ({
      steps: [
        {
          ...{ ...step!, isolation: on },
          inputs: [
            { from: 'c', value: { ...part, part: partNumber }, sizeBytes: 5, sole },
            { from: 'a', value: whole, sizeBytes: 5, sole: false },
          ],
        },
      ],
    });
    guests.heard('a', asks('r/f', inputs('loop', 1, true)));
    expect(fetching.map(({ far: { from, value, isSole } }) => [from, value.kind, isSole])).to.deep.equal([
      ['c', 'of-run', true],
      ['a', 'composite', false],
    ]);
    fetching[0]!.listener.found(StoredValue.live('one', 8));
    fetching[1]!.listener.found(StoredValue.live(['made'], 8));
    expect(isolation.of('f').steps[0]!.inputs.map((held) => (held as StoredValue).open(false))).to.deep.equal(['one', ['made']]);
    expect(store.get('r', 'x')).to.equal(undefined);
    expect(store.getComposite('r', 'm', 0)!.open(false)).to.deep.equal(['made']);
    expect(store.get('r', 'm'), 'its function may have a value of its own').to.equal(undefined);
    store.put('r', 'x', StoredValue.ofParts([StoredValue.live(0, 8), StoredValue.live(1, 8), StoredValue.live(2, 8)]));
    guests.heard('a', asks('r/g', inputs('loop', 2, true)));
    expect(
      isolation.of('g').steps[0]!.inputs.map((held) => (held as StoredValue).open(false)),
      'both are here',
    ).to.deep.equal([2, ['made']]);
    expect(fetching).to.have.length(2);
    guests.heard('a', { type: 'release-values', runId: 'r', epoch: 0, ids: ['m'] });
    expect(store.getComposite('r', 'm', 0)).to.equal(undefined);
  });

  it('say which part of an argument is lost', () => {
    const { guests, fetching, said } = guestNode({ cpu: 9 });
    const value = { kind: 'composite', runId: 'r', epoch: 0, functionId: 'm', origin: 'a', first: 0 } as const;
    const [step] = asks('r/f').steps;
    for (const [functionId, lost] of [
      ['f', 'm[3]'],
      ['g', undefined],
    ] as const) {
      guests.heard('a', asks(`r/${functionId}`, { steps: [{ ...step!, inputs: [{ from: 'a', value, sizeBytes: 5, sole: false }] }] }));
      fetching.at(-1)!.listener.missing(new HandoffError('HANDOFF_RESULT_LOST', 'gone', { functionId: lost }));
      const { outcome } = said.at(-1)!.message as WireMessageOf<'attempt-ended'>;
      expect(outcome).to.include({ type: 'argument-lost', functionId: lost ?? 'm' });
    }
  });

  it('say which argument is nowhere to be found, and have not begun', () => {
    const { guests, isolation, fetching, said, heard, ledger } = guestNode({ cpu: 9 });
    const value = { kind: 'of-run', runId: 'r', epoch: 0, functionId: 'x', origin: 'c', part: null } as const;
    const [step] = asks('r/f').steps;
    guests.heard('a', asks('r/f', { steps: [{ ...step!, inputs: [{ from: 'c', value, sizeBytes: 5, sole: false }] }] }));
    heard();
    fetching[0]!.listener.missing(new HandoffError('HANDOFF_RESULT_LOST', 'gone'));
    const { outcome } = said[0]!.message as WireMessageOf<'attempt-ended'>;
    expect(outcome).to.include({ type: 'argument-lost', functionId: 'x' });
    expect(isolation.running).to.deep.equal([]);
    expect(ledger.isFree).to.equal(true);
  });
});
