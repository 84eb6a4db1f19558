import { expect } from 'chai';
import { RemoteNodes } from '../../lib/allocator/capacity/remote-nodes.js';
import { amounts } from '../../lib/allocator/capacity/resources.js';
import type { BeatContent, MemberEvent, MemberState } from '../../lib/nodes/index.js';
import { slotAmounts, slotList } from '../support/slots.js';

const MIB = 2 ** 20;
const member = (name: string, over: Partial<MemberState> = {}): MemberState => ({
  name,
  incarnation: `${name}1`,
  address: undefined,
  status: 'up',
  reach: 'linked',
  ...over,
});
const beat = (of: MemberState, over: Partial<BeatContent> = {}): MemberEvent => ({
  type: 'member-beat',
  member: of,
  content: {
    used: [['cpu', 1]],
    byDriver: [],
    running: 0,
    queued: 0,
    blocked: 0,
    heldBytes: 0,
    diskBytes: 0,
    ...{ memoryLimitBytes: 0, rememberedBytes: 0, rememberedResults: 0, rememberedHits: 0 },
    limitBytes: 50 * MIB,
    isSpilling: false,
    log: 'ok',
    ...over,
    capabilities: [...(over.capabilities ?? [['cpu', 2]]), ...slotList({ thread: 3, loop: 256 })],
  },
});
const claim = (cpu: number) => ({ cost: amounts({ cpu }), slot: 'thread' }) as const;

