import { expect } from 'chai';
import { systemClock } from '../../lib/base/index.js';
import { type Transport, transports } from '../../lib/peer/index.js';
import type { Closing, Socket } from '../../lib/peer/transport.js';
import { caught } from '../support/caught.js';

/** What one end of a connection hears. */
class End {
  readonly frames: number[][] = [];
  readonly closed: Promise<Closing>;
  readonly opened: Promise<void>;
  /** What they were, once somebody asks for it. */
  contents: Buffer[] | undefined;
  framesBeforeOpen = 0;
  #isOpen = false;
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  constructor(readonly socket: Socket) {
    let open!: () => void;
    let close!: (closing: Closing) => void;
    this.opened = new Promise((resolve) => {
      open = resolve;
    });
    this.closed = new Promise((resolve) => {
      close = resolve;
    });
    socket.attach({
      opened: () => {
        this.#isOpen = true;
        open();
      },
      frame: (parts) => {
        if (!this.#isOpen) this.framesBeforeOpen += 1;
        const frame = Buffer.concat(parts);
        this.contents?.push(frame);
        this.frames.push(frame.length > 1000 ? [frame.length] : [...frame]);
        this.#waiting = this.#waiting.filter(({ count, resolve }) => this.frames.length < count || resolve());
      },
      closed: close,
    });
  }

  received(count: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.frames.length >= count) resolve();
      else this.#waiting.push({ count, resolve });
    });
  }
}

