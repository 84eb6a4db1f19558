import { expect } from 'chai';
import type { Identity, MemberTold } from '../../lib/nodes/index.js';
import type { MembershipCommand, MembershipHappening } from '../../lib/nodes/membership-messages.js';
import { type MembershipState, membersOf, newMembershipState, refusalOf } from '../../lib/nodes/membership-state.js';
import { recover, step } from '../../lib/nodes/membership-step.js';

const identity = (name: string, incarnation = 1, port: number | undefined = 1): Identity => ({
  name,
  incarnation: `${name}${incarnation}`,
  address: port === undefined ? undefined : `ws://${name}:${port}`,
});
const deaf = (name: string, incarnation = 1): Identity => ({ ...identity(name, incarnation), address: undefined });
const told = (one: Identity, status: MemberTold['status'] = 'up'): MemberTold => ({ ...one, status });

const POLICY = { intervalMs: 500, timeoutMs: 5000, rememberMs: 60_000 };

/** A command in words: what a spec compares. */
const inWords = (command: MembershipCommand): string => {
  switch (command.type) {
    case 'keep':
      return `keep ${command.name} ${command.address}`;
    case 'send-members':
      return `send-members ${command.to ?? 'all'} [${command.members.map(({ incarnation, status }) => `${incarnation} ${status}`).join(', ')}]`;
    case 'send-beat':
      return `send-beat ${command.to}`;
    case 'broadcast-beat':
      return 'broadcast-beat';
    case 'announce': {
      const { member, type } = command.event;
      const more =
        command.event.type === 'member-lost'
          ? ` ${command.event.cause}`
          : type === 'member-changed'
            ? ` ${member.reach} ${member.status}`
            : '';
      return `${type} ${member.incarnation}${more}`;
    }
    default:
      return `${command.type} ${command.name}`;
  }
};