describe('the neighbours that functions can be placed on', () => {
  it('are those that have said what they have, by name', () => {
    const neighbours = new RemoteNodes('a');
    expect(neighbours.applyMemberEvent({ type: 'member-joined', member: member('c') })).to.equal(false);
    expect(neighbours.members).to.deep.equal([]);
    expect(neighbours.applyMemberEvent(beat(member('c')))).to.equal(true);
    expect(neighbours.applyMemberEvent(beat(member('b')))).to.equal(true);
    expect(neighbours.members.map(({ name, isSelf, isOpen }) => ({ name, isSelf, isOpen }))).to.deep.equal([
      { name: 'b', isSelf: false, isOpen: true },
      { name: 'c', isSelf: false, isOpen: true },
    ]);
    expect(neighbours.members[0]!.capacity.capabilities).to.deep.equal({ cpu: 2 });
  });

  it('have changed when their capabilities have, and not when their use has', () => {
    const neighbours = new RemoteNodes('a');
    neighbours.applyMemberEvent(beat(member('b')));
    expect(neighbours.applyMemberEvent(beat(member('b'), { used: [['cpu', 2]] }))).to.equal(false);
    expect(neighbours.members[0]!.capacity.used).to.deep.equal({ cpu: 2 });
    expect(neighbours.applyMemberEvent(beat(member('b'), { capabilities: [['gpu', 1]] }))).to.equal(true);
  });

  it('are told apart from this driver by what they say of it', () => {
    const neighbours = new RemoteNodes('a');
    const byDriver: BeatContent['byDriver'] = [
      ['other', [['cpu', 0.5], ...slotList({ thread: 2 })]],
      ['a', [['cpu', 0.5], ...slotList({ thread: 1 })]],
    ];
    neighbours.applyMemberEvent(beat(member('b'), { byDriver, used: [['cpu', 1], ...slotList({ thread: 3 })] }));
    const { capacity: room } = neighbours.members[0]!;
    expect(room.used).to.deep.equal({ cpu: 0.5 });
    expect(room.hasSlot('thread')).to.equal(true);
    room.take(claim(0.5));
    expect(room.hasSlot('thread')).to.equal(false);
  });

  for (const [why, over] of [
    ['silent', { status: 'suspect' }],
    ['about to leave', { status: 'leaving' }],
    ['cut off', { reach: 'cut' }],
  ] as const) {
    it(`get nothing new while they are ${why}`, () => {
      const neighbours = new RemoteNodes('a');
      neighbours.applyMemberEvent(beat(member('b')));
      neighbours.applyMemberEvent({ type: why === 'silent' ? 'member-suspect' : 'member-changed', member: member('b', over) });
      expect(neighbours.members[0]!.isOpen).to.equal(false);
      neighbours.applyMemberEvent({ type: 'member-up', member: member('b') });
      expect(neighbours.members[0]!.isOpen).to.equal(true);
    });
  }

  it('are gone once they have left or were lost; what is said of an earlier incarnation is nothing', () => {
    const neighbours = new RemoteNodes('a');
    neighbours.applyMemberEvent(beat(member('b')));
    neighbours.applyMemberEvent(beat(member('c', { incarnation: 'c2' })));
    expect(neighbours.applyMemberEvent({ type: 'member-lost', member: member('c', { incarnation: 'c1' }), cause: 'silent' })).to.equal(
      false,
    );
    expect(neighbours.applyMemberEvent({ type: 'member-left', member: member('b') })).to.equal(true);
    expect(neighbours.applyMemberEvent({ type: 'member-left', member: member('b') })).to.equal(false);
    expect(neighbours.members.map(({ name }) => name)).to.deep.equal(['c']);
  });

  it('owe nothing of what was claimed on an earlier incarnation', () => {
    const neighbours = new RemoteNodes('a');
    neighbours.applyMemberEvent(beat(member('b')));
    neighbours.members[0]!.capacity.take(claim(1));
    neighbours.applyMemberEvent({ type: 'member-lost', member: member('b'), cause: 'replaced' });
    expect(neighbours.applyMemberEvent(beat(member('b', { incarnation: 'b2' }), { used: [] }))).to.equal(true);
    expect(neighbours.members[0]!.capacity.used).to.deep.equal({});
  });

  it('are corrected by what one says that declines', () => {
    const neighbours = new RemoteNodes('a');
    neighbours.applyMemberEvent(beat(member('b'), { used: [] }));
    const usage = { capabilities: { cpu: 2, ...slotAmounts({ thread: 3, loop: 3 }) }, used: { cpu: 2 }, usedByYou: {} };
    neighbours.refused('b', usage, { cost: new Map(), slot: 'loop' });
    neighbours.refused('stranger', usage, { cost: new Map(), slot: 'loop' });
    expect(neighbours.members[0]!.capacity.hasResources(amounts({ cpu: 1 }))).to.equal(false);
  });

  it('are remembered when they are gone, for what they could have held, until they come back', () => {
    const neighbours = new RemoteNodes('a');
    for (const [name, cpu] of [
      ['b', 4],
      ['c', 2],
      ['d', 4],
    ] as const) {
      neighbours.applyMemberEvent(beat(member(name), { capabilities: [['cpu', cpu]] }));
    }
    for (const name of ['d', 'c', 'b']) neighbours.applyMemberEvent({ type: 'member-lost', member: member(name), cause: 'silent' });
    expect(neighbours.goneThatCouldHold([claim(3)])).to.deep.equal(['d', 'b']);
    expect(neighbours.goneThatCouldHold([claim(1), claim(5)])).to.deep.equal([]);
    neighbours.applyMemberEvent(beat(member('b')));
    expect(neighbours.goneThatCouldHold([claim(3)])).to.deep.equal(['d']);
  });

  it('that do not run what they are asked to rest, longer each time, until they have run something', () => {
    const neighbours = new RemoteNodes('a');
    let nowMs = 0;
    const isOpenAt = (ms: number): boolean => {
      nowMs = ms;
      neighbours.applyMemberEvent(beat(member('b')), nowMs);
      return neighbours.members[0]!.isOpen;
    };
    expect(isOpenAt(0)).to.equal(true);
    for (const [at, restMs] of [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000].entries()) {
      neighbours.turnedDown('b', claim(1), false, nowMs);
      // What was asked before comes to nothing too, and says nothing new.
      neighbours.turnedDown('b', claim(1), false, nowMs);
      const beganMs = nowMs;
      expect([neighbours.isResting('b'), isOpenAt(beganMs + restMs - 1), neighbours.isAnyResting], `${at}`).to.deep.equal([
        true,
        false,
        true,
      ]);
      expect([isOpenAt(beganMs + restMs), neighbours.isResting('b')], `${at}`).to.deep.equal([true, false]);
    }
    neighbours.served('b');
    neighbours.turnedDown('b', claim(1), false, nowMs);
    expect(isOpenAt(nowMs + 500)).to.equal(true);
    neighbours.turnedDown('b', claim(1), true, nowMs);
    expect([isOpenAt(nowMs + 29_999), isOpenAt(nowMs + 1)], 'one that is silent').to.deep.equal([false, true]);
  });

  it('do not rest for having refused what they could never hold, nor is a new incarnation blamed for the one before', () => {
    const neighbours = new RemoteNodes('a');
    neighbours.applyMemberEvent(beat(member('b')), 0);
    neighbours.turnedDown('b', claim(3), false, 0);
    expect(neighbours.isAnyResting).to.equal(false);
    neighbours.turnedDown('b', claim(2), true, 0);
    neighbours.applyMemberEvent(beat(member('b', { incarnation: 'b2' })), 1);
    expect([neighbours.isAnyResting, neighbours.members[0]!.isOpen]).to.deep.equal([false, true]);
  });

  it('are full of values by their own bound, and between two reports by what is made there', () => {
    const neighbours = new RemoteNodes('a');
    const excess = (): readonly [number, boolean] => {
      const { excessMiB, isEasing } = neighbours.members[0]!.capacity;
      return [excessMiB, isEasing];
    };
    neighbours.applyMemberEvent(beat(member('b'), { heldBytes: 40 * MIB }));
    expect(excess()).to.deep.equal([0, false]);
    neighbours.roomOf('b')!.addValueBytes(12 * MIB);
    expect(excess(), 'its disk may be taking some').to.deep.equal([2, true]);
    neighbours.applyMemberEvent(beat(member('b'), { heldBytes: 52 * MIB }));
    expect(excess(), 'it is not').to.deep.equal([2, false]);
    neighbours.roomOf('b')!.addValueBytes(MIB);
    expect(excess()).to.deep.equal([3, false]);
    neighbours.applyMemberEvent(beat(member('b'), { heldBytes: 52 * MIB, isSpilling: true }));
    expect(excess()).to.deep.equal([2, true]);
    neighbours.applyMemberEvent(beat(member('b'), { heldBytes: 52 * MIB, limitBytes: 60 * MIB }));
    expect(excess()).to.deep.equal([0, false]);
  });
});
