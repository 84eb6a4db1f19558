import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { ask, rawSocket, type Served, served } from './served.js';

/** Resolves with what has come, when the other side has closed the connection. */
async function untilClosed(socket: Socket): Promise<string> {
  let heard = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    heard += text;
  });
  if (!socket.closed) await once(socket, 'close');
  return heard;
}

describe('strangers at a dashboard', () => {
  let at: Served;
  beforeEach(async () => {
    at = await served();
    at.source.views.set('r1', {});
  });
  afterEach(() => at.server.close());

  it('are cut off when they say nothing, half a head, or half a body', async () => {
    const half = 'POST /api/run/r1/cancel HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{';
    const texts = ['', 'GET / HTTP/1.1\r\nHost: local', half];
    const sockets = await Promise.all(
      texts.map(async (text) => {
        const socket = await rawSocket(at.port);
        if (text) socket.write(text);
        return socket;
      }),
    );
    const heard = await Promise.all(sockets.map(untilClosed));
    for (const text of heard) expect(text).to.match(/^(HTTP\/1\.1 408 |$)/);
    expect(at.source.cancelled).to.deep.equal([]);
  });

  it('may have 256 connections: further ones are closed, and there is room again when some have gone', async () => {
    const sockets = await Promise.all(Array.from({ length: 256 }, () => rawSocket(at.port)));
    const more = await rawSocket(at.port);
    expect(await untilClosed(more)).to.equal('');
    for (const socket of sockets) socket.destroy();
    await Promise.all(sockets.map((socket) => socket.closed || once(socket, 'close')));
    let status = 0;
    // The server hears of the ends a little later.
    while (status !== 200)
      status = await ask(at.port, '/healthz').then(
        (answer) => answer.status,
        () => 0,
      );
  });
});
