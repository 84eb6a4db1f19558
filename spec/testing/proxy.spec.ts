import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { systemClock } from '../../lib/base/index.js';
import { LinkBook } from '../../lib/testing/link-book.js';
import { NodeProxy } from '../../lib/testing/proxy.js';

/** Reads from a socket until so many bytes have come. */
async function read(socket: Socket, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let size = 0; size < bytes; ) {
    const chunk = socket.read() as Buffer | null;
    if (chunk) {
      chunks.push(chunk);
      size += chunk.length;
    } else await once(socket, 'readable');
  }
  return Buffer.concat(chunks);
}

/** Resolves when a socket is closed, however. */
const closed = (socket: Socket): Promise<void> => new Promise((resolve) => void socket.once('close', () => resolve()));

describe('The proxy in front of a node', () => {
  const head = (name?: string): string =>
    `GET / HTTP/1.1\r\nUpgrade: websocket\r\n${name ? `Handoff-Node: ${encodeURIComponent(name)}\r\n` : ''}\r\n`;
  let node: Server;
  let links: LinkBook;
  let proxy: NodeProxy;
  let arrived: Socket[];
  let heard: ((socket: Socket) => void)[];
  const sockets: Socket[] = [];
  const nodeUrl = (): string => `ws://127.0.0.1:${(node.address() as AddressInfo).port}`;

  beforeEach(async () => {
    arrived = [];
    heard = [];
    node = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket.on('error', () => {}));
      const next = heard.shift();
      if (next) next(socket);
      else arrived.push(socket);
    });
    node.listen(0, '127.0.0.1');
    await once(node, 'listening');
    links = new LinkBook();
    proxy = new NodeProxy({ clock: systemClock, conditions: (dialler) => links.conditions(dialler, 'me') });
    links.watch(() => proxy.changed());
    await proxy.listen();
    proxy.target(nodeUrl());
  });
  afterEach(() => {
    proxy.close();
    node.close();
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  const dial = async (name?: string): Promise<Socket> => {
    const socket = connect({ port: Number(new URL(proxy.url).port), host: '127.0.0.1', allowHalfOpen: true });
    sockets.push(socket.on('error', () => {}));
    await once(socket, 'connect');
    socket.write(head(name));
    return socket;
  };
  const arrival = (): Promise<Socket> => {
    const socket = arrived.shift();
    return socket ? Promise.resolve(socket) : new Promise((resolve) => void heard.push(resolve));
  };
  /** Both ends of a connection. */
  const link = async (name?: string): Promise<[Socket, Socket]> => {
    const dialled = await dial(name);
    const accepted = await arrival();
    expect(String(await read(accepted, head(name).length))).to.equal(head(name));
    return [dialled, accepted];
  };
  /** Something has been all the way there and back, on the link of somebody else. */
  const roundTrip = async ([dialled, accepted]: readonly [Socket, Socket]): Promise<void> => {
    dialled.write('there');
    await read(accepted, 5);
    accepted.write('back');
    await read(dialled, 4);
  };

  it('passes on what comes, both ways, and the end of each', async () => {
    const [dialled, accepted] = await link('other');
    await roundTrip([dialled, accepted]);
    dialled.end('last');
    expect(String(await read(accepted, 4))).to.equal('last');
    accepted.resume();
    await once(accepted, 'end');
    accepted.end('reply');
    expect(String(await read(dialled, 5))).to.equal('reply');
    dialled.resume();
    await closed(dialled);
  });

  it('takes 16 MiB as slowly as they are read, and loses none', async () => {
    const [dialled, accepted] = await link('other');
    const sent = Buffer.alloc(16 * 2 ** 20, 'some bytes');
    dialled.write(sent);
    expect((await read(accepted, sent.length)).equals(sent)).to.equal(true);
  });

  it('stalls the links of the pair that is to stall, and of no other; then all arrives in order', async () => {
    const other = await link('other');
    const stranger = await link();
    const [dialled, accepted] = await link('ünser & co');
    links.set('ünser & co', 'me', { stall: true });
    dialled.write('a');
    dialled.write('b');
    accepted.write('c');
    accepted.end();
    await roundTrip(other);
    await roundTrip(stranger);
    expect([accepted.read(), dialled.read()]).to.deep.equal([null, null]);
    links.set('ünser & co', 'me', {});
    expect(String(await read(accepted, 2))).to.equal('ab');
    expect(String(await read(dialled, 1))).to.equal('c');
  });

  it('does not tell, through a link that stalls, that one end is gone', async () => {
    const other = await link('other');
    const [dialled, accepted] = await link('me too');
    links.set('me too', 'me', { stall: true });
    let isTold = false;
    accepted.on('close', () => {
      isTold = true;
    });
    dialled.resetAndDestroy();
    await roundTrip(other);
    await roundTrip(other);
    expect(isTold).to.equal(false);
    accepted.resume();
    const gone = closed(accepted);
    links.set('me too', 'me', {});
    await gone;
  });

  it('lets a connection through a link that stalls wait for its end, and forgets who gives up', async () => {
    const other = await link('other');
    links.set('late', 'me', { stall: true });
    const gaveUp = await dial('late');
    gaveUp.end();
    gaveUp.resume();
    await closed(gaveUp);
    await dial('late');
    await roundTrip(other);
    expect(arrived).to.have.lengthOf(0);
    links.set('late', 'me', {});
    const accepted = await arrival();
    expect(String(await read(accepted, head('late').length))).to.equal(head('late'));
    expect(arrived).to.have.lengthOf(0);
  });

  it('delays, and narrows', async () => {
    const [dialled, accepted] = await link('slow');
    const tookMs = async (): Promise<number> => {
      const startedMs = performance.now();
      accepted.write(Buffer.alloc(10_000));
      await read(dialled, 10_000);
      return performance.now() - startedMs;
    };
    links.set('slow', 'me', { delayMs: 100 });
    expect(await tookMs()).to.be.at.least(99);
    links.set('slow', 'me', { bytesPerSecond: 100_000 });
    expect(await tookMs()).to.be.at.least(99);
  });

  it('resets both ends of a connection that has carried enough', async () => {
    const [dialled, accepted] = await link('short');
    links.set('short', 'me', { resetAfterBytes: 1000 });
    await roundTrip([dialled, accepted]);
    const errors = Promise.all([closed(dialled), closed(accepted)]);
    const codes: unknown[] = [];
    for (const socket of [dialled, accepted]) socket.on('error', (error: NodeJS.ErrnoException) => codes.push(error.code)).resume();
    accepted.write(Buffer.alloc(1000));
    await errors;
    expect(codes).to.deep.equal(['ECONNRESET', 'ECONNRESET']);
  });

  it('resets the connections of one who is dead, and leaves those of others', async () => {
    const other = await link('other');
    const [dialled, accepted] = await link('dead');
    for (const socket of [dialled, accepted]) socket.resume();
    const gone = Promise.all([closed(dialled), closed(accepted)]);
    proxy.reset('dead');
    await gone;
    await roundTrip(other);
  });

  it('refuses when its node is dead, also behind a link that stalls, and takes connections at the same port again', async () => {
    links.set('other', 'me', { stall: true });
    const dialled = await dial('other');
    const { url } = proxy;
    dialled.resume();
    const gone = closed(dialled);
    proxy.close();
    await gone;
    const refused = connect(Number(new URL(url).port), '127.0.0.1');
    const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).to.equal('ECONNREFUSED');
    await proxy.listen();
    expect(proxy.url).to.equal(url);
    links.set('other', 'me', {});
    await dial('other');
    // The node has not said where it listens now.
    proxy.target(nodeUrl());
    await read(await arrival(), head('other').length);
  });

  it('takes another port when its own has been taken', async () => {
    const { url } = proxy;
    proxy.close();
    const thief = createServer();
    thief.listen(Number(new URL(url).port), '127.0.0.1');
    await once(thief, 'listening');
    await proxy.listen();
    expect(proxy.url).to.not.equal(url);
    thief.close();
  });
});