describe('the brain of the membership', () => {
  let state: MembershipState;
  const on = (nowMs: number, happening: MembershipHappening): string[] => {
    const out: MembershipCommand[] = [];
    step(state, happening, nowMs, out);
    return out.map(inWords);
  };
  const up = (nowMs: number, one: Identity): string[] => on(nowMs, { type: 'link-up', identity: one });
  const down = (nowMs: number, { name, incarnation }: Identity, cause: 'closed' | 'refused' | 'goodbye' = 'closed'): string[] =>
    on(nowMs, { type: 'link-down', name, incarnation, cause });
  const beat = (nowMs: number, from: string, isLeaving = false): string[] =>
    on(nowMs, { type: 'beat-heard', from, isLeaving, content: {} }).filter((words) => !words.startsWith('member-beat'));
  const members = (nowMs: number, from: string, ...list: MemberTold[]): string[] =>
    on(nowMs, { type: 'members-told', from, members: list });
  const tick = (nowMs: number, lagMs = 0): string[] =>
    on(nowMs, { type: 'tick', lagMs }).filter((words) => words !== 'broadcast-beat' && !words.startsWith('send-members'));
  const refuse = (nowMs: number, { name, address }: Identity): string[] => on(nowMs, { type: 'dial-refused', name, address: address! });
  const seen = (): string[] => membersOf(state).map(({ incarnation, reach, status }) => `${incarnation} ${reach} ${status}`);

  beforeEach(() => {
    state = newMembershipState(identity('me'), POLICY);
  });

  describe('links', () => {
    it('makes a member of whoever has a link, keeps its address, and tells it of the others and of itself', () => {
      expect(up(0, identity('b'))).to.deep.equal(['keep b ws://b:1', 'member-joined b1', 'send-members b []', 'send-beat b']);
      expect(up(0, deaf('a'))).to.deep.equal(['member-joined a1', 'send-members a [b1 up]', 'send-beat a']);
      expect(seen()).to.deep.equal(['me1 self up', 'a1 linked up', 'b1 linked up']);
    });

    it('ignores a link to itself', () => {
      expect(up(0, identity('me'))).to.deep.equal([]);
      expect(up(0, identity('me', 2))).to.deep.equal([]);
    });

    it('does not lose a member with its link, and finds it unchanged when the link is back', () => {
      up(0, identity('a'));
      expect(down(100, identity('a'))).to.deep.equal(['member-changed a1 cut up']);
      expect(seen()[1]).to.equal('a1 cut up');
      expect(up(200, identity('a'))).to.deep.equal(['member-changed a1 linked up', 'send-members a []', 'send-beat a']);
    });

    it('does not hear of the end of a link of an incarnation that has been replaced', () => {
      up(0, identity('a'));
      expect(up(1, identity('a', 2)).slice(0, 2)).to.deep.equal(['member-lost a1 replaced', 'member-joined a2']);
      expect(down(2, identity('a', 1))).to.deep.equal([]);
      expect(seen()[1]).to.equal('a2 linked up');
    });

    it('answers a second link of the same incarnation with the members, and no news', () => {
      up(0, identity('a'));
      expect(up(1, identity('a'))).to.deep.equal(['send-members a []', 'send-beat a']);
    });

    it('dials the new address of an incarnation that listens elsewhere', () => {
      up(0, identity('a'));
      down(1, identity('a'));
      expect(up(2, identity('a', 1, 2))).to.include('keep a ws://a:2');
    });

    it('takes one who answers at the address of another for that one’s end', () => {
      up(0, identity('a'));
      down(1, identity('a'));
      expect(up(2, { ...identity('b'), address: 'ws://a:1' }).slice(0, 4)).to.deep.equal([
        'member-lost a1 replaced',
        'forget a',
        'keep b ws://a:1',
        'member-joined b1',
      ]);
    });
  });

  describe('goodbyes', () => {
    it('sees who says goodbye leave, and dials it no more', () => {
      up(0, identity('a'));
      expect(down(1, identity('a'), 'goodbye')).to.deep.equal(['member-left a1', 'forget a']);
      expect(seen()).to.deep.equal(['me1 self up']);
    });

    it('does not believe what others still tell of one who left, until the timeout has passed', () => {
      up(0, identity('a'));
      up(0, identity('b'));
      down(1, identity('a'), 'goodbye');
      expect(members(2, 'b', told(identity('a')))).to.deep.equal([]);
      for (let nowMs = 500; nowMs <= 4500; nowMs += 500) beat(nowMs, 'b');
      expect(tick(5000)).to.deep.equal([]);
      expect(tick(5001)).to.deep.equal(['keep a ws://a:1', 'member-told a1']);
    });

    it('believes at once what others tell of its next incarnation', () => {
      up(0, identity('a'));
      up(0, identity('b'));
      down(1, identity('a'), 'goodbye');
      expect(members(2, 'b', told(identity('a', 2)))).to.deep.equal(['keep a ws://a:1', 'member-told a2']);
    });

    it('goes on dialling one that it joined through', () => {
      up(0, identity('a'));
      on(0, { type: 'self-joined', address: 'ws://a:1' });
      expect(down(1, identity('a'), 'goodbye')).to.deep.equal(['member-left a1']);
      expect(tick(10_000_000)).to.deep.equal([]);
      expect(up(10_000_001, identity('a', 2))).to.deep.equal(['member-joined a2', 'send-members a []', 'send-beat a']);
    });

    it('hears that a member is leaving from its beats', () => {
      up(0, identity('a'));
      expect(beat(1, 'a', true)).to.deep.equal(['member-changed a1 linked leaving']);
      expect(beat(2, 'a', true)).to.deep.equal([]);
    });

    it('tells that this node is leaving at once, and once', () => {
      expect(on(0, { type: 'self-leaving' })).to.deep.equal(['broadcast-beat']);
      expect(on(0, { type: 'self-leaving' })).to.deep.equal([]);
      expect(seen()).to.deep.equal(['me1 self leaving']);
    });
  });

  describe('silence', () => {
    it('suspects after half of the timeout, loses after all of it, and closes the link for both sides', () => {
      up(0, identity('a'));
      expect(tick(2499)).to.deep.equal([]);
      expect(tick(2500)).to.deep.equal(['member-suspect a1']);
      expect(tick(4999)).to.deep.equal([]);
      expect(tick(5000)).to.deep.equal(['drop a', 'member-lost a1 silent']);
      expect(seen()).to.deep.equal(['me1 self up']);
    });

    it('counts from the last beat or list of members', () => {
      up(0, identity('a'));
      beat(2000, 'a');
      expect(tick(4000)).to.deep.equal([]);
      members(4400, 'a');
      expect(tick(6800)).to.deep.equal([]);
      expect(tick(6900)).to.deep.equal(['member-suspect a1']);
    });

    it('does not suspect twice, and is relieved once', () => {
      up(0, identity('a'));
      tick(2500);
      expect(tick(2600)).to.deep.equal([]);
      expect(beat(2700, 'a')).to.deep.equal(['member-up a1']);
      expect(beat(2800, 'a')).to.deep.equal([]);
    });

    it('is relieved by a new link of the same incarnation', () => {
      up(0, identity('a'));
      down(1, identity('a'));
      tick(2500);
      expect(up(2600, identity('a'))).to.deep.equal(['member-up a1', 'member-changed a1 linked up', 'send-members a []', 'send-beat a']);
    });

    it('does not count the time for which this node itself was late', () => {
      up(0, identity('a'));
      expect(tick(60_000, 58_000)).to.deep.equal([]);
      expect(tick(60_400)).to.deep.equal([]);
      expect(tick(60_500)).to.deep.equal(['member-suspect a1']);
      expect(tick(63_000)).to.deep.equal(['drop a', 'member-lost a1 silent']);
    });

    it('credits no more than there was', () => {
      up(1000, identity('a'));
      tick(1100, 5000);
      expect(tick(3600)).to.deep.equal(['member-suspect a1']);
    });

    it('hears nobody who has no link: a beat that was on its way changes nothing', () => {
      up(0, identity('a'));
      tick(5000);
      expect(beat(5001, 'a')).to.deep.equal([]);
      expect(beat(5001, 'stranger')).to.deep.equal([]);
      expect(members(5001, 'stranger', told(identity('c')))).to.deep.equal([]);
      expect(seen()).to.deep.equal(['me1 self up']);
    });
  });

  describe('refused dials', () => {
    it('loses at once a member whose address refuses a redial', () => {
      up(0, identity('a'));
      down(1, identity('a'));
      expect(refuse(2, identity('a'))).to.deep.equal(['member-lost a1 refused']);
    });

    it('loses at once a member whose link ended for certain, but only by time one that does not listen', () => {
      up(0, identity('a'));
      up(0, deaf('b'));
      expect(down(1, identity('a'), 'refused')).to.deep.equal(['member-changed a1 cut up', 'member-lost a1 refused']);
      expect(down(1, deaf('b'), 'refused')).to.deep.equal(['member-changed b1 cut up']);
      expect(tick(2500)).to.deep.equal(['member-suspect b1']);
      expect(tick(5000)).to.deep.equal(['member-lost b1 silent']);
    });

    it('ignores the refusal of another address, of one with a link, and of one already lost', () => {
      up(0, identity('a'));
      expect(refuse(1, identity('a'))).to.deep.equal([]);
      down(1, identity('a'));
      expect(refuse(2, identity('a', 1, 7))).to.deep.equal([]);
      refuse(3, identity('a'));
      expect(refuse(4, identity('a'))).to.deep.equal([]);
    });

    it('does not believe what others still tell of one who refused, until the timeout has passed', () => {
      up(0, identity('a'));
      up(0, identity('b'));
      members(0, 'b', told(identity('a')));
      down(1, identity('a'));
      expect(refuse(2, identity('a'))).to.deep.equal(['member-lost a1 refused']);
      beat(3000, 'b');
      expect(tick(5002)).to.deep.equal(['member-told a1']);
    });
  });

  describe('those who were lost', () => {
    it('are members again when a link is back, under the same incarnation as under a new one', () => {
      up(0, identity('a'));
      tick(5000);
      expect(up(5001, identity('a'))).to.deep.equal(['member-joined a1', 'send-members a []', 'send-beat a']);
      tick(10_001);
      expect(up(10_002, identity('a', 2))).to.deep.equal(['member-joined a2', 'send-members a []', 'send-beat a']);
    });

    it('are dialled until they have been gone for as long as is remembered', () => {
      up(0, identity('a'));
      tick(5000);
      expect(state.kept.get('a')).to.equal('ws://a:1');
      expect(tick(64_999)).to.deep.equal([]);
      expect(tick(65_000)).to.deep.equal(['forget a']);
      expect(state.peers.size).to.equal(0);
    });

    it('leave nothing behind when they did not listen', () => {
      up(0, deaf('a'));
      tick(5000);
      tick(10_000);
      expect(state.peers.size).to.equal(0);
    });

    it('take with them what only they told', () => {
      up(0, identity('a'));
      members(1, 'a', told(deaf('b')), told(identity('c')));
      expect(seen()).to.deep.equal(['me1 self up', 'a1 linked up', 'b1 told up', 'c1 told up']);
      expect(tick(5001)).to.deep.equal(['drop a', 'member-lost a1 silent', 'member-untold b1', 'forget c', 'member-untold c1']);
      expect(state.told.size).to.equal(0);
    });
  });

  describe('what others tell', () => {
    beforeEach(() => {
      up(0, identity('a'));
      up(0, identity('b'));
    });

    it('dials whoever listens, and lists whoever does not', () => {
      expect(members(1, 'a', told(identity('c')), told(deaf('d')))).to.deep.equal(['keep c ws://c:1', 'member-told c1', 'member-told d1']);
    });

    it('says nothing new of this node, nor of those it has a link with', () => {
      expect(members(1, 'a', told(identity('me')), told(identity('me', 2)), told(identity('b', 2)))).to.deep.equal([]);
    });

    it('becomes a member in its own right with the first link', () => {
      members(1, 'a', told(identity('c')));
      expect(up(2, identity('c')).slice(0, 2)).to.deep.equal(['member-untold c1', 'member-joined c1']);
    });

    it('holds while one of them still tells it', () => {
      members(1, 'a', told(deaf('c')));
      expect(members(2, 'b', told(deaf('c')))).to.deep.equal([]);
      expect(members(3, 'a')).to.deep.equal([]);
      expect(members(4, 'b')).to.deep.equal(['member-untold c1']);
    });

    it('holds while the link to the one who told it is cut', () => {
      members(1, 'a', told(deaf('c')));
      expect(down(2, identity('a'))).to.deep.equal(['member-changed a1 cut up']);
      expect(seen()).to.include('c1 told up');
    });

    it('is news again when the incarnation or the status is another', () => {
      members(1, 'a', told(deaf('c')));
      expect(members(2, 'a', told(deaf('c'), 'suspect'))).to.deep.equal(['member-told c1']);
      expect(members(3, 'a', told(deaf('c', 2)))).to.deep.equal(['member-told c2']);
    });

    it('is passed on only of those with a link, with the beat after a change, and once', () => {
      members(1, 'a', told(deaf('c')));
      down(2, identity('b'));
      expect(on(500, { type: 'tick', lagMs: 0 })).to.deep.equal(['broadcast-beat', 'send-members all [a1 up]']);
      expect(on(625, { type: 'tick', lagMs: 0 })).to.deep.equal([]);
      expect(on(1000, { type: 'tick', lagMs: 0 })).to.deep.equal(['broadcast-beat']);
    });
  });

  describe('the greeting', () => {
    it('refuses a second node of a name that lives here, and this node’s own', () => {
      up(0, identity('a'));
      expect(refusalOf(state, identity('a', 2))).to.equal('another node named "a" is a member');
      expect(refusalOf(state, identity('me', 2))).to.equal('this node is named "me"');
      expect(refusalOf(state, identity('me'))).to.equal('it is this node itself');
    });

    it('refuses a second node of a name that others tell of', () => {
      up(0, identity('a'));
      members(1, 'a', told(deaf('c')));
      expect(refusalOf(state, deaf('c', 2))).to.equal('another node named "c" is a member');
      expect(refusalOf(state, deaf('c', 1))).to.equal(undefined);
    });

    it('lets in the same incarnation, one started anew after its link closed, and one of a lost name', () => {
      up(0, identity('a'));
      expect(refusalOf(state, identity('a'))).to.equal(undefined);
      down(1, identity('a'));
      expect(refusalOf(state, identity('a', 2))).to.equal(undefined);
      tick(5000);
      expect(refusalOf(state, identity('a', 3))).to.equal(undefined);
    });
  });

  describe('after a restart', () => {
    it('dials again whoever is to be dialled, and tells all', () => {
      up(0, identity('a'));
      up(0, deaf('b'));
      expect(recover(state).map(inWords)).to.deep.equal(['keep a ws://a:1', 'broadcast-beat', 'send-members all [a1 up, b1 up]']);
    });
  });

  it('is plain data', () => {
    up(0, identity('a'));
    members(1, 'a', told(deaf('c')));
    expect(structuredClone(state)).to.deep.equal(state);
  });
});
