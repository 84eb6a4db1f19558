import { expect } from 'chai';
import type { WireMessage } from '../../lib/peer/index.js';
import { StoredValue, unpackThrown } from '../../lib/value/index.js';
import { asks, guestNode, nameOf, ORPHAN_MS } from './guests.js';

type Node = ReturnType<typeof guestNode>;

/** A durable run `r` of driver `a` in epoch 1: `done` has a large value, `f` runs, `g` waits for room. */
function withRun(): Node {
  const node = guestNode({ cpu: 1 });
  const { guests, isolation, heard } = node;
  guests.heard('a', { type: 'run-begun', runId: 'r', epoch: 1, dagId: 'dag of r' });
  guests.heard('a', asks('r/done', { epoch: 1 }));
  isolation.of('done').end({ type: 'succeeded', values: [StoredValue.live('x'.repeat(100_000), 100_000)], tookMs: 2 });
  for (const name of ['r/f', 'r/g']) guests.heard('a', asks(name, { epoch: 1 }));
  heard();
  return node;
}
const begun = (epoch: number): WireMessage & { type: 'run-begun' } => ({ type: 'run-begun', runId: 'r', epoch, dagId: 'dag of r' });
const codeOf = (message: WireMessage): unknown => {
  const error = message.type === 'run-refused' ? message.error : undefined;
  return error && (unpackThrown(error) as { code?: unknown }).code;
};
const has = [
  { functionId: 'done', attempt: 1, epoch: 1, isOver: true },
  { functionId: 'f', attempt: 1, epoch: 1, isOver: false },
];

describe('a durable run without its driver', () => {
  it('keeps its values, and what runs with its claim, for orphanMs; then it ends', () => {
    const { guests, isolation, ledger, store, clock, heard } = withRun();
    guests.driverGone('a');
    expect(isolation.running).to.deep.equal(['f']);
    expect(guests.queued, 'what waits is dropped').to.equal(0);
    expect(guests.driverOf('r')).to.equal(undefined);
    clock.advance(ORPHAN_MS - 1);
    expect(store.get('r', 'done')).to.not.equal(undefined);
    expect(ledger.used).to.deep.equal({ cpu: 1 });
    const call = isolation.of('f');
    clock.advance(1);
    expect(call.stops).to.deep.equal(['HANDOFF_STOPPED 0']);
    expect(store.heldBytes).to.equal(0);
    call.end({ type: 'stopped' });
    expect(ledger.isFree).to.equal(true);
    expect(heard()).to.deep.equal([]);
    expect(clock.pending).to.equal(0);
  });

  it('is no run of a driver in what the node tells of its use, and holds up no node that stops', () => {
    const { guests, isolation, clock } = withRun();
    guests.driverGone('a');
    expect([...guests.use()]).to.deep.equal([]);
    let isIdle = false;
    guests.whenIdle(() => {
      isIdle = true;
    });
    expect(isIdle).to.equal(true);
    const call = isolation.of('f');
    guests.close();
    expect(call.stops).to.deep.equal(['HANDOFF_STOPPED 0']);
    expect(clock.pending).to.equal(0);
  });

  it('is also one whose driver says that it is interrupted', () => {
    const { guests, store, isolation } = withRun();
    guests.heard('a', { type: 'end-run', runId: 'r', epoch: 1, retainMs: 0, isInterrupted: true });
    expect(store.get('r', 'done')).to.not.equal(undefined);
    expect(guests.inherit('b', 'r', 2).attempts).to.deep.equal(has);
    expect(isolation.of('f').stops).to.deep.equal([]);
  });

  it('tells an heir what it has; the heir is answered for what it adopts, everything else is stopped', () => {
    const { guests, isolation, store, heard, said } = withRun();
    guests.driverGone('a');
    const { attempts, values } = guests.inherit('h', 'r', 2);
    expect(attempts).to.deep.equal(has);
    expect(values).to.deep.equal([{ functionId: 'done', epoch: 1, sizeBytes: 100_000 }]);
    guests.heard('h', { type: 'adopt-attempts', runId: 'r', epoch: 2, attempts: [['f', 1]] });
    guests.heard('h', asks('r/f', { epoch: 2 }));
    expect(heard()).to.deep.equal(['h: started f']);
    expect(isolation.running, 'it runs once').to.deep.equal(['f']);
    isolation.of('f').succeed('v');
    expect(said.map(({ message }) => 'of' in message && message.of)).to.deep.equal([['r', 'f', 1, 2]]);
    expect(store.get('r', 'f', 2)!.open(false)).to.equal('v');
    expect([store.get('r', 'done', 2), store.get('r', 'done', 1)?.sizeBytes], 'a value of an earlier epoch').to.deep.equal([
      undefined,
      100_000,
    ]);
    guests.heard('h', asks('r/done', { epoch: 2 }));
    expect(isolation.running, 'the outcome of an earlier epoch is none').to.deep.equal(['done']);
  });

  it('tells an heir how an attempt ended while nobody drove it, and gives its value in the new epoch', () => {
    const { guests, isolation, store, heard, said } = withRun();
    guests.driverGone('a');
    isolation.of('f').succeed('v');
    expect(heard()).to.deep.equal([]);
    expect(guests.inherit('h', 'r', 2).attempts).to.deep.include({ functionId: 'f', attempt: 1, epoch: 1, isOver: true });
    guests.heard('h', { type: 'adopt-attempts', runId: 'r', epoch: 2, attempts: [['f', 1]] });
    guests.heard('h', asks('r/f', { epoch: 2 }));
    expect(said.map(({ message: { type } }) => type)).to.deep.equal(['attempt-started', 'attempt-ended']);
    expect(store.get('r', 'f', 2)!.open(false)).to.equal('v');
    expect(isolation.running).to.deep.equal([]);
  });

  it('stops what an heir does not adopt, or wants with other resources', () => {
    const { guests, isolation } = withRun();
    const first = isolation.of('f');
    guests.inherit('h', 'r', 2);
    guests.heard('h', { type: 'adopt-attempts', runId: 'r', epoch: 2, attempts: [] });
    expect(first.stops).to.deep.equal(['HANDOFF_STOPPED 0']);
    const other = withRun();
    const second = other.isolation.of('f');
    other.guests.inherit('h', 'r', 2);
    other.guests.heard('h', { type: 'adopt-attempts', runId: 'r', epoch: 2, attempts: [['f', 1]] });
    other.guests.heard('h', asks('r/f', { epoch: 2, cost: [['cpu', 0.5]] }));
    expect(second.stops).to.deep.equal(['HANDOFF_STOPPED 0']);
  });

  it('goes on with its driver where only this node took it for lost: what that does not want is stopped, what it has not heard is dropped', () => {
    const { guests, isolation, store, heard } = withRun();
    guests.driverGone('a');
    isolation.of('f').succeed('unheard');
    guests.heard('a', { type: 'runs-under-way', runs: [['r', 1, []]] });
    expect([store.get('r', 'f'), store.get('r', 'done')?.sizeBytes]).to.deep.equal([undefined, 100_000]);
    guests.heard('a', asks('r/f', { epoch: 1, attempt: 2 }));
    expect(heard()).to.deep.equal(['a: started f']);
  });

  it('is taken over by an heir that comes with its list over a new link: nothing else goes on', () => {
    const { guests, isolation, heard } = withRun();
    const call = isolation.of('f');
    guests.heard('h', { type: 'runs-under-way', runs: [['r', 2, []]] });
    expect(call.stops).to.deep.equal(['HANDOFF_STOPPED 0']);
    expect(guests.driverOf('r')).to.include({ driver: 'h', epoch: 2 });
    expect(heard()).to.deep.equal(['a: run-refused undefined']);
  });
});

