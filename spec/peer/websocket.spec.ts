import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket as NetSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { systemClock } from '../../lib/base/index.js';
import { type WebSocketOptions, type WebSocketTls, webSocketTransport } from '../../lib/peer/index.js';
import type { PeerMeshOptions } from '../../lib/peer/peer-mesh.js';
import { caught } from '../support/caught.js';
import { spyLogger } from '../support/spy-logger.js';
import { COOKIE, numbered, numbersOf, type PeerNode, peerNode } from './world.js';

describe('peers over WebSocket', () => {
  let nodes: PeerNode[] = [];
  let cleanup: (() => unknown)[] = [];
  beforeEach(() => {
    nodes = [];
    cleanup = [];
  });
  afterEach(async () => {
    for (const one of cleanup.reverse()) await one();
    await Promise.all(nodes.map(({ table }) => table.close()));
  });

  const node = (name: string, options: WebSocketOptions & Partial<PeerMeshOptions> = {}): PeerNode => {
    const one = peerNode({ name, clock: systemClock, transport: webSocketTransport(options), ...options });
    nodes.push(one);
    return one;
  };
  const listening = async (options: WebSocketOptions & Partial<PeerMeshOptions> = {}) => {
    const a = node('a', options);
    const { url } = await a.table.listen('127.0.0.1:0');
    return { a, url, port: Number(new URL(url).port) };
  };
  /** Somebody who speaks WebSocket and is no peer. */
  const stranger = (url: string, options: object = {}) => {
    const ws = new WebSocket(url, { perMessageDeflate: false, ...options });
    const closed = new Promise<void>((resolve) => ws.on('close', () => resolve()));
    ws.on('error', () => {});
    cleanup.push(() => ws.terminate());
    const opened = new Promise<void>((resolve) => ws.on('open', () => resolve()));
    return { ws, closed, opened };
  };
  /** Somebody who speaks whatever it likes. */
  const raw = async (port: number): Promise<{ wire: NetSocket; closed: Promise<unknown> }> => {
    const wire = connect(port, '127.0.0.1').on('error', () => {});
    cleanup.push(() => wire.destroy());
    await once(wire, 'connect');
    wire.resume();
    return { wire, closed: once(wire, 'close') };
  };
  const UPGRADE =
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

  /** That a node can still be joined. */
  const worksStill = async (url: string, name = 'friend'): Promise<void> => {
    expect((await node(name).table.join(url)).name).to.equal('a');
  };

  it('links two nodes, and carries messages and values', async () => {
    const { a, url } = await listening();
    const b = node('b');
    await b.table.join(url);
    for (let at = 0; at < 500; at++) b.table.send('a', numbered(at));
    const bytes = new Uint8Array(5_000_000).fill(3);
    await Promise.all([b.table.sendValue('a', 1, [bytes]), a.table.sendValue('b', 1, [bytes])]);
    await a.heard.when(({ told }) => told.length === 500);
    expect(numbersOf(a.heard)).to.deep.equal(Array.from({ length: 500 }, (_, at) => at));
    for (const { heard } of [a, b]) expect(Buffer.compare(heard.values[0]!.value as Uint8Array, bytes)).to.equal(0);
  });

  it('makes one link of two that are dialled at once, time and again', async () => {
    for (let round = 0; round < 20; round++) {
      const [a, b] = [node(`a${round}`), node(`b${round}`)];
      const [one, two] = await Promise.all([a.table.listen('127.0.0.1:0'), b.table.listen('127.0.0.1:0')]);
      a.table.keep(`b${round}`, two.url);
      b.table.keep(`a${round}`, one.url);
      await Promise.all([a, b].map(({ heard }) => heard.when(({ links }) => links.length > 0)));
      a.table.send(`b${round}`, numbered(1));
      b.table.send(`a${round}`, numbered(2));
      await Promise.all([a, b].map(({ heard }) => heard.when(({ told }) => told.length > 0)));
      expect([a.heard.links.length, b.heard.links.length]).to.deep.equal([1, 1]);
    }
  });

  it('listens on this machine only unless told otherwise, and beyond it only with a cookie', async () => {
    const open = node('open', { cookie: undefined });
    for (const address of ['0.0.0.0:0', '[::]:0', '192.0.2.1:0']) {
      const error = await caught(open.table.listen(address));
      expect(error).to.be.instanceOf(TypeError);
      expect(error.message).to.match(/^Cannot listen at .*give a cookie/);
    }
    expect(new URL((await open.table.listen(':0')).url).hostname).to.equal('127.0.0.1');
    expect((await node('shut').table.listen('0.0.0.0:0')).url).to.not.contain('0.0.0.0');
  });

  it('says which address is taken', async () => {
    const { port } = await listening();
    const error = await caught(node('b').table.listen(`127.0.0.1:${port}`));
    expect(error.code).to.equal('EADDRINUSE');
    expect(error.message).to.equal(`Cannot listen at "127.0.0.1:${port}": address already in use (EADDRINUSE)`);
  });

  it('refuses browsers: whatever the Origin', async () => {
    const { url } = await listening();
    for (const origin of ['http://localhost', 'null', 'https://example.com']) {
      const { ws } = stranger(url, { origin });
      const [error] = (await once(ws, 'error')) as [Error];
      expect(error.message).to.match(/403/);
    }
    await worksStill(url);
  });

  it('answers what is no WebSocket with 426', async () => {
    const { url } = await listening();
    expect((await fetch(url.replace('ws:', 'http:'))).status).to.equal(426);
  });

  it('offers and takes no compression', async () => {
    const { url } = await listening();
    const { ws, opened } = stranger(url, { perMessageDeflate: true });
    await opened;
    expect(ws.extensions).to.equal('');
    const headers: string[] = [];
    const server = createServer((wire) => {
      wire.on('error', () => {});
      wire.once('data', (data) => {
        headers.push(data.toString('latin1'));
        wire.destroy();
      });
    }).listen(0, '127.0.0.1');
    cleanup.push(() => server.close());
    await once(server, 'listening');
    await caught(node('b').table.join(`ws://127.0.0.1:${(server.address() as { port: number }).port}`));
    expect(headers[0]).to.not.match(/deflate|origin/i);
  });

  it('closes only the link of one who sends a long frame before it has greeted', async () => {
    const { a, url } = await listening();
    const b = node('b');
    await b.table.join(url);
    for (const size of [5000, 5_000_000]) {
      const { ws, closed, opened } = stranger(url);
      await opened;
      ws.send(Buffer.alloc(size));
      await closed;
    }
    expect(a.heard.links).to.deep.equal(['up b b1']);
    await worksStill(url);
  });

  it('closes whoever keeps a long frame back, byte by byte, before it is whole', async () => {
    const { url, port } = await listening();
    const { wire, closed } = await raw(port);
    wire.write(`${UPGRADE}\r\n`);
    await once(wire, 'data');
    // A frame of 4,000,000 bytes begins; 5,000 of them come.
    const head = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0x3d, 0x09, 0x00, 0, 0, 0, 0]);
    wire.write(Buffer.concat([head, Buffer.alloc(5000)]));
    await closed;
    await worksStill(url);
  });

  it('survives malformed frames: the process lives, the other links too', async () => {
    const { a, url, port } = await listening();
    const b = node('b');
    await b.table.join(url);
    for (const frame of [
      [0xff, 0xff],
      [0x83, 0x80, 0, 0, 0, 0],
      [0x82, 0x01, 0x00],
      [0x88, 0x81, 0, 0, 0, 0, 1],
    ]) {
      const { wire, closed } = await raw(port);
      wire.write(`${UPGRADE}\r\n`);
      await once(wire, 'data');
      wire.write(Buffer.from(frame));
      await closed;
    }
    const { closed } = await raw(port).then(({ wire, closed }) => {
      wire.write('nonsense\r\n\r\n');
      return { closed };
    });
    await closed;
    expect(a.heard.links).to.deep.equal(['up b b1']);
    await worksStill(url);
  });

  it('closes one who says what is no greeting, text too, and logs it', async () => {
    const logger = spyLogger();
    const { url } = await listening({ logger });
    for (const data of [
      'text',
      Buffer.of(0, 1, 2, 3),
      Buffer.of(1, 0x80),
      Buffer.alloc(0),
      Buffer.of(2),
      Buffer.from([0, 0xc7, 1, 0x78, 0]),
    ]) {
      const { ws, closed, opened } = stranger(url);
      await opened;
      ws.send(data);
      await closed;
    }
    expect(logger.lines.filter(({ fields }) => fields.code === 'HANDOFF_BAD_MESSAGE').length).to.equal(6);
    await worksStill(url);
  });

  it('closes one who says nothing after the upgrade, or too slowly, when the deadline is over', async () => {
    const { url, port } = await listening({ greetingMs: 50, handshakeTimeoutMs: 50 });
    const { closed, opened } = stranger(url);
    await opened;
    await closed;
    const { wire, closed: slowClosed } = await raw(port);
    wire.write('GET / HTTP/1.1\r\nHost');
    await slowClosed;
  });

  it('gives up a server that is mute', async () => {
    const wires: NetSocket[] = [];
    const server = createServer((wire) => void wires.push(wire.on('error', () => {}).resume())).listen(0, '127.0.0.1');
    cleanup.push(() => {
      for (const wire of wires) wire.destroy();
      server.close();
    });
    await once(server, 'listening');
    const error = await caught(node('b', { greetingMs: 50 }).table.join(`ws://127.0.0.1:${(server.address() as { port: number }).port}`));
    expect(error.message).to.match(/^Cannot join through ws:.*greeting/);
    expect(error.code).to.equal(undefined);
  });

  it('cuts off those beyond a number who have not proved themselves, and counts nobody who has', async () => {
    const { url, port } = await listening({ maxUnproved: 4 });
    for (let at = 0; at < 5; at++) await worksStill(url, `friend${at}`);
    const [first, second] = [await raw(port), await raw(port)];
    const { closed } = await raw(port);
    await closed;
    first.wire.destroy();
    second.wire.destroy();
    await Promise.all([first.closed, second.closed]);
    await worksStill(url, 'late');
  });

  /** A process that joins at `url` as `b`, and then does what `rest` says. */
  const joining = (url: string, rest: string) => {
    const program = `
      import { PeerMesh, webSocketTransport } from ${JSON.stringify(new URL('../../lib/peer/index.ts', import.meta.url).href)};
      import { silentLogger, systemClock } from ${JSON.stringify(new URL('../../lib/base/index.ts', import.meta.url).href)};
      const table = new PeerMesh({ name: 'b', incarnation: 'b1', cookie: process.env.HANDOFF_COOKIE, transport: webSocketTransport(),
        clock: systemClock, logger: silentLogger, random: Math.random });
      await table.join(${JSON.stringify(url)});
      ${rest}`;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', program];
    const child = spawn(process.execPath, args, { env: { ...process.env, HANDOFF_COOKIE: COOKIE }, stdio: 'ignore' });
    cleanup.push(() => child.kill('SIGKILL'));
    return child;
  };

  it('hears at once of a process that was killed', async () => {
    const { a, url } = await listening();
    const child = joining(url, 'setInterval(() => {}, 1000);');
    await a.heard.when(({ links }) => links.length === 1);
    child.kill('SIGKILL');
    await a.heard.when(({ links }) => links.length === 2);
    expect(a.heard.links).to.deep.equal(['up b b1', 'down b closed']);
  });

  it('keeps no process alive that only dials', async () => {
    const { a, url } = await listening();
    const [code] = (await once(joining(url, ''), 'exit')) as [number];
    expect(code).to.equal(0);
    await a.heard.when(({ links }) => links.length === 2);
    expect(a.heard.links).to.deep.equal(['up b b1', 'down b closed']);
  });

  describe('over TLS', () => {
    let folder: string;
    let ours: WebSocketTls;
    let strangers: WebSocketTls;

    /** A CA of its own, and a certificate for this machine that it signed. */
    const authority = (name: string): WebSocketTls => {
      const at = (file: string): string => join(folder, `${name}-${file}`);
      const openssl = (...args: string[]): Buffer => execFileSync('openssl', args, { stdio: 'pipe' });
      const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
      openssl('req', '-x509', ...ec, '-keyout', at('ca.key'), '-out', at('ca.crt'), '-subj', `/CN=${name} CA`, '-days', '2');
      openssl(
        'req',
        ...ec,
        '-keyout',
        at('node.key'),
        '-out',
        at('node.csr'),
        '-subj',
        '/CN=node',
        '-addext',
        'subjectAltName=IP:127.0.0.1',
      );
      openssl(
        'x509',
        '-req',
        '-in',
        at('node.csr'),
        '-CA',
        at('ca.crt'),
        '-CAkey',
        at('ca.key'),
        '-CAcreateserial',
        '-out',
        at('node.crt'),
        '-days',
        '2',
        '-copy_extensions',
        'copy',
      );
      const [cert, key, ca] = ['node.crt', 'node.key', 'ca.crt'].map((file) => readFileSync(at(file)));
      return { cert, key, ca };
    };

    before(function () {
      folder = mkdtempSync(join(tmpdir(), 'handoff-tls-'));
      try {
        execFileSync('openssl', ['version'], { stdio: 'pipe' });
      } catch {
        console.log('      skipped: openssl is missing');
        this.skip();
      }
      ours = authority('ours');
      strangers = authority('theirs');
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    it('links nodes of one authority at wss://, the proof bound to the session', async () => {
      const { a, url } = await listening({ tls: ours });
      expect(url).to.match(/^wss:/);
      const b = node('b', { tls: { ca: ours.ca } });
      await b.table.join(url);
      const bytes = new Uint8Array(3_000_000).fill(3);
      await Promise.all([b.table.sendValue('a', 1, [bytes]), a.table.sendValue('b', 1, [bytes])]);
      for (const { heard } of [a, b]) expect(Buffer.compare(heard.values[0]!.value as Uint8Array, bytes)).to.equal(0);
    });

    it('has the same exporter on both sides, another for each session, none without TLS', async () => {
      const exporters = async (tls: WebSocketTls | undefined): Promise<(Uint8Array | undefined)[]> => {
        const transport = webSocketTransport({ tls });
        const opened: Promise<Uint8Array | undefined>[] = [];
        const watch = (socket: ReturnType<typeof transport.dial>): void => {
          cleanup.push(() => socket.close(true));
          opened.push(
            new Promise((resolve) =>
              socket.attach({ opened: () => resolve(socket.exporter), frame() {}, closed: () => resolve(undefined) }),
            ),
          );
        };
        const { url, close } = await transport.listen('127.0.0.1:0', { isProtected: true, accept: watch });
        cleanup.push(close);
        watch(transport.dial(url));
        const [dialled] = [await opened[0]];
        return [dialled, await opened[1]];
      };
      const [one, two] = await exporters(ours);
      const [three] = await exporters(ours);
      expect(one?.length).to.equal(32);
      expect(Buffer.compare(one!, two!)).to.equal(0);
      expect(Buffer.compare(one!, three!)).to.not.equal(0);
      expect(await exporters(undefined)).to.deep.equal([undefined, undefined]);
    });

    it('trusts no other authority, and speaks neither plain to TLS nor TLS to plain', async () => {
      const { url } = await listening({ tls: ours });
      expect((await caught(node('b', { tls: { ca: strangers.ca } }).table.join(url))).message).to.match(/certificate|issuer/);
      await caught(node('c').table.join(url.replace('wss:', 'ws:')));
      expect((await caught(node('d', { tls: { ca: ours.ca } }).table.join(url.replace('wss:', 'ws:')))).message).to.match(/without/);
      expect((await node('e', { tls: { ca: ours.ca } }).table.join(url)).name).to.equal('a');
    });

    it('asks for certificates in both directions when told to', async () => {
      const { url } = await listening({ tls: { ...ours, requestCert: true } });
      await caught(node('b', { tls: { ca: ours.ca } }).table.join(url));
      await caught(node('c', { tls: { ...strangers, ca: ours.ca } }).table.join(url));
      expect((await node('d', { tls: ours }).table.join(url)).name).to.equal('a');
    });
  });
});
