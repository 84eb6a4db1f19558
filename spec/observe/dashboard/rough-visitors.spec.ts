import { once } from 'node:events';
import { expect } from 'chai';
import { ask, rawSocket, type Served, served } from './served.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const HALF = 'POST /api/run/r1/cancel HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{';
const socketsOpen = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;

describe('visitors of a dashboard who leave in the middle', () => {
  let at: Served;
  afterEach(() => at.server.close());

  it('of a body are no fault of the node: nothing is logged, and nothing cancelled', async () => {
    at = await served();
    at.source.views.set('r1', {});
    for (let count = 0; count < 20; count += 1) {
      const socket = await rawSocket(at.port);
      await new Promise<void>((resolve) => socket.write(HALF, () => resolve()));
      if (count % 2 === 0) socket.destroy();
      else socket.end();
      await once(socket.resume(), 'close');
    }
    expect(await ask(at.port, '/api/runs')).to.include({ status: 200 });
    expect(at.source.cancelled).to.deep.equal([]);
    expect(at.logger.lines).to.deep.equal([]);
  });

  it('of an answer or a stream leave no connection behind', async () => {
    at = await served();
    at.source.views.set('r1', { text: 'x'.repeat(100_000) });
    const before = socketsOpen();
    const paths = ['/', '/api/run/r1/view?request=%7B%22view%22:%22groups%22%7D', '/api/stream?of=runs', '/metrics', '/healthz'];
    for (let count = 0; count < 500; count += 1) {
      const socket = await rawSocket(at.port);
      socket.write(`GET ${paths[count % paths.length]} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      if (count % 3 === 0) await nextTurn();
      socket.destroy();
    }
    while (socketsOpen() > before) await nextTurn();
    expect(at.logger.lines).to.deep.equal([]);
    // Its feeds ask nobody any more.
    expect(at.clock.pending).to.equal(0);
  });

  it('who take nothing of an answer lose their connection, which others want', async () => {
    at = await served({ stalledMs: 50 });
    at.source.views.set('r1', { text: 'x'.repeat(32 * 1024 * 1024) });
    const before = socketsOpen();
    const socket = await rawSocket(at.port);
    socket.pause();
    socket.write('GET /api/run/r1/view?request=%7B%22view%22:%22groups%22%7D HTTP/1.1\r\nHost: localhost\r\n\r\n');
    while (at.source.asked === 0) await nextTurn();
    // That of the visitor is left.
    while (socketsOpen() > before + 1) await nextTurn();
    socket.destroy();
    await once(socket, 'close');
  });
});