describe('epochs of a run', () => {
  it('are heard at once where they are higher, while the former driver is there: it is told, and refused from now on', () => {
    const { guests, isolation, said, heard, stops } = withRun();
    guests.heard('h', begun(2));
    expect(said.map(({ to, message }) => [to, codeOf(message)])).to.deep.equal([['a', 'HANDOFF_RUN_TAKEN_OVER']]);
    said.length = 0;
    guests.heard('a', asks('r/x', { epoch: 1 }));
    guests.heard('a', { type: 'release-values', runId: 'r', epoch: 1, ids: ['done'] });
    guests.heard('a', { type: 'end-run', runId: 'r', epoch: 1, retainMs: 0, isInterrupted: false });
    guests.heard('a', { type: 'runs-under-way', runs: [['r', 1, []]] });
    for (const { message } of said.filter(({ message: { type } }) => type === 'run-refused')) {
      expect(message).to.include({ runId: 'r', epoch: 2 });
      expect(codeOf(message)).to.equal('HANDOFF_RUN_TAKEN_OVER');
    }
    expect(heard()).to.deep.equal([
      ...['a: run-refused undefined', 'a: ended x stopped'],
      ...['a: run-refused undefined', 'a: run-refused undefined', 'a: run-refused undefined'],
    ]);
    stops('r/f');
    expect(heard(), 'it waits for no answer').to.deep.equal(['a: run-refused undefined', 'a: ended f stopped']);
    expect(isolation.of('f').stops).to.deep.equal([]);
    expect(() => guests.inherit('a', 'r', 1))
      .to.throw()
      .with.property('code', 'HANDOFF_RUN_TAKEN_OVER');
  });

  it('are remembered when the heir is gone too, and when the run is over', () => {
    const { guests, heard } = withRun();
    guests.heard('h', begun(2));
    guests.driverGone('h');
    heard();
    guests.heard('a', asks('r/x', { epoch: 1 }));
    expect(heard()).to.deep.equal(['a: run-refused undefined', 'a: ended x stopped']);
    guests.heard('h', { type: 'end-run', runId: 'r', epoch: 2, retainMs: 0, isInterrupted: false });
    guests.heard('a', begun(1));
    expect(heard()).to.deep.equal(['a: run-refused undefined']);
  });

  it('take no run that is not durable, and none from its driver in the same epoch', () => {
    const { guests, isolation, said } = guestNode({ cpu: 2 });
    guests.heard('a', asks('r/f'));
    guests.heard('a', asks('s/f', { epoch: 3 }));
    said.length = 0;
    guests.heard('thief', { ...begun(2 ** 40), runId: 'r' });
    guests.heard('thief', { ...begun(3), runId: 's' });
    expect(() => guests.inherit('thief', 'r', 7))
      .to.throw()
      .with.property('code', 'HANDOFF_BAD_MESSAGE');
    expect(said.map(({ to, message }) => `${to} ${codeOf(message)}`)).to.deep.equal(Array(2).fill('thief HANDOFF_BAD_MESSAGE'));
    expect([guests.driverOf('r')?.driver, guests.driverOf('s')?.driver]).to.deep.equal(['a', 'a']);
    expect(isolation.running).to.deep.equal(['f', 'f']);
  });

  it('of a run that this node drives end it here; until its last attempt has ended, it is no guest of the heir', () => {
    const { guests, driven, lost, heard, store } = guestNode({ cpu: 1 });
    driven.set('mine', 4);
    store.openRun('mine', 'd', 4);
    guests.heard('h', { ...begun(3), runId: 'mine' });
    expect(lost).to.deep.equal([]);
    expect(heard()).to.deep.equal(['h: run-refused undefined']);
    guests.heard('h', { ...begun(5), runId: 'mine' });
    expect(lost).to.deep.equal(['mine 5 HANDOFF_RUN_TAKEN_OVER']);
    driven.delete('mine');
    driven.set('mine', 4);
    guests.heard('h', asks('mine/f', { epoch: 5 }));
    expect(heard()).to.deep.equal(['h: refused f']);
    driven.delete('mine');
    store.dropRun('mine');
    guests.heard('h', asks('mine/f', { epoch: 5 }));
    expect(heard()).to.deep.equal(['h: started f']);
  });

  it('of a run that is over and retained here are no obstacle to an heir', () => {
    const { guests, isolation, heard } = guestNode({ cpu: 1 });
    guests.heard('a', asks('r/f', { epoch: 1 }));
    isolation.of('f').succeed(1);
    guests.heard('a', { type: 'end-run', runId: 'r', epoch: 1, retainMs: 1000, isInterrupted: false });
    heard();
    guests.heard('h', asks('r/f', { epoch: 2 }));
    expect(heard()).to.deep.equal(['h: started f']);
  });

  it('answer an attempt that is older than a known one', () => {
    const { guests, heard } = guestNode({ cpu: 2 });
    guests.heard('a', asks('r/f', { attempt: 2 }));
    heard();
    guests.heard('a', asks('r/f', { attempt: 1 }));
    expect(heard()).to.deep.equal(['a: ended f stopped']);
  });
});

