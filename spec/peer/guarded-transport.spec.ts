import { expect } from 'chai';
import { systemClock } from '../../lib/base/index.js';
import { type Closing, guardedTransport, type ListenOptions, type Socket, type SocketEvents, transports } from '../../lib/peer/index.js';
import { caught } from '../support/caught.js';
import { spyLogger } from '../support/spy-logger.js';

const right = { schemes: ['own'], listen: () => {}, dial: () => {} };
const fail = (): never => {
  throw new Error('no');
};

/** A socket that does what its transport says, and what a guard makes of it. */
const socketWith = (over: object, logger = spyLogger()) => {
  let events!: SocketEvents;
  const calls: string[] = [];
  const own = {
    bufferedBytes: 0,
    receivedBytes: 0,
    exporter: undefined,
    attach: (given: SocketEvents) => {
      events = given;
    },
    send: () => void calls.push('send'),
    admit: () => void calls.push('admit'),
    close: (abrupt: boolean) => void calls.push(`close ${abrupt}`),
  };
  const guarded = guardedTransport({ ...right, dial: () => Object.defineProperties(own, Object.getOwnPropertyDescriptors(over)) }, logger);
  const heard: string[] = [];
  const socket = guarded.dial('own://x:1');
  const closed = new Promise<Closing>((resolve) => {
    socket.attach({
      opened: () => void heard.push('opened'),
      frame: (parts) => void heard.push(`frame ${Buffer.concat(parts).toString('hex')}`),
      closed: (closing) => {
        heard.push(`closed ${closing.reason}`);
        resolve(closing);
      },
    });
  });
  return { socket, heard, closed, calls, logger, tell: () => events as unknown as Record<keyof SocketEvents, (given?: unknown) => void> };
};

