import { expect } from 'chai';
import type { NodeIdentity } from '../../lib/nodes/index.js';
import { recoverMembership } from '../../lib/nodes/membership-step.js';
import { Brain, deaf, identity, inWords } from './brain.js';

describe('the brain of the membership', () => {
  let me: Brain;
  beforeEach(() => {
    me = new Brain();
  });

  describe('links', () => {
    it('makes a member of whoever has a link, keeps its address, and tells it of the others and of itself', () => {
      expect(me.up(0, identity('b'))).to.deep.equal(['keep b ws://b:1', 'member-joined b1', 'send-members b []', 'send-beat b']);
      expect(me.up(0, deaf('a'))).to.deep.equal(['member-joined a1', 'send-members a [b1]', 'send-beat a']);
      expect(me.seen()).to.deep.equal(['me1 self up', 'a1 linked up', 'b1 linked up']);
    });

    it('ignores a link to itself', () => {
      expect(me.up(0, identity('me'))).to.deep.equal([]);
      expect(me.up(0, identity('me', 2))).to.deep.equal([]);
    });

    it('does not lose a member with its link, and finds it unchanged when the link is back', () => {
      me.up(0, identity('a'));
      expect(me.down(100, identity('a'))).to.deep.equal(['member-changed a1 cut up']);
      expect(me.seen()[1]).to.equal('a1 cut up');
      expect(me.up(200, identity('a'))).to.deep.equal(['member-changed a1 linked up', 'send-members a []', 'send-beat a']);
    });

    it('does not hear of the end of a link of an incarnation that has been replaced', () => {
      me.up(0, identity('a'));
      expect(me.up(1, identity('a', 2)).slice(0, 2)).to.deep.equal(['member-lost a1 replaced', 'member-joined a2']);
      expect(me.down(2, identity('a', 1))).to.deep.equal([]);
      expect(me.seen()[1]).to.equal('a2 linked up');
    });

    it('answers a second link of the same incarnation with the members, and no news', () => {
      me.up(0, identity('a'));
      expect(me.up(1, identity('a'))).to.deep.equal(['send-members a []', 'send-beat a']);
    });

    it('dials the new address of an incarnation that listens elsewhere', () => {
      me.up(0, identity('a'));
      me.down(1, identity('a'));
      expect(me.up(2, identity('a', 1, 2))).to.include('keep a ws://a:2');
    });

    it('does not take two known members that give the same address for one', () => {
      const both = (name: string): NodeIdentity => ({ ...identity(name), address: 'ws://localhost:1' });
      me.up(0, both('a'));
      me.up(0, both('b'));
      me.down(1, both('a'));
      me.down(1, both('b'));
      me.up(2, both('b'));
      expect(me.seen()).to.deep.equal(['me1 self up', 'a1 cut up', 'b1 linked up']);
    });

    it('takes a stranger who answers at the address of another for that one’s end', () => {
      me.up(0, identity('a'));
      me.down(1, identity('a'));
      expect(me.up(2, { ...identity('b'), address: 'ws://a:1' }).slice(0, 4)).to.deep.equal([
        'member-lost a1 replaced',
        'forget a',
        'keep b ws://a:1',
        'member-joined b1',
      ]);
    });
  });

  describe('goodbyes', () => {
    it('sees who says goodbye leave, and dials it no more', () => {
      me.up(0, identity('a'));
      expect(me.down(1, identity('a'), 'goodbye')).to.deep.equal(['member-left a1', 'forget a']);
      expect(me.seen()).to.deep.equal(['me1 self up']);
    });

    it('does not believe what others still tell of one who left, until the timeout has passed', () => {
      me.up(0, identity('a'));
      me.up(0, identity('b'));
      me.down(1, identity('a'), 'goodbye');
      expect(me.members(2, 'b', identity('a'))).to.deep.equal([]);
      for (let nowMs = 500; nowMs <= 4500; nowMs += 500) me.beat(nowMs, 'b');
      expect(me.tick(5000)).to.deep.equal([]);
      expect(me.tick(5001)).to.deep.equal(['keep a ws://a:1', 'member-told a1']);
    });

    it('believes at once what others tell of its next incarnation', () => {
      me.up(0, identity('a'));
      me.up(0, identity('b'));
      me.down(1, identity('a'), 'goodbye');
      expect(me.members(2, 'b', identity('a', 2))).to.deep.equal(['keep a ws://a:1', 'member-told a2']);
    });

    it('goes on dialling one that it joined through', () => {
      me.up(0, identity('a'));
      me.on(0, { type: 'self-joined', address: 'ws://a:1' });
      expect(me.down(1, identity('a'), 'goodbye')).to.deep.equal(['member-left a1']);
      expect(me.tick(10_000_000)).to.deep.equal([]);
      expect(me.up(10_000_001, identity('a', 2))).to.deep.equal(['member-joined a2', 'send-members a []', 'send-beat a']);
    });

    it('hears that a member is leaving from its beats', () => {
      me.up(0, identity('a'));
      expect(me.beat(1, 'a', true)).to.deep.equal(['member-changed a1 linked leaving']);
      expect(me.beat(2, 'a', true)).to.deep.equal([]);
    });

    it('says goodbye once, dials nobody any more, and minds nothing that still comes', () => {
      me.up(0, identity('a'));
      expect(me.on(1, { type: 'self-left' })).to.deep.equal(['forget a', 'broadcast-goodbye']);
      expect(me.on(2, { type: 'self-left' })).to.deep.equal([]);
      expect(me.down(3, identity('a'))).to.deep.equal([]);
      expect(me.up(4, identity('b'))).to.deep.equal([]);
      expect(me.on(10_000, { type: 'tick', lagMs: 0 })).to.deep.equal([]);
      expect(recoverMembership(me.state)).to.deep.equal([]);
    });

    it('tells that this node is leaving at once, and once', () => {
      expect(me.on(0, { type: 'self-leaving' })).to.deep.equal(['broadcast-beat']);
      expect(me.on(0, { type: 'self-leaving' })).to.deep.equal([]);
      expect(me.seen()).to.deep.equal(['me1 self leaving']);
    });
  });

  describe('silence', () => {
    it('suspects after half of the timeout, loses after all of it, and closes the link for both sides', () => {
      me.up(0, identity('a'));
      expect(me.tick(2499)).to.deep.equal([]);
      expect(me.tick(2500)).to.deep.equal(['member-suspect a1']);
      expect(me.tick(4999)).to.deep.equal([]);
      expect(me.tick(5000)).to.deep.equal(['drop a', 'member-lost a1 silent']);
      expect(me.seen()).to.deep.equal(['me1 self up']);
    });

    it('counts from the last beat or list of members', () => {
      me.up(0, identity('a'));
      me.beat(2000, 'a');
      expect(me.tick(4000)).to.deep.equal([]);
      me.members(4400, 'a');
      expect(me.tick(6800)).to.deep.equal([]);
      expect(me.tick(6900)).to.deep.equal(['member-suspect a1']);
    });

    it('does not suspect twice, and is relieved once', () => {
      me.up(0, identity('a'));
      me.tick(2500);
      expect(me.tick(2600)).to.deep.equal([]);
      expect(me.beat(2700, 'a')).to.deep.equal(['member-up a1']);
      expect(me.beat(2800, 'a')).to.deep.equal([]);
    });

    it('is relieved by a new link of the same incarnation', () => {
      me.up(0, identity('a'));
      me.down(1, identity('a'));
      me.tick(2500);
      expect(me.up(2600, identity('a'))).to.deep.equal(['member-up a1', 'member-changed a1 linked up', 'send-members a []', 'send-beat a']);
    });

    it('does not count the time for which this node itself was late', () => {
      me.up(0, identity('a'));
      expect(me.tick(60_000, 58_000)).to.deep.equal([]);
      expect(me.tick(60_400)).to.deep.equal([]);
      expect(me.tick(60_500)).to.deep.equal(['member-suspect a1']);
      expect(me.tick(63_000)).to.deep.equal(['drop a', 'member-lost a1 silent']);
    });

    it('credits no more than there was', () => {
      me.up(1000, identity('a'));
      me.tick(1100, 5000);
      expect(me.tick(3600)).to.deep.equal(['member-suspect a1']);
    });

    it('hears nobody who has no link: a beat that was on its way changes nothing', () => {
      me.up(0, identity('a'));
      me.tick(5000);
      expect(me.beat(5001, 'a')).to.deep.equal([]);
      expect(me.beat(5001, 'stranger')).to.deep.equal([]);
      expect(me.members(5001, 'stranger', identity('c'))).to.deep.equal([]);
      expect(me.seen()).to.deep.equal(['me1 self up']);
    });
  });

  describe('refused dials', () => {
    it('loses at once a member whose address refuses a redial', () => {
      me.up(0, identity('a'));
      me.down(1, identity('a'));
      expect(me.refuse(2, identity('a'))).to.deep.equal(['member-lost a1 refused']);
    });

    it('loses at once a member whose link ended for certain, but only by time one that does not listen', () => {
      me.up(0, identity('a'));
      me.up(0, deaf('b'));
      expect(me.down(1, identity('a'), 'refused')).to.deep.equal(['member-changed a1 cut up', 'member-lost a1 refused']);
      expect(me.down(1, deaf('b'), 'refused')).to.deep.equal(['member-changed b1 cut up']);
      expect(me.tick(2500)).to.deep.equal(['member-suspect b1']);
      expect(me.tick(5000)).to.deep.equal(['member-lost b1 silent']);
    });

    it('ignores the refusal of another address, of one with a link, and of one already lost', () => {
      me.up(0, identity('a'));
      expect(me.refuse(1, identity('a'))).to.deep.equal([]);
      me.down(1, identity('a'));
      expect(me.refuse(2, identity('a', 1, 7))).to.deep.equal([]);
      me.refuse(3, identity('a'));
      expect(me.refuse(4, identity('a'))).to.deep.equal([]);
    });

    it('does not believe what others still tell of one who refused, until the timeout has passed', () => {
      me.up(0, identity('a'));
      me.up(0, identity('b'));
      me.members(0, 'b', identity('a'));
      me.down(1, identity('a'));
      expect(me.refuse(2, identity('a'))).to.deep.equal(['member-lost a1 refused']);
      me.beat(3000, 'b');
      expect(me.tick(5002)).to.deep.equal(['member-told a1']);
    });
  });

  describe('those who were lost', () => {
    it('are members again when a link is back, under the same incarnation as under a new one', () => {
      me.up(0, identity('a'));
      me.tick(5000);
      expect(me.up(5001, identity('a'))).to.deep.equal(['member-joined a1', 'send-members a []', 'send-beat a']);
      me.tick(10_001);
      expect(me.up(10_002, identity('a', 2))).to.deep.equal(['member-joined a2', 'send-members a []', 'send-beat a']);
    });

    it('are dialled until they have been gone for as long as is remembered', () => {
      me.up(0, identity('a'));
      me.tick(5000);
      expect(me.state.kept.get('a')).to.equal('ws://a:1');
      expect(me.tick(64_999)).to.deep.equal([]);
      expect(me.tick(65_000)).to.deep.equal(['forget a']);
      expect(me.state.peers.size).to.equal(0);
    });

    it('leave nothing behind when they did not listen', () => {
      me.up(0, deaf('a'));
      me.tick(5000);
      me.tick(10_000);
      expect(me.state.peers.size).to.equal(0);
    });

    it('take with them what only they told', () => {
      me.up(0, identity('a'));
      me.members(1, 'a', deaf('b'), identity('c'));
      expect(me.seen()).to.deep.equal(['me1 self up', 'a1 linked up', 'b1 told up', 'c1 told up']);
      expect(me.tick(5001)).to.deep.equal(['drop a', 'member-lost a1 silent', 'member-untold b1', 'forget c', 'member-untold c1']);
      expect(me.state.told.size).to.equal(0);
    });
  });

  describe('after a restart', () => {
    it('dials again whoever is to be dialled, and tells all', () => {
      me.up(0, identity('a'));
      me.up(0, deaf('b'));
      expect(recoverMembership(me.state).map(inWords)).to.deep.equal(['keep a ws://a:1', 'broadcast-beat', 'send-members all [a1, b1]']);
    });
  });

  it('is plain data', () => {
    me.up(0, identity('a'));
    me.members(1, 'a', deaf('c'));
    expect(structuredClone(me.state)).to.deep.equal(me.state);
  });
});