describe('a guest that becomes the driver of the run', () => {
  it('takes over what runs, what has ended, and the values; what it does not want is stopped, and each claim is freed once', () => {
    const { guests, isolation, ledger, clock } = withRun();
    guests.driverGone('a');
    const own = guests.drive('r', 2)!;
    expect(own.inheritance.attempts).to.deep.equal(has);
    expect(guests.size).to.equal(0);
    expect(clock.pending).to.equal(0);
    expect([own.valueOf('done', 1)?.sizeBytes, own.valueOf('done', 2), own.valueOf('f', 1)]).to.deep.equal([100_000, undefined, undefined]);
    const ends: string[] = [];
    own.take('done', 1)!.listen(({ type }) => void ends.push(type));
    expect(own.take('f', 2), 'another attempt').to.equal(undefined);
    const running = own.take('f', 1)!;
    expect(ledger.isFree, 'the driver holds a claim of its own').to.equal(true);
    expect(own.take('f', 1), 'once').to.equal(undefined);
    isolation.of('f').succeed('v');
    running.listen(({ type }) => void ends.push(type));
    expect(ends).to.deep.equal(['succeeded', 'succeeded']);
    const other = withRun();
    const call = other.isolation.of('f');
    other.guests.drive('r', 2)!.keepOnly(new Set());
    expect(call.stops).to.deep.equal(['HANDOFF_STOPPED 0']);
    expect(other.ledger.isFree).to.equal(false);
    call.end({ type: 'stopped' });
    expect(other.ledger.isFree).to.equal(true);
  });

  it('refuses its former driver from then on', () => {
    const { guests, heard, driven } = withRun();
    guests.drive('r', 2);
    driven.set('r', 2);
    guests.heard('a', { type: 'stop-attempt', of: nameOf('r/f', 1, 1), reason: new Uint8Array(), graceMs: 0 });
    expect(heard()).to.deep.equal(['a: run-refused undefined', 'a: ended f stopped']);
  });
});