for (const [name, make] of Object.entries(transports)) {
  describe(`transport: ${name}`, () => {
    let nodes: (node: string) => Transport;
    let cleanup: (() => unknown)[] = [];

    beforeEach(() => {
      nodes = make({ clock: systemClock });
      cleanup = [];
    });
    afterEach(async () => {
      for (const one of cleanup) await one();
    });

    const listen = async () => {
      const accepted: End[] = [];
      let tell: (end: End) => void = () => {};
      const next = new Promise<End>((resolve) => {
        tell = resolve;
      });
      const accept = (socket: Socket): void => {
        const end = new End(socket);
        accepted.push(end);
        tell(end);
      };
      const listening = await nodes('a').listen('127.0.0.1:0', { isProtected: true, accept });
      cleanup.push(() => listening.close());
      return { ...listening, accepted, next };
    };
    const dial = (url: string): End => {
      const end = new End(nodes('b').dial(url));
      cleanup.push(() => end.socket.close(true));
      return end;
    };
    const connected = async () => {
      const { url, next } = await listen();
      const dialled = dial(url);
      await dialled.opened;
      const accepted = await next;
      await accepted.opened;
      return { dialled, accepted };
    };
    const bytes = (...of: number[]): Uint8Array[] => [Uint8Array.from(of)];

    it('picks a port, and can be dialled at the URL that it gives', async () => {
      const { url, next } = await listen();
      expect(new URL(url).port).to.not.equal('0');
      const { opened } = dial(url);
      await Promise.all([opened, next]);
    });

    it('carries frames whole and in order, both ways', async () => {
      const { dialled, accepted } = await connected();
      for (let at = 0; at < 100; at++) dialled.socket.send(bytes(at, 1, 2));
      accepted.socket.send(bytes(7));
      await Promise.all([accepted.received(100), dialled.received(1)]);
      expect(accepted.frames).to.deep.equal(Array.from({ length: 100 }, (_, at) => [at, 1, 2]));
      expect(dialled.frames).to.deep.equal([[7]]);
    });

    it('sends the parts of a frame as one frame', async () => {
      const { dialled, accepted } = await connected();
      dialled.socket.send([Uint8Array.of(1, 2), Uint8Array.of(3), Uint8Array.of(4, 5)]);
      dialled.socket.send(bytes(6));
      await accepted.received(2);
      expect(accepted.frames).to.deep.equal([[1, 2, 3, 4, 5], [6]]);
    });

    it('delivers nothing within the turn in which it was sent, nor before it is open', async () => {
      const { dialled, accepted } = await connected();
      dialled.socket.send(bytes(1));
      expect(accepted.frames).to.deep.equal([]);
      await accepted.received(1);
      expect(accepted.framesBeforeOpen + dialled.framesBeforeOpen).to.equal(0);
    });

    it('carries 3 MiB in one frame once the peer is admitted', async () => {
      const { dialled, accepted } = await connected();
      accepted.socket.admit();
      const large = new Uint8Array(3 * 1024 * 1024).fill(9);
      dialled.socket.send([large]);
      await accepted.received(1);
      expect(accepted.frames).to.deep.equal([[large.length]]);
    });

    it('carries frames of any length among each other as they were, whatever their parts, both ways', async () => {
      const { dialled, accepted } = await connected();
      const sizes = [[1], [100_000], [40, 70_000], [70_000, 5], [50_000, 60_000, 1_000_000], [2], [125], [126], [32_768], [65_536, 17]];
      for (const [from, to] of [
        [dialled, accepted],
        [accepted, dialled],
      ] as const) {
        to.socket.admit();
        const sent = sizes.map((parts, at) =>
          parts.map((size, part) => Uint8Array.from({ length: size }, (_, one) => one * 7 + at + part)),
        );
        to.contents = [];
        for (const parts of sent) from.socket.send(parts);
        await to.received(sizes.length);
        expect(to.contents.map((frame, at) => Buffer.compare(frame, Buffer.concat(sent[at]!)))).to.deep.equal(sizes.map(() => 0));
      }
    });

    it('closes a peer that sends more than 4 MiB in one frame, in however many parts', async () => {
      for (const parts of [[5], [3, 3], [0.01, 4], [4, 0.01]]) {
        const { dialled, accepted } = await connected();
        accepted.socket.admit();
        dialled.socket.send(parts.map((sizeMiB) => new Uint8Array(sizeMiB * 2 ** 20)));
        expect((await accepted.closed).reason).to.equal('closed');
        expect(accepted.frames).to.deep.equal([]);
      }
    });

    it('closes a peer that sends more than 4 KiB and has not proved itself', async () => {
      const { dialled, accepted } = await connected();
      dialled.socket.send([new Uint8Array(5000)]);
      expect((await accepted.closed).reason).to.equal('closed');
      expect((await dialled.closed).reason).to.equal('closed');
    });

    it('holds whom it dialled to the same 4 KiB', async () => {
      const { dialled, accepted } = await connected();
      accepted.socket.send([new Uint8Array(5000)]);
      expect((await dialled.closed).reason).to.equal('closed');
    });

    it('lets what was sent leave before it closes', async () => {
      const { dialled, accepted } = await connected();
      for (let at = 0; at < 10; at++) dialled.socket.send(bytes(at));
      dialled.socket.close();
      expect((await accepted.closed).reason).to.equal('closed');
      expect(accepted.frames.length).to.equal(10);
      expect((await dialled.closed).reason).to.equal('local');
    });

    it('tells the other side of an abrupt end', async () => {
      const { dialled, accepted } = await connected();
      accepted.socket.close(true);
      expect((await dialled.closed).reason).to.equal('closed');
      expect((await accepted.closed).reason).to.equal('local');
      dialled.socket.send(bytes(1));
      expect(accepted.frames).to.deep.equal([]);
    });

    it('says "refused" when nobody listens at the address', async () => {
      const { url, close } = await listen();
      await close();
      expect((await dial(url).closed).reason).to.equal('refused');
    });

    it('says "failed" for what is no URL of its kind, and throws nothing', async () => {
      for (const url of ['', 'nonsense', 'http://127.0.0.1:1', 'file:///etc/passwd']) {
        expect((await dial(url).closed).reason, url).to.equal('failed');
      }
    });

    it('gives up a dial that is closed while it opens', async () => {
      const { url } = await listen();
      const dialled = dial(url);
      dialled.socket.close();
      expect((await dialled.closed).reason).to.equal('local');
    });

    it('refuses what is no address, and one that is taken', async () => {
      const options = { isProtected: true, accept: () => {} };
      for (const address of ['', 'host', '127.0.0.1', '127.0.0.1:x']) {
        expect(await caught(nodes('a').listen(address, options)), address).to.be.instanceOf(TypeError);
      }
      const { url } = await listen();
      await caught(nodes('a').listen(new URL(url.replace(/^\w+/, 'http')).host, options));
    });

    it('leaves connections alone when it listens no more', async () => {
      const { url, next, close } = await listen();
      const dialled = dial(url);
      const accepted = await next;
      await Promise.all([dialled.opened, accepted.opened]);
      accepted.socket.admit();
      await close();
      dialled.socket.send(bytes(1));
      await accepted.received(1);
    });
  });
}
