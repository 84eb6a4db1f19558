import { expect } from 'chai';
import { nothing } from '../../lib/nodes/beat.js';
import { type Beat, type Links, type MemberEvent, Membership } from '../../lib/nodes/index.js';
import { type TestClock, testClock } from '../support/test-clock.js';

const identity = (name: string) => ({ name, incarnation: `${name}1`, address: `ws://${name}:1` });

/** Links that only remember what they were asked to do. */
const spyLinks = (): { -readonly [Method in keyof Links]: Links[Method] } & { readonly asked: unknown[][] } => {
  const asked: unknown[][] = [];
  return {
    asked,
    keep: (...given) => void asked.push(['keep', ...given]),
    forget: (...given) => void asked.push(['forget', ...given]),
    drop: (...given) => void asked.push(['drop', ...given]),
    receivedBytes: () => 0,
    send: (...given) => asked.push(['send', ...given]) > 0,
    broadcast: (...given) => void asked.push(['broadcast', ...given]),
  };
};

const beatOf = (content: Partial<Beat>): Beat => ({ ...nothing, type: 'beat', seq: 1, lagMs: 0, leaving: false, ...content });

describe('the table of members', () => {
  let clock: TestClock;
  let links: ReturnType<typeof spyLinks>;
  let table: Membership;

  beforeEach(() => {
    clock = testClock();
    links = spyLinks();
    table = new Membership('me', undefined, { incarnation: 'me1', clock, content: () => ({ ...nothing, running: 4 }) });
    table.connect(links);
    links.asked.length = 0;
  });

  it('is a membership of one for a node without peers', () => {
    const alone = new Membership('me', undefined);
    expect(alone.members).to.have.length(1);
    expect(alone.find('me')).to.include({ name: 'me', address: undefined, status: 'up', reach: 'self' });
    alone.leave();
    alone.tick(0);
    expect(alone.find('me')?.status).to.equal('leaving');
    expect(alone.find('other')).to.equal(undefined);
  });

  it('has an incarnation of its own each time it is made', () => {
    expect(new Membership('me', undefined).self.incarnation).to.not.equal(new Membership('me', undefined).self.incarnation);
  });

  it('knows its address once it listens', () => {
    table.listening('ws://me:7');
    expect(table.self.address).to.equal('ws://me:7');
    expect(table.members[0]?.address).to.equal('ws://me:7');
  });

  it('does over the links what the brain wants, with what the node says of itself', () => {
    table.up(identity('a'));
    const beat = beatOf({ running: 4, seq: 2 });
    expect(links.asked).to.deep.equal([
      ['keep', 'a', 'ws://a:1'],
      ['send', 'a', { type: 'members', members: [] }],
      ['send', 'a', beat],
    ]);
    links.asked.length = 0;
    table.tick(0);
    expect(links.asked).to.deep.equal([
      ['broadcast', { ...beat, seq: 3 }],
      ['broadcast', { type: 'members', members: [['a', 'a1', 'ws://a:1']] }],
    ]);
    links.asked.length = 0;
    clock.advance(5000);
    table.tick(0);
    expect(links.asked.slice(1)).to.deep.equal([['drop', 'a']]);
    table.down(identity('a'), 'closed');
    expect(table.members).to.have.length(1);
  });

  it('remembers what each member said of itself last, until it is gone', () => {
    table.up(identity('a'));
    expect(table.contentOf('a')).to.equal(undefined);
    table.heard('a', beatOf({ used: [['cpu', 1]] }));
    table.heard('a', beatOf({ used: [['cpu', 2]] }));
    expect(table.contentOf('a')).to.deep.include({ used: [['cpu', 2]] });
    expect(table.contentOf('me')).to.deep.include({ running: 4 });
    table.down(identity('a'), 'goodbye');
    expect(table.contentOf('a')).to.equal(undefined);
  });

  it('takes bytes that come while no beat does for a sign of life, and only such bytes', () => {
    let received = 0;
    links.receivedBytes = () => received;
    const live = (ticks: number, bytesEach: number): void => {
      for (let left = ticks; left > 0; left -= 1) {
        clock.advance(125);
        received += bytesEach;
        table.tick(0);
      }
    };
    table.up(identity('a'));
    table.heard('a', beatOf({}));
    live(80, 1);
    expect(table.find('a')?.status).to.equal('up');
    table.heard('a', beatOf({}));
    // What comes right behind a beat, and nothing after it.
    live(1, 1000);
    links.asked.length = 0;
    live(38, 0);
    expect(table.find('a')?.status).to.equal('suspect');
    expect(links.asked.filter(([what]) => what === 'drop')).to.deep.equal([]);
    live(2, 0);
    expect(links.asked.filter(([what]) => what === 'drop')).to.deep.equal([['drop', 'a']]);
  });

  it('tells its listeners of every change, in order, until they want no more', () => {
    const events: string[] = [];
    const stop = table.subscribe(({ type, member }) => events.push(`${type} ${member.name}`));
    table.up(identity('a'));
    table.heard('a', beatOf({}));
    table.heard('a', { type: 'members', members: [['b', 'b1', null]] });
    table.down(identity('a'), 'closed');
    table.refused('a', 'ws://a:1');
    stop();
    table.up(identity('c'));
    expect(events).to.deep.equal([
      'member-joined a',
      'member-beat a',
      'member-told b',
      'member-changed a',
      'member-lost a',
      'member-untold b',
    ]);
  });

  it('says with each beat the most that its loop was late since the last one', () => {
    const lags = (): unknown[] => links.asked.filter(([what]) => what === 'broadcast').map(([, message]) => (message as Beat).lagMs);
    table.tick(3);
    clock.advance(125);
    table.tick(40);
    clock.advance(375);
    table.tick(7);
    clock.advance(500);
    table.tick(1);
    expect(lags()).to.deep.equal([3, 40, 1]);
  });

  it('sees who says goodbye leave, and says goodbye itself', () => {
    table.up(identity('a'));
    table.heard('a', { type: 'goodbye' });
    table.heard('stranger', { type: 'goodbye' });
    expect(table.members).to.have.length(1);
    table.goodbye();
    expect(links.asked.at(-1)).to.deep.equal(['broadcast', { type: 'goodbye' }]);
  });

  it('tells one function twice when it subscribed twice, and forgets one at a time', () => {
    let count = 0;
    const listener = (): void => {
      count += 1;
    };
    const stop = table.subscribe(listener);
    table.subscribe(listener);
    stop();
    table.up(identity('a'));
    expect(count).to.equal(1);
  });

  it('deals with what listeners cause after what caused it', () => {
    const seen: string[] = [];
    table.subscribe((event: MemberEvent) => {
      if (event.type === 'member-joined') table.down(event.member, 'goodbye');
    });
    table.subscribe(({ type }) => seen.push(type));
    table.up(identity('a'));
    expect(seen).to.deep.equal(['member-joined', 'member-left']);
    expect(links.asked.map(([what]) => what)).to.deep.equal(['keep', 'send', 'send', 'forget']);
  });

  it('throws what a listener throws, when all the others have been told and all is done', () => {
    const seen: string[] = [];
    table.subscribe(() => {
      throw new Error('a bug');
    });
    table.subscribe(({ type }) => seen.push(type));
    expect(() => table.up(identity('a'))).to.throw('a bug');
    expect(seen).to.deep.equal(['member-joined']);
    expect(links.asked).to.have.length(3);
    expect(table.find('a')?.reach).to.equal('linked');
  });

  it('does again what was lost with those who did it', () => {
    table.up(identity('a'));
    links.asked.length = 0;
    table.recover();
    expect(links.asked.map(([what]) => what)).to.deep.equal(['keep', 'broadcast', 'broadcast']);
  });

  it('refuses times that cannot be', () => {
    const make = (heartbeat: { intervalMs?: number; timeoutMs?: number }) => () => new Membership('me', undefined, { heartbeat });
    expect(make({ intervalMs: 0 })).to.throw(RangeError, 'heartbeat.intervalMs');
    expect(make({ intervalMs: 500, timeoutMs: 900 })).to.throw(RangeError, 'heartbeat.timeoutMs must be a finite number of at least 1000');
    expect(make({ timeoutMs: '5' as never })).to.throw(TypeError, 'heartbeat.timeoutMs');
    expect(make({ intervalMs: 9000 })).to.not.throw();
  });
});
