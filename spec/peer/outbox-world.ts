import { Outbox } from '../../lib/peer/links/outbox.js';
import { lengthOf, type Socket } from '../../lib/peer/transport.js';
import { type TestClock, testClock } from '../support/test-clock.js';

/** An outbox whose turns are the caller's, and what it has sent. */
export function outboxWorld(): OutboxWorld {
  const frames: Uint8Array[] = [];
  const turns: (() => void)[] = [];
  const clock = testClock();
  const world = { frames, clock, turn: () => turns.shift()?.(), stalled: 0, taken: 0 };
  const socket: Socket = {
    get bufferedBytes(): number {
      return lengthOf(frames) - world.taken;
    },
    receivedBytes: 0,
    exporter: undefined,
    attach: () => {},
    send: (parts) => void frames.push(Buffer.concat(parts)),
    admit: () => {},
    close: () => {},
  };
  const out = new Outbox({ socket, clock, defer: (action) => turns.push(action), stalled: () => (world.stalled += 1) });
  return Object.assign(world, { out });
}

interface OutboxWorld {
  readonly out: Outbox;
  /** What it has sent. */
  readonly frames: Uint8Array[];
  /** Lets the next turn happen, if one is due. */
  readonly turn: () => void;
  readonly clock: TestClock;
  /** How often it gave the peer up. */
  stalled: number;
  /** How many bytes have left the process. */
  taken: number;
}
