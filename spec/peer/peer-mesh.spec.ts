import { expect } from 'chai';
import fc from 'fast-check';
import { HandoffError } from '../../lib/base/index.js';
import { redialRestMs } from '../../lib/peer/links/redial.js';
import { caught } from '../support/caught.js';
import { spyLogger } from '../support/spy-logger.js';
import { COOKIE, numbered, numbersOf, PeerWorld } from './world.js';

describe('peer table', () => {
  let world: PeerWorld;
  beforeEach(() => {
    world = new PeerWorld();
  });

  describe('joining', () => {
    it('tells both sides who is there', async () => {
      const { a, b, url } = await world.pair();
      expect(a.table.peers).to.deep.equal([{ name: 'b', incarnation: 'b1', address: undefined, isObserver: false }]);
      expect(b.table.peers).to.deep.equal([{ name: 'a', incarnation: 'a1', address: url, isObserver: false }]);
      expect([a.heard.links, b.heard.links]).to.deep.equal([['up b b1'], ['up a a1']]);
    });

    it('resolves with a peer that is linked already, and makes no second link', async () => {
      const { b, url } = await world.pair();
      const again = b.table.join(url);
      world.run();
      expect((await again).name).to.equal('a');
      expect(world.network.connections).to.equal(1);
      expect(b.heard.links).to.deep.equal(['up a a1']);
    });

    const refused = async (reason: string, code: string, join: () => Promise<unknown>): Promise<void> => {
      const joined = caught(join());
      world.run();
      const error = await joined;
      expect([error.code, error.reason]).to.deep.equal([code, code === 'HANDOFF_JOIN_REFUSED' ? reason : undefined]);
      expect(error.message).to.match(/^Cannot join through memory:/);
    };

    it('is refused for good: the cookie, the name, itself, the protocol, the membership', async () => {
      const { a, url } = await world.pair({ objection: ({ name }) => (name === 'unwanted' ? 'membership' : undefined) });
      await refused('cookie', 'HANDOFF_JOIN_REFUSED', () => world.node('c', { cookie: 'another cookie, wrong' }).table.join(url));
      await refused('cookie', 'HANDOFF_JOIN_REFUSED', () => world.node('c', { cookie: undefined }).table.join(url));
      await refused('name-taken', 'HANDOFF_JOIN_REFUSED', () => world.node('b', { incarnation: 'b2' }).table.join(url));
      await refused('name-taken', 'HANDOFF_JOIN_REFUSED', () => world.node('a', { incarnation: 'a2' }).table.join(url));
      await refused('itself', 'HANDOFF_JOIN_REFUSED', () => a.table.join(url));
      await refused('membership', 'HANDOFF_JOIN_REFUSED', () => world.node('unwanted').table.join(url));
      const newer = world.node('n', { protocols: { lowest: 8, highest: 9 } });
      await refused('protocol', 'HANDOFF_PROTOCOL_MISMATCH', () => newer.table.join(url));
      expect(a.heard.links).to.deep.equal(['up b b1']);
    });

    it('may be tried again where others only tell of a node of that name, which may be dead', async () => {
      const { url } = await world.pair({ objection: ({ name }) => (name === 'c' ? 'name-told' : undefined) });
      const joined = caught(world.node('c').table.join(url));
      world.run();
      const error = await joined;
      expect(HandoffError.is(error)).to.equal(false);
      expect(error.message).to.match(/may be dead$/);
    });

    it('is refused for good where the contact has the name of this node, whoever objects first', async () => {
      const { url } = await world.pair();
      const objection = (): 'name-taken' => 'name-taken';
      await refused('name-taken', 'HANDOFF_JOIN_REFUSED', () => world.node('a', { incarnation: 'a2', objection }).table.join(url));
      const joined = caught(world.node('c', { objection }).table.join(url));
      world.run();
      expect(HandoffError.is(await joined), 'its own objection to another name may pass').to.equal(false);
    });

    it('may be tried again where nobody answers, or nobody is', async () => {
      const { url } = await world.pair();
      const c = world.node('c');
      const nowhere = caught(c.table.join('memory://nowhere:1'));
      world.run();
      expect(HandoffError.is(await nowhere)).to.equal(false);
      world.network.set('a', 'c', { stall: true });
      const mute = caught(c.table.join(url));
      world.run();
      world.advance(3000);
      expect(HandoffError.is(await mute)).to.equal(false);
      world.network.set('a', 'c', {});
      const joined = c.table.join(url);
      world.run();
      expect((await joined).name).to.equal('a');
    });

    it('ends with HANDOFF_STOPPED when the table is closed', async () => {
      const b = world.node('b');
      const joined = caught(b.table.join('memory://nowhere:1'));
      const closed = b.table.close();
      world.run();
      expect((await joined).code).to.equal('HANDOFF_STOPPED');
      await closed;
      expect((await caught(b.table.join('memory://nowhere:1'))).code).to.equal('HANDOFF_STOPPED');
    });
  });

  describe('one link for each pair', () => {
    it('is made of two that are dialled at once, whatever the order of things', () => {
      const schedule = fc.infiniteStream(fc.nat());
      return fc.assert(
        fc.asyncProperty(schedule, fc.boolean(), fc.boolean(), async (picks, isSwapped, isJoin) => {
          world = new PeerWorld();
          const pick = (waiting: number): number => picks.next().value % waiting;
          const [a, b] = [world.node('a'), world.node('b')];
          const [one, two] = [(await a.table.listen('a:1')).url, (await b.table.listen('b:1')).url];
          const joins: Promise<unknown>[] = [];
          const dials = [
            () => a.table.keep('b', two),
            () => (isJoin ? joins.push(b.table.join(one).catch(() => {})) : b.table.keep('a', one)),
          ];
          for (const dial of isSwapped ? dials.reverse() : dials) dial();
          world.run(pick);
          for (let rounds = 0; rounds < 20; rounds++) {
            world.clock.advance(100);
            world.run(pick);
          }
          expect(a.heard.links, 'a').to.deep.equal(['up b b1']);
          expect(b.heard.links, 'b').to.deep.equal(['up a a1']);
          expect(world.network.connections).to.equal(1);
          a.table.send('b', numbered(1));
          b.table.send('a', numbered(2));
          world.run(pick);
          expect([numbersOf(b.heard), numbersOf(a.heard)]).to.deep.equal([[1], [2]]);
          await Promise.all(joins);
        }),
        { numRuns: 500 },
      );
    });

    it('is there again after resets in the midst of anything', () =>
      fc.assert(
        fc.asyncProperty(fc.infiniteStream(fc.nat()), fc.array(fc.nat({ max: 40 }), { maxLength: 6 }), async (picks, resets) => {
          world = new PeerWorld();
          const pick = (waiting: number): number => picks.next().value % waiting;
          const [a, b] = [world.node('a'), world.node('b')];
          const [one, two] = [(await a.table.listen('a:1')).url, (await b.table.listen('b:1')).url];
          a.table.keep('b', two);
          b.table.keep('a', one);
          for (const turns of resets) {
            for (let turn = 0; turn < turns; turn++) if (!world.turn()) world.clock.advance(30);
            world.network.reset('a', 'b');
          }
          for (let rounds = 0; rounds < 60; rounds++) {
            world.clock.advance(100);
            world.run(pick);
          }
          expect([a.table.peers.length, b.table.peers.length, world.network.connections]).to.deep.equal([1, 1, 1]);
          for (const { heard } of [a, b]) {
            // Up and down in turn.
            expect(
              heard.links.filter((_, at) => at % 2 === 0).every((line) => line.startsWith('up')),
              heard.links.join(),
            ).to.equal(true);
            expect(
              heard.links.filter((_, at) => at % 2 === 1).every((line) => line.startsWith('down')),
              heard.links.join(),
            ).to.equal(true);
          }
        }),
        { numRuns: 200 },
      ));

    it('refuses another incarnation while the old one lives, and lets it in when that is dead', async () => {
      const { a, b, url } = await world.pair();
      const reborn = world.node('b', { incarnation: 'b2' });
      const refused = caught(reborn.table.join(url));
      world.run();
      expect((await refused).reason).to.equal('name-taken');
      b.table.drop('a');
      world.run();
      const joined = reborn.table.join(url);
      world.run();
      await joined;
      expect(a.heard.links).to.deep.equal(['up b b1', 'down b closed', 'up b b2']);
    });
  });

  describe('keeping', () => {
    it('redials a link that was reset, until it is told to forget', async () => {
      const { a, b, url } = await world.pair();
      b.table.keep('a', url);
      world.network.reset('a', 'b');
      expect(a.heard.links.at(-1)).to.equal('down b closed');
      world.advance(100);
      expect(b.heard.links).to.deep.equal(['up a a1', 'down a closed', 'up a a1']);
      b.table.forget('a');
      world.network.reset('a', 'b');
      world.advance(5000);
      expect(b.table.peers).to.deep.equal([]);
      expect(world.clock.pending).to.equal(0);
    });

    it('says when the address refuses, each time, with growing rests', async () => {
      const b = world.node('b');
      b.table.keep('a', 'memory://nowhere:1');
      world.advance(10_000);
      const { links } = b.heard;
      expect(new Set(links)).to.deep.equal(new Set(['not-dialled a refused']));
      expect(links.length).to.be.within(9, 14);
      const a = world.node('a');
      await a.table.listen('nowhere:1');
      world.advance(2000);
      expect(b.heard.links.at(-1)).to.equal('up a a1');
    });

    it('says when another node is at the address', async () => {
      const { url } = await world.pair();
      const c = world.node('c');
      c.table.keep('x', url);
      world.run();
      expect(c.heard.links).to.deep.equal(['not-dialled x other-name']);
      expect(c.table.peers).to.deep.equal([]);
    });

    it('dials a new address from the moment it is told it', async () => {
      const { url } = await world.pair();
      const c = world.node('c');
      c.table.keep('a', 'memory://nowhere:1');
      world.run();
      c.table.keep('a', url);
      world.run();
      expect(c.heard.links).to.deep.equal(['not-dialled a refused', 'up a a1']);
    });

    it('rests 50 ms to 2 s, and never twice as long as it should', () => {
      expect([1, 2, 3, 6, 7, 1000].map((failures) => redialRestMs(failures, 1))).to.deep.equal([50, 100, 200, 1600, 2000, 2000]);
      expect(redialRestMs(1, 0)).to.equal(25);
    });

    it('hears of a dead process and of a drop; goodbye is no loss', async () => {
      const { a, b, url } = await world.pair();
      a.table.broadcast({ type: 'goodbye' });
      const closed = a.table.close();
      world.run();
      await closed;
      expect(b.heard.links.at(-1)).to.equal('down a goodbye');
      expect(b.heard.told.map(({ message }) => message.type)).to.deep.equal(['goodbye']);
      const [c, d] = [world.node('c'), world.node('d')];
      const { url: other } = await c.table.listen('c:1');
      expect(other).to.not.equal(url);
      d.table.keep('c', other);
      world.run();
      d.table.drop('c');
      expect(d.heard.links.at(-1)).to.equal('down c dropped');
      world.advance(100);
      expect(d.heard.links.at(-1)).to.equal('up c c1');
      world.network.kill('c');
      expect(d.heard.links.at(-1)).to.equal('down c closed');
      world.advance(100);
      expect(d.heard.links.at(-1)).to.equal('not-dialled c refused');
    });
  });

  describe('messages', () => {
    it('arrive in the order in which they were sent, both ways', async () => {
      const { a, b } = await world.pair();
      for (let at = 0; at < 1000; at++) {
        a.table.send('b', numbered(at));
        if (at % 3 === 0) b.table.broadcast(numbered(at));
        if (at % 7 === 0) world.turn();
      }
      world.run();
      expect(numbersOf(b.heard)).to.deep.equal(Array.from({ length: 1000 }, (_, at) => at));
      expect(numbersOf(a.heard)).to.deep.equal(Array.from({ length: 334 }, (_, at) => at * 3));
    });

    it('of one turn go in one frame for each peer', async () => {
      const { a, b } = await world.pair();
      let frames = 0;
      const received = b.heard.message;
      const turns: number[] = [];
      b.heard.message = (from, message) => {
        turns.push(frames);
        received(from, message);
      };
      b.table.attach(b.heard);
      for (let at = 0; at < 100; at++) a.table.send('b', numbered(at));
      a.table.broadcast(numbered(100));
      while (world.turn()) frames += 1;
      expect(turns.length).to.equal(101);
      expect(new Set(turns).size).to.equal(1);
    });

    it('to nobody are not sent, and say so', async () => {
      const { a } = await world.pair();
      expect([a.table.send('b', numbered(1)), a.table.send('nobody', numbered(1))]).to.deep.equal([true, false]);
      world.node('lonely').table.broadcast(numbered(1));
    });

    it('that nobody understands are logged, and the third ends that link alone', async () => {
      const logger = spyLogger();
      const { a, b, url } = await world.pair({ logger });
      const c = world.node('c');
      const joined = c.table.join(url);
      world.run();
      await joined;
      const wrong = { type: 'end-run', runId: 7 } as unknown as ReturnType<typeof numbered>;
      b.table.send('a', wrong);
      b.table.send('a', numbered(1));
      b.table.send('a', wrong);
      world.run();
      expect([numbersOf(a.heard), a.heard.links]).to.deep.equal([[1], ['up b b1', 'up c c1']]);
      b.table.send('a', wrong);
      world.run();
      expect(a.heard.links.at(-1)).to.equal('down b bad-message');
      expect(b.heard.links.at(-1)).to.equal('down a closed');
      expect(c.table.peers.length).to.equal(1);
      const logged = logger.lines.filter(({ fields }) => fields.code === 'HANDOFF_BAD_MESSAGE');
      expect(logged.map(({ level, fields }) => [level, fields.peer])).to.deep.equal(Array(3).fill(['warn', 'b']));
    });
  });

  it('leaves no timer, no connection and no listener behind', async () => {
    const { a, b, url } = await world.pair();
    b.table.keep('x', 'memory://nowhere:1');
    b.table.keep('a', url);
    world.advance(100);
    const sending = caught(b.table.sendValue('a', 1, [new Uint8Array(50_000_000)]));
    world.turn();
    const closed = Promise.all([a.table.close(), b.table.close()]);
    world.run();
    await closed;
    await sending;
    expect([world.clock.pending, world.network.connections]).to.deep.equal([0, 0]);
    const late = world.node('late');
    const joined = caught(late.table.join(url));
    world.run();
    expect((await joined).message).to.match(/refused/);
  });

  it('refuses a cookie that can be guessed', () => {
    expect(() => world.node('a', { cookie: 'fifteen letters' })).to.throw(TypeError, /16/);
    world.node('b', { cookie: COOKIE.slice(0, 16) });
  });
});