describe('a transport of a user', () => {
  it('is refused when it is none, with what it must have', () => {
    for (const [given, why] of [
      [7, 'transport must be an object with schemes, listen and dial'],
      [null, 'transport must be an object with schemes, listen and dial'],
      [{}, 'transport.schemes must be a list of schemes of URLs'],
      [{ ...right, schemes: [] }, 'transport.schemes must be'],
      [{ ...right, schemes: ['own:'] }, 'transport.schemes must be'],
      [{ ...right, schemes: 'own' }, 'transport.schemes must be'],
      [{ ...right, listen: undefined }, 'transport must have a function listen'],
      [{ ...right, dial: 1 }, 'transport must have a function dial'],
      [{ ...right, addressesOf: 1 }, 'transport must have a function addressesOf'],
    ] as const) {
      expect(() => guardedTransport(given, spyLogger())).to.throw(TypeError, why);
    }
  });

  it('passes on all that keeps to the contract', async () => {
    const network = transports.memory({ clock: systemClock });
    const [a, b] = [guardedTransport(network('a'), spyLogger()), guardedTransport(network('b'), spyLogger())];
    let accepted!: Socket;
    const accept = (socket: Socket): void => {
      accepted = socket;
      socket.attach(eventsOf([]));
    };
    const options: ListenOptions = { isProtected: true, accept };
    const { url, close } = await a.listen('h:0', options);
    const heard: string[] = [];
    const socket = b.dial(url);
    const opened = new Promise<void>((resolve) => socket.attach({ ...eventsOf(heard), opened: resolve }));
    await opened;
    accepted.send([Uint8Array.of(1), Uint8Array.of(2)]);
    accepted.close();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(heard).to.deep.equal(['frame 0102', 'closed closed']);
    await close();
  });

  for (const [what, dial, text] of [
    ['throws', fail, 'no'],
    ['gives nothing', () => undefined, 'it gave a socket without attach'],
    ['gives half a socket', () => ({ attach() {}, send() {} }), 'it gave a socket without admit'],
  ] as const) {
    it(`has failed to connect when its dial ${what}`, async () => {
      const guarded = guardedTransport({ ...right, dial }, spyLogger());
      const closing = await new Promise((resolve) => guarded.dial('own://x:1').attach({ ...eventsOf([]), closed: resolve }));
      expect(closing).to.deep.equal({ reason: 'failed', text });
    });
  }

  for (const method of ['send', 'admit', 'close'] as const) {
    for (const [how, broken] of [
      ['throws', fail],
      ['rejects', () => Promise.reject(new Error('no'))],
    ] as const) {
      it(`ends a connection whose ${method} ${how}, not within the call`, async () => {
        const { socket, tell, heard, closed, logger } = socketWith({ [method]: broken });
        tell().opened();
        if (method === 'send') socket.send([Uint8Array.of(1)]);
        else socket[method]();
        expect(heard).to.deep.equal(['opened']);
        expect(await closed).to.deep.equal({ reason: 'closed', text: `its ${method} threw: no` });
        expect(logger.lines.map(({ level }) => level)).to.deep.equal(['warn']);
      });
    }
  }

  for (const [what, tells, heardThen] of [
    ['a frame before it is open', [['frame', [Uint8Array.of(1)]]], ['closed failed']],
    ['twice that it is open', [['opened'], ['opened']], ['opened', 'closed closed']],
    ['a frame that is no bytes', [['opened'], ['frame', ['text']]], ['opened', 'closed closed']],
    ['a frame that is nothing', [['opened'], ['frame']], ['opened', 'closed closed']],
    [
      'more after its end',
      [['opened'], ['closed', { reason: 'closed', text: '' }], ['frame', []], ['closed']],
      ['opened', 'closed closed'],
    ],
    ['an end without a reason', [['opened'], ['closed']], ['opened', 'closed closed']],
  ] as const) {
    it(`makes an end of a socket that tells ${what}`, () => {
      const { tell, heard } = socketWith({});
      for (const [event, given] of tells as readonly (readonly [keyof SocketEvents, unknown?])[]) tell()[event](given);
      expect(heard).to.deep.equal(heardThen);
    });
  }

  it('has sent and received nothing where it does not say how much', () => {
    const counts = { get: fail, enumerable: true };
    const throwing = Object.defineProperties({}, { bufferedBytes: counts, receivedBytes: counts, exporter: counts });
    for (const over of [throwing, { bufferedBytes: Number.NaN, receivedBytes: '7', exporter: 'secret' }]) {
      const { socket } = socketWith(over);
      expect([socket.bufferedBytes, socket.receivedBytes, socket.exporter]).to.deep.equal([0, 0, undefined]);
    }
  });

  it('rejects to listen with what it throws, or what it gives that is no URL of its own', async () => {
    const listening = (listen: () => unknown): Promise<Error> => {
      const options: ListenOptions = { isProtected: true, accept() {} };
      return caught(guardedTransport({ ...right, listen }, spyLogger()).listen('h:1', options));
    };
    expect((await listening(fail)).message).to.equal('no');
    expect((await listening(() => Promise.reject(new Error('taken')))).message).to.equal('taken');
    expect((await listening(() => undefined)).message).to.contain('Cannot listen at "h:1": the transport gave nothing that can be closed');
    let isClosed = false;
    const close = (): void => {
      isClosed = true;
    };
    for (const url of ['ws://h:1', 'own://', 7]) {
      expect((await listening(() => ({ url, close }))).message).to.contain('for a URL as own://host:port');
      expect(isClosed).to.equal(true);
      isClosed = false;
    }
  });

  it('finds no addresses where it gives what are none', async () => {
    const found = (addressesOf: () => unknown) => guardedTransport({ ...right, addressesOf }, spyLogger()).addressesOf!('own://h:1');
    expect(found(() => undefined)).to.equal(undefined);
    expect(found(() => 'text')).to.equal(undefined);
    expect((await caught(found(() => Promise.resolve([1]))!)).message).to.equal('the transport gave what is no list of addresses');
    expect((await caught(found(fail)!)).message).to.equal('no');
    expect(await found(() => Promise.resolve(['1.2.3.4']))).to.deep.equal(['1.2.3.4']);
  });
});

const eventsOf = (heard: string[]): SocketEvents => ({
  opened() {},
  frame: (parts) => void heard.push(`frame ${Buffer.concat(parts).toString('hex')}`),
  closed: ({ reason }) => void heard.push(`closed ${reason}`),
});
