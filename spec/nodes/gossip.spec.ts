import { expect } from 'chai';
import { refusalOf } from '../../lib/nodes/membership-state.js';
import { Brain, deaf, identity } from './brain.js';

describe('what others tell', () => {
  let me: Brain;
  beforeEach(() => {
    me = new Brain();
    me.up(0, identity('a'));
    me.up(0, identity('b'));
  });

  it('dials whoever listens, and lists whoever does not', () => {
    expect(me.members(1, 'a', identity('c'), deaf('d'))).to.deep.equal(['keep c ws://c:1', 'member-told c1', 'member-told d1']);
  });

  it('says nothing new of this node, nor of those it has a link with', () => {
    expect(me.members(1, 'a', identity('me'), identity('me', 2), identity('b', 2))).to.deep.equal([]);
  });

  it('becomes a member in its own right with the first link', () => {
    me.members(1, 'a', identity('c'));
    expect(me.up(2, identity('c')).slice(0, 2)).to.deep.equal(['member-untold c1', 'member-joined c1']);
  });

  it('holds while one of them still tells it', () => {
    me.members(1, 'a', deaf('c'));
    expect(me.members(2, 'b', deaf('c'))).to.deep.equal([]);
    expect(me.members(3, 'a')).to.deep.equal([]);
    expect(me.members(4, 'b')).to.deep.equal(['member-untold c1']);
  });

  it('holds while the link to the one who told it is cut', () => {
    me.members(1, 'a', deaf('c'));
    expect(me.down(2, identity('a'))).to.deep.equal(['member-changed a1 cut up']);
    expect(me.seen()).to.include('c1 told up');
  });

  it('is not believed of one that was lost here while the link to the one who told it is cut', () => {
    me.up(0, identity('c'));
    me.members(1, 'a', identity('c'));
    me.down(2, identity('c'));
    me.refuse(3, identity('c'));
    me.beat(4000, 'b');
    me.beat(4000, 'a');
    me.down(4001, identity('a'));
    expect(me.tick(5004)).to.deep.equal([]);
    me.up(5005, identity('a'));
    expect(me.tick(5006)).to.deep.equal(['member-told c1']);
  });

  it('is news again when the incarnation or the address is another', () => {
    me.members(1, 'a', deaf('c'));
    expect(me.members(2, 'a', identity('c'))).to.deep.equal(['keep c ws://c:1', 'member-told c1']);
    expect(me.members(3, 'a', deaf('c', 2))).to.deep.equal(['forget c', 'member-told c2']);
  });

  it('is dialled for five minutes of each hour, as long as it is told', () => {
    expect(me.members(0, 'a', identity('c'))).to.include('keep c ws://c:1');
    const hear = (nowMs: number): string[] => {
      for (const name of ['a', 'b']) me.beat(nowMs, name);
      return me.tick(nowMs);
    };
    expect(hear(9_999)).to.deep.equal([]);
    expect(hear(10_000)).to.deep.equal(['forget c']);
    expect(hear(59_999)).to.deep.equal([]);
    expect(hear(60_000)).to.deep.equal(['keep c ws://c:1']);
    expect(me.members(60_001, 'a')).to.deep.equal(['forget c', 'member-untold c1']);
    expect(me.state.unproved.size).to.equal(0);
  });

  it('is tried as another tells it once it has proved wrong', () => {
    me.members(1, 'a', identity('c', 1, 6));
    expect(me.members(2, 'b', identity('c', 1, 7))).to.deep.equal([]);
    expect(me.refuse(3, identity('c', 1, 6))).to.include('keep c ws://c:7');
    expect(me.refuse(4, identity('c', 1, 7))).to.include('keep c ws://c:6');
    expect(me.up(5, identity('c', 1, 7))[0]).to.equal('keep c ws://c:7');
  });

  it('is not dialled where somebody else, or this node itself, is known to be', () => {
    me.on(0, { type: 'self-listening', address: 'ws://me:1' });
    const phantoms = ['ws://a:1', 'ws://b:1', 'ws://me:1'].map((address, at) => ({ ...identity(`p${at}`), address }));
    expect(me.members(1, 'a', ...phantoms).filter((words) => words.startsWith('keep'))).to.deep.equal([]);
  });

  it('is passed on only of those with a link, with the beat after a change, and once', () => {
    me.members(1, 'a', deaf('c'));
    me.down(2, identity('b'));
    expect(me.on(500, { type: 'tick', lagMs: 0 })).to.deep.equal(['broadcast-beat', 'send-members all [a1]']);
    expect(me.on(625, { type: 'tick', lagMs: 0 })).to.deep.equal([]);
    expect(me.on(1000, { type: 'tick', lagMs: 0 })).to.deep.equal(['broadcast-beat']);
  });
});

describe('the greeting', () => {
  let me: Brain;
  beforeEach(() => {
    me = new Brain();
  });

  it('refuses a second node of a name that lives here, and this node’s own', () => {
    me.up(0, identity('a'));
    expect(refusalOf(me.state, identity('a', 2))).to.equal('another node named "a" is a member');
    expect(refusalOf(me.state, identity('me', 2))).to.equal('this node is named "me"');
    expect(refusalOf(me.state, identity('me'))).to.equal('it is this node itself');
  });

  it('keeps nobody out because others tell of somebody of that name: who was met owns it', () => {
    me.up(0, identity('a'));
    me.members(1, 'a', deaf('c'), identity('d'));
    for (const one of [deaf('c', 2), deaf('c', 1), identity('d', 2)]) expect(refusalOf(me.state, one)).to.equal(undefined);
    expect(me.up(2, identity('d', 2, 7)).slice(0, 3)).to.deep.equal(['keep d ws://d:7', 'member-untold d1', 'member-joined d2']);
    expect(me.members(3, 'a', deaf('c'), identity('d'))).to.deep.equal([]);
    expect(refusalOf(me.state, identity('d', 1))).to.equal('another node named "d" is a member');
  });

  it('lets in the same incarnation, one started anew after its link closed, and one of a lost name', () => {
    me.up(0, identity('a'));
    expect(refusalOf(me.state, identity('a'))).to.equal(undefined);
    me.down(1, identity('a'));
    expect(refusalOf(me.state, identity('a', 2))).to.equal(undefined);
    me.tick(5000);
    expect(refusalOf(me.state, identity('a', 3))).to.equal(undefined);
  });
});
