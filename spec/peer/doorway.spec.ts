import { once } from 'node:events';
import { connect, createServer, type Socket as NetSocket } from 'node:net';
import { expect } from 'chai';
import { systemClock } from '../../lib/base/index.js';
import { type WebSocketOptions, webSocketTransport } from '../../lib/peer/index.js';
import { QuietLog } from '../../lib/peer/links/quiet-log.js';
import type { PeerMeshOptions } from '../../lib/peer/peer-mesh.js';
import { spyLogger } from '../support/spy-logger.js';
import { testClock } from '../support/test-clock.js';
import { type PeerNode, peerNode } from './world.js';

const HEAD = 'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n';
const UPGRADE = `${HEAD}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`;

describe('the doorway of a node', () => {
  let nodes: PeerNode[] = [];
  let wires: NetSocket[] = [];
  beforeEach(() => {
    nodes = [];
    wires = [];
  });
  afterEach(async () => {
    for (const wire of wires) wire.destroy();
    await Promise.all(nodes.map(({ table }) => table.close()));
  });

  const node = (name: string, options: WebSocketOptions & Partial<PeerMeshOptions> = {}): PeerNode => {
    const one = peerNode({ name, clock: systemClock, transport: webSocketTransport(options), ...options });
    nodes.push(one);
    return one;
  };
  const listening = async (options: WebSocketOptions & Partial<PeerMeshOptions> = {}) => {
    const { url } = await node('a', options).table.listen('127.0.0.1:0');
    return { url, port: Number(new URL(url).port) };
  };
  /** Somebody who never closes by itself, and takes what is said to it. */
  const stranger = async (
    port: number,
    says = '',
    localAddress = '127.0.0.1',
  ): Promise<{ wire: NetSocket; over: Promise<void>; heard: string }> => {
    const wire = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true });
    wires.push(wire);
    const one = { wire, heard: '', over: new Promise<void>((resolve) => wire.on('end', resolve).on('close', () => resolve())) };
    wire
      .on('error', () => {})
      .on('data', (data) => {
        one.heard += data.toString('latin1');
      });
    await once(wire, 'connect');
    wire.write(says);
    return one;
  };
  const joins = async (url: string, name: string): Promise<void> => {
    expect((await node(name).table.join(url)).name).to.equal('a');
  };

  it('closes at once whom it refuses, whether the other end closes or not', async () => {
    const { url, port } = await listening();
    const refused = [];
    for (let at = 0; at < 128; at += 1) refused.push(await stranger(port, `${UPGRADE}Origin: http://example.com\r\n\r\n`));
    await Promise.all(refused.map(({ over }) => over));
    for (const { heard } of refused) expect(heard).to.match(/^HTTP\/1\.1 403/);
    await joins(url, 'b');
  });

  for (const [what, says] of [
    ['a plain request', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a request with a body that never ends', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc'],
    ['a request in chunks', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'],
    ['another upgrade', 'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n'],
    ['an upgrade without a key', `${HEAD}\r\n`],
    ['an upgrade of another version', `${UPGRADE.replace('13', '7')}\r\n`],
    ['an upgrade by POST', `${UPGRADE.replace('GET', 'POST')}\r\n`],
    ['CONNECT', 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['nonsense', '\u0016\u0003\u0001\r\n\r\n'],
  ] as const) {
    it(`closes at once after ${what}`, async () => {
      const { url, port } = await listening({ maxUnproved: 4 });
      for (let at = 0; at < 8; at += 1) await (await stranger(port, says)).over;
      await joins(url, 'b');
    });
  }

  it('closes, when its deadline is over, whoever says nothing, says it slowly, or stops within the greeting', async () => {
    const { port } = await listening({ handshakeTimeoutMs: 100, greetingMs: 100 });
    for (const says of ['', 'GET / HT', `${UPGRADE}X: `, `${UPGRADE}\r\n`]) await (await stranger(port, says)).over;
  });

  it('lets in who proves itself while others fill it with silence: of too many the oldest go', async () => {
    const logger = spyLogger();
    const { url, port } = await listening({ logger, maxUnproved: 8 });
    const silent: Awaited<ReturnType<typeof stranger>>[] = [];
    for (let round = 0; round < 10; round += 1) {
      for (let at = 0; at < 20; at += 1) silent.push(await stranger(port, at % 2 === 0 ? '' : `${UPGRADE}\r\n`));
      await joins(url, `b${round}`);
    }
    await Promise.all(silent.slice(0, -4).map(({ over }) => over));
    const lines = logger.lines.filter(({ message }) => message.startsWith('cut off the oldest'));
    expect(lines.map(({ fields }) => fields.from)).to.deep.equal(['127.0.0.1']);
  });

  it('lets in who proves itself while many addresses fill it with silence', async function () {
    if (process.platform !== 'linux') return this.skip();
    const { url, port } = await listening({ maxUnproved: 8 });
    const silent: Awaited<ReturnType<typeof stranger>>[] = [];
    for (let at = 2; at < 42; at += 1) silent.push(await stranger(port, '', `127.0.0.${at}`));
    await Promise.all(silent.slice(0, -8).map(({ over }) => over));
    await joins(url, 'b');
  });

  it('has those of the address that has most go first', async function () {
    if (process.platform !== 'linux') return this.skip();
    const { port } = await listening({ maxUnproved: 8 });
    const alone = await stranger(port, '', '127.0.0.2');
    let isOver = false;
    void alone.over.then(() => {
      isOver = true;
    });
    const crowd: Awaited<ReturnType<typeof stranger>>[] = [];
    for (const address of ['127.0.0.3', '127.0.0.4', '127.0.0.5'])
      for (let at = 0; at < 4; at += 1) crowd.push(await stranger(port, '', address));
    await Promise.all([crowd[0], crowd[1], crowd[4], crowd[5], crowd[8]].map((one) => one!.over));
    expect(isOver).to.equal(false);
  });

  it('gives up a server that takes the connection and says nothing, within the greeting’s deadline', async () => {
    const server = createServer((wire) => void wires.push(wire.on('error', () => {}))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const error = await node('b', { greetingMs: 50 })
      .table.join(`ws://127.0.0.1:${port}`)
      .then(
        () => undefined,
        (reason: Error) => reason,
      );
    expect(error?.message).to.match(/^Cannot join/);
    server.close();
  });
});

describe('a log of what strangers bring about', () => {
  it('has so many lines a minute of each kind, and the number of the rest', () => {
    const [logger, clock] = [spyLogger(), testClock()];
    const log = new QuietLog(logger, clock);
    for (let at = 0; at < 5; at += 1) log.warn({ from: `${at}` }, 'knocked', 2);
    log.warn({}, 'rang', 2);
    const lines = (): unknown[] => logger.lines.map(({ fields, message }) => [message, fields.from, fields.count]);
    expect(lines()).to.deep.equal([
      ['knocked', '0', undefined],
      ['knocked', '1', undefined],
      ['rang', undefined, undefined],
    ]);
    clock.advance(60_000);
    expect(lines().slice(3)).to.deep.equal([['knocked', '4', 3]]);
    clock.advance(60_000);
    log.warn({ from: 'x' }, 'knocked', 2);
    expect(lines().slice(4)).to.deep.equal([['knocked', 'x', undefined]]);
    log.close();
  });
});
