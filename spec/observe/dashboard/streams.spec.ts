import { expect } from 'chai';
import { HandoffError } from '../../../lib/index.js';
import { gate } from '../../support/gate.js';
import { ask, Reader, rawSocket, type Served, served } from './served.js';

const groups = encodeURIComponent(JSON.stringify({ view: 'groups' }));
const ofRun = (runId: string): string => `/api/stream?of=run/${runId}&request=${groups}`;

/** Lets what has been asked be answered: sockets included. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('the streams of a dashboard', () => {
  let at: Served;
  beforeEach(async () => {
    at = await served();
  });
  afterEach(() => at.server.close());

  it('sends the answer at once, and again only when it has changed, at most ten times a second', async () => {
    const { port, source, clock } = at;
    source.views.set('r1', { n: 1 });
    const reader = await Reader.of(port, ofRun('r1'));
    expect(reader.answer.headers).to.include({ 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
    expect(await reader.next()).to.equal('event: data\ndata: {"n":1}');
    clock.advance(99);
    await settled();
    expect(source.asked).to.equal(1);
    clock.advance(1);
    await settled();
    expect(source.asked).to.equal(2);
    source.views.set('r1', { n: 2 });
    clock.advance(100);
    // The second answer was as the first.
    expect(await reader.next()).to.equal('event: data\ndata: {"n":2}');
    expect(source.asked).to.equal(3);
    reader.close();
  });

  it('trusts the version of a run, whose time passes anyway', async () => {
    const { port, source, clock } = at;
    const view = (version: number, elapsedMs: number) => ({ run: { version, state: 'running', elapsedMs } });
    source.views.set('r1', view(1, 10));
    const reader = await Reader.of(port, ofRun('r1'));
    await reader.next();
    source.views.set('r1', view(1, 20));
    clock.advance(100);
    await settled();
    source.views.set('r1', view(2, 30));
    clock.advance(100);
    expect(await reader.next()).to.include('"elapsedMs":30');
    reader.close();
  });

  it('rests twenty times as long as an answer has taken', async () => {
    const { port, source, clock } = at;
    let n = 0;
    source.views.set('r1', async () => {
      clock.advance(50);
      n += 1;
      return { n };
    });
    const reader = await Reader.of(port, ofRun('r1'));
    await reader.next();
    clock.advance(999);
    await settled();
    expect(n).to.equal(1);
    clock.advance(1);
    expect(await reader.next()).to.include('{"n":2}');
    reader.close();
  });

  it('asks for the cluster twice a second, however long its members take to answer', async () => {
    const { port, source, clock } = at;
    let n = 0;
    source.status = async () => {
      clock.advance(1000);
      n += 1;
      return { n };
    };
    const reader = await Reader.of(port, '/api/stream?of=cluster');
    expect(await reader.next()).to.include('{"n":1}');
    clock.advance(499);
    await settled();
    expect(n).to.equal(1);
    clock.advance(1);
    expect(await reader.next()).to.include('{"n":2}');
    reader.close();
    // Whoever asks once gets it as it is now.
    expect((await ask(port, '/api/cluster')).text).to.equal('{"n":3}');
    expect((await ask(port, '/api/cluster')).text).to.equal('{"n":4}');
  });

  it('asks once for all watchers of a question, and nobody when all have left', async () => {
    const { port, source, clock } = at;
    source.views.set('r1', { n: 1 });
    const readers = await Promise.all(Array.from({ length: 5 }, () => Reader.of(port, ofRun('r1'))));
    for (const reader of readers) expect(await reader.next()).to.include('{"n":1}');
    expect(source.asked).to.equal(1);
    for (const reader of readers) reader.close();
    await settled();
    clock.advance(60_000);
    await settled();
    expect(source.asked).to.equal(1);
    expect(clock.pending).to.equal(0);
  });

  it('opens 32 streams, and answers 503 to the next one until one has left', async () => {
    const { port } = at;
    const readers = await Promise.all(Array.from({ length: 32 }, () => Reader.of(port, '/api/stream?of=cluster')));
    const refused = await ask(port, '/api/stream?of=runs');
    expect([refused.status, refused.headers['retry-after']]).to.deep.equal([503, '5']);
    expect((await ask(port, '/api/runs')).status).to.equal(200);
    readers[0]!.close();
    await settled();
    const again = await Reader.of(port, '/api/stream?of=runs');
    expect(await again.next()).to.include('"runs":[]');
    for (const reader of [again, ...readers]) reader.close();
  });

  it('answers a first question that cannot be answered by its status, a later one by the event gone', async () => {
    const { port, source, clock } = at;
    const unknown = await ask(port, ofRun('none'));
    expect([unknown.status, JSON.parse(unknown.text).error.code]).to.deep.equal([404, 'HANDOFF_NOT_FOUND']);
    expect((await ask(port, '/api/stream?of=run/r1&request=7')).status).to.equal(400);
    source.views.set('r1', { n: 1 });
    const reader = await Reader.of(port, ofRun('r1'));
    await reader.next();
    source.views.set('r1', () => Promise.reject(new HandoffError('HANDOFF_NODE_LOST', 'node "b" is gone')));
    clock.advance(100);
    expect(await reader.next()).to.equal('event: gone\ndata: {"error":{"code":"HANDOFF_NODE_LOST","message":"node \\"b\\" is gone"}}');
    expect(await reader.next()).to.equal(undefined);
  });

  it('asks a driver that answers late twice more', async () => {
    const { port, source, clock } = at;
    source.views.set('r1', { n: 1 });
    const reader = await Reader.of(port, ofRun('r1'));
    await reader.next();
    const late = () => Promise.reject(new HandoffError('HANDOFF_TIMEOUT', 'late'));
    source.views.set('r1', late);
    for (const _ of [1, 2]) {
      clock.advance(100);
      await settled();
    }
    source.views.set('r1', { n: 2 });
    clock.advance(100);
    expect(await reader.next()).to.include('{"n":2}');
    source.views.set('r1', late);
    for (const _ of [1, 2, 3]) {
      clock.advance(100);
      await settled();
    }
    expect(await reader.next()).to.include('event: gone');
  });

  it('shows every 10 s that it lives', async () => {
    const { port, clock } = at;
    const reader = await Reader.of(port, '/api/stream?of=runs');
    await reader.next();
    clock.advance(10_000);
    expect(await reader.next()).to.equal(':');
    reader.close();
  });

  it('sends the head while the first answer is awaited', async () => {
    const { port, source, clock } = at;
    const held = gate<object>();
    source.views.set('r1', () => held.pass());
    const opening = Reader.of(port, ofRun('r1'));
    await held.reached;
    clock.advance(10_000);
    const reader = await opening;
    expect(await reader.next()).to.equal(':');
    held.open({ n: 1 });
    expect(await reader.next()).to.include('{"n":1}');
    reader.close();
  });

  it('holds at most two answers for a reader that takes none, which misses those between', async () => {
    const { port, source, clock } = at;
    const answer = (n: number) => ({ n, padding: 'x'.repeat(4 * 2 ** 20) });
    source.views.set('r1', answer(0));
    const socket = await rawSocket(port);
    socket.pause();
    socket.write(`GET ${ofRun('r1')} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    while (source.asked === 0) await settled();
    const before = process.memoryUsage().external;
    for (let n = 1; n <= 40; n += 1) {
      source.views.set('r1', answer(n));
      clock.advance(100);
      await settled();
    }
    expect(source.asked).to.equal(41);
    let heard = '';
    socket.on('data', (part: Buffer) => {
      heard += part.toString('latin1').replaceAll('x', '');
    });
    socket.resume();
    while (!heard.includes('"n":40,')) await settled();
    const seen = [...heard.matchAll(/"n":(\d+),/g)].map(([, n]) => Number(n));
    expect(seen[0]).to.equal(0);
    expect(seen.at(-1)).to.equal(40);
    expect(seen.length, `${seen}`).to.be.below(6);
    expect(process.memoryUsage().external - before).to.be.below(200 * 2 ** 20);
    socket.destroy();
  });

  it('cuts a reader off that takes nothing for a minute', async () => {
    const { port, source, clock } = at;
    source.views.set('r1', { padding: 'x'.repeat(32 * 2 ** 20) });
    const socket = await rawSocket(port);
    socket.pause();
    socket.write(`GET ${ofRun('r1')} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    while (source.asked === 0) await settled();
    await settled();
    const closed = new Promise((resolve) => socket.on('close', resolve));
    for (let tens = 0; tens < 7; tens += 1) clock.advance(10_000);
    socket.resume();
    await closed;
  });

  it('ends every stream with a last word when the server closes', async () => {
    const { port, server } = at;
    const readers = await Promise.all(['cluster', 'runs'].map((of) => Reader.of(port, `/api/stream?of=${of}`)));
    for (const reader of readers) await reader.next();
    const closed = server.close();
    for (const reader of readers) {
      expect(await reader.next())
        .to.include('event: gone')
        .and.include('HANDOFF_STOPPED');
      expect(await reader.next()).to.equal(undefined);
    }
    await closed;
  });
});
