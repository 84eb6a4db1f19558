import assert from 'node:assert/strict';
import type { Listening, Socket, Transport } from '../peer/index.js';
import { SocketEnd } from './socket-end.js';
import { declareLaws, type SuiteOptions } from './suite.js';

interface OpenListening extends Listening {
  /** The first connection that is accepted. */
  readonly next: Promise<SocketEnd>;
}

/** Two nodes on a network of their own, for one law. */
class World {
  readonly #nodes: (node: string) => Transport;
  readonly #cleanup: (() => unknown)[] = [];

  constructor(nodes: (node: string) => Transport) {
    this.#nodes = nodes;
  }

  get listener(): Transport {
    return this.#nodes('a');
  }

  async listen(): Promise<OpenListening> {
    let tell!: (end: SocketEnd) => void;
    const next = new Promise<SocketEnd>((resolve) => {
      tell = resolve;
    });
    const accept = (socket: Socket): void => tell(new SocketEnd(socket));
    const listening = await this.listener.listen('127.0.0.1:0', { isProtected: true, accept });
    this.#cleanup.push(() => listening.close());
    return { url: listening.url, close: () => listening.close(), next };
  }

  dial(url: string): SocketEnd {
    const end = new SocketEnd(this.#nodes('b').dial(url));
    this.#cleanup.push(() => end.socket.close(true));
    return end;
  }

  async connect(): Promise<{ readonly dialled: SocketEnd; readonly accepted: SocketEnd }> {
    const { url, next } = await this.listen();
    const dialled = this.dial(url);
    await dialled.opened;
    const accepted = await next;
    await accepted.opened;
    return { dialled, accepted };
  }

  async end(): Promise<void> {
    for (const one of this.#cleanup) await one();
  }
}

const bytes = (...of: number[]): Uint8Array[] => [Uint8Array.from(of)];

/** Frames by the lengths of their parts, those among them at which a length takes more bytes. */
const SIZES = [[1], [100_000], [40, 70_000], [70_000, 5], [50_000, 60_000, 1_000_000], [2], [125], [126], [32_768], [65_536, 17]];

/** The laws of a transport. */
export function transportLaws(suite: TransportSuite): void {
  const law = (hold: (world: World) => Promise<void>) => async (): Promise<void> => {
    const world = new World(suite.makeNetwork());
    try {
      await hold(world);
    } finally {
      await world.end();
    }
  };

  declareLaws('a transport', suite, {
    'picks a port, and can be dialled at the URL that it gives, which is of a scheme of its own': law(async (world) => {
      const { url, next } = await world.listen();
      assert.notEqual(new URL(url).port, '0');
      assert.ok(world.listener.schemes.includes(url.slice(0, url.indexOf(':'))), `${url}: ${world.listener.schemes}`);
      await Promise.all([world.dial(url).opened, next]);
    }),

    'carries frames whole and in order, both ways': law(async (world) => {
      const { dialled, accepted } = await world.connect();
      for (let at = 0; at < 100; at++) dialled.socket.send(bytes(at, 1, 2));
      accepted.socket.send(bytes(7));
      await Promise.all([accepted.received(100), dialled.received(1)]);
      assert.deepEqual(
        accepted.frames,
        Array.from({ length: 100 }, (_, at) => [at, 1, 2]),
      );
      assert.deepEqual(dialled.frames, [[7]]);
    }),

    'sends the parts of a frame as one frame': law(async (world) => {
      const { dialled, accepted } = await world.connect();
      dialled.socket.send([Uint8Array.of(1, 2), Uint8Array.of(3), Uint8Array.of(4, 5)]);
      dialled.socket.send(bytes(6));
      await accepted.received(2);
      assert.deepEqual(accepted.frames, [[1, 2, 3, 4, 5], [6]]);
    }),

    'delivers nothing within the turn in which it was sent, nor before it is open': law(async (world) => {
      const { dialled, accepted } = await world.connect();
      dialled.socket.send(bytes(1));
      assert.deepEqual(accepted.frames, []);
      await accepted.received(1);
      assert.equal(accepted.framesBeforeOpen + dialled.framesBeforeOpen, 0);
    }),

    'carries 3 MiB in one frame once the peer is admitted': law(async (world) => {
      const { dialled, accepted } = await world.connect();
      accepted.socket.admit();
      const large = new Uint8Array(3 * 2 ** 20).fill(9);
      dialled.socket.send([large]);
      await accepted.received(1);
      assert.deepEqual(accepted.frames, [[large.length]]);
    }),

    'carries frames of any length among each other as they were, whatever their parts, both ways': law(async (world) => {
      const { dialled, accepted } = await world.connect();
      for (const [from, to] of [
        [dialled, accepted],
        [accepted, dialled],
      ] as const) {
        to.socket.admit();
        const sent = SIZES.map((parts, at) =>
          parts.map((size, part) => Uint8Array.from({ length: size }, (_, one) => one * 7 + at + part)),
        );
        to.contents = [];
        for (const parts of sent) from.socket.send(parts);
        await to.received(SIZES.length);
        for (const [at, frame] of to.contents.entries()) assert.equal(Buffer.compare(frame, Buffer.concat(sent[at]!)), 0, `frame ${at}`);
      }
    }),

    'counts what has come, and what has not left': law(async (world) => {
      const { dialled, accepted } = await world.connect();
      const before = accepted.socket.receivedBytes;
      dialled.socket.send([new Uint8Array(1000)]);
      assert.ok(dialled.socket.bufferedBytes >= 0);
      await accepted.received(1);
      assert.ok(accepted.socket.receivedBytes >= before + 1000);
    }),

    'closes a peer that sends more than 4 MiB in one frame, in however many parts': law(async (world) => {
      for (const parts of [[5], [3, 3], [0.01, 4], [4, 0.01]]) {
        const { dialled, accepted } = await world.connect();
        accepted.socket.admit();
        dialled.socket.send(parts.map((sizeMiB) => new Uint8Array(sizeMiB * 2 ** 20)));
        assert.equal((await accepted.closed).reason, 'closed');
        assert.deepEqual(accepted.frames, []);
      }
    }),

    'closes a peer that sends more than 4 KiB and has not proved itself': law(async (world) => {
      const { dialled, accepted } = await world.connect();
      dialled.socket.send([new Uint8Array(5000)]);
      assert.equal((await accepted.closed).reason, 'closed');
      assert.equal((await dialled.closed).reason, 'closed');
    }),

    'holds the peer that it dialled to the same 4 KiB': law(async (world) => {
      const { dialled, accepted } = await world.connect();
      accepted.socket.send([new Uint8Array(5000)]);
      assert.equal((await dialled.closed).reason, 'closed');
    }),

    'lets what was sent leave before it closes': law(async (world) => {
      const { dialled, accepted } = await world.connect();
      for (let at = 0; at < 10; at++) dialled.socket.send(bytes(at));
      dialled.socket.close();
      assert.equal((await accepted.closed).reason, 'closed');
      assert.equal(accepted.frames.length, 10);
      assert.equal((await dialled.closed).reason, 'local');
    }),

    'tells the other side of an abrupt end': law(async (world) => {
      const { dialled, accepted } = await world.connect();
      accepted.socket.close(true);
      assert.equal((await dialled.closed).reason, 'closed');
      assert.equal((await accepted.closed).reason, 'local');
      dialled.socket.send(bytes(1));
      assert.deepEqual(accepted.frames, []);
    }),

    'throws nothing when it is used after its end': law(async (world) => {
      const { dialled, accepted } = await world.connect();
      dialled.socket.close(true);
      await Promise.all([dialled.closed, accepted.closed]);
      for (const { socket } of [dialled, accepted]) {
        socket.send(bytes(1));
        socket.admit();
        socket.close();
        socket.close(true);
        assert.ok(socket.bufferedBytes >= 0 && socket.receivedBytes >= 0);
      }
    }),

    'says "refused" when nobody listens at the address': law(async (world) => {
      const { url, close } = await world.listen();
      await close();
      assert.equal((await world.dial(url).closed).reason, 'refused');
    }),

    'says "failed" for what is no URL of its kind, and throws nothing': law(async (world) => {
      for (const url of ['', 'nonsense', 'http://127.0.0.1:1', 'file:///etc/passwd']) {
        assert.equal((await world.dial(url).closed).reason, 'failed', url);
      }
    }),

    'gives up a dial that is closed while it opens': law(async (world) => {
      const { url } = await world.listen();
      const dialled = world.dial(url);
      dialled.socket.close();
      assert.equal((await dialled.closed).reason, 'local');
    }),

    'refuses what is no address, and one that is taken': law(async (world) => {
      const options = { isProtected: true, accept: () => {} };
      for (const address of ['', 'host', '127.0.0.1', '127.0.0.1:x']) {
        await assert.rejects(world.listener.listen(address, options), TypeError, address);
      }
      const { url } = await world.listen();
      await assert.rejects(world.listener.listen(new URL(url.replace(/^[^:]+/, 'http')).host, options));
    }),

    'leaves connections alone when it listens no more': law(async (world) => {
      const { url, next, close } = await world.listen();
      const dialled = world.dial(url);
      const accepted = await next;
      await Promise.all([dialled.opened, accepted.opened]);
      accepted.socket.admit();
      await close();
      dialled.socket.send(bytes(1));
      await accepted.received(1);
    }),
  });
}

/** What `transportLaws` takes. */
export interface TransportSuite extends SuiteOptions {
  /** Makes a network: the function gives the transport of the node of that name. Called for each law. */
  makeNetwork(): (node: string) => Transport;
}
