import { Handoff, realEnvironment, startNode } from '../../lib/handoff/index.js';
import type { NodeOptions } from '../../lib/index.js';
import { type Transport, webSocketTransport } from '../../lib/peer/index.js';
import { decodeFrame } from '../../lib/peer/protocol/codec.js';
import { ObservedNode, root } from './far-node.js';

const INTERVAL_MS = 20;

/** What every beat has in it, as MessagePack writes it, and hardly anything else: most frames need not be decoded. */
const BEAT = Buffer.from('\xa4type\xa4beat', 'latin1');

/** When the beats of a node came, and how late it said that its loop was. Measured where they arrive, so what holds up this process counts as well. */
export class BeatSpy {
  #lastMs: number | undefined;
  /** Beyond the interval, at most. */
  latestMs = 0;
  lagMs = 0;

  /** Begins anew. */
  clear(): void {
    this.latestMs = 0;
    this.lagMs = 0;
  }

  /** Looks at what comes from one address. */
  on(transport: Transport, spiedUrl: string): Transport {
    return {
      ...transport,
      dial: (url) => {
        const socket = transport.dial(url);
        if (url !== spiedUrl) return socket;
        const attach = socket.attach.bind(socket);
        socket.attach = (events) =>
          attach({
            ...events,
            frame: (parts) => {
              // Chunks of values are in several parts.
              if (parts.length === 1 && Buffer.from(parts[0]!.buffer, parts[0]!.byteOffset, parts[0]!.length).includes(BEAT))
                this.#heard(parts);
              events.frame(parts);
            },
          });
        return socket;
      },
    };
  }

  #heard(parts: readonly Uint8Array[]): void {
    const decoded = decodeFrame(parts);
    const beat = decoded.type === 'messages' ? decoded.messages.findLast(({ type }) => type === 'beat') : undefined;
    if (beat?.type !== 'beat') return;
    const nowMs = performance.now();
    if (this.#lastMs !== undefined) this.latestMs = Math.max(this.latestMs, nowMs - this.#lastMs - INTERVAL_MS);
    this.#lastMs = nowMs;
    this.lagMs = Math.max(this.lagMs, beat.lagMs);
  }
}

/** A node that beats often, in a process of its own. */
export const beatingNode = (name: string, memoryMiB?: number, ...join: readonly string[]): Promise<ObservedNode> => {
  const memory = memoryMiB === undefined ? [] : [String(memoryMiB)];
  return ObservedNode.startObservedScript(name, 'beating-node.mjs', name, root, String(INTERVAL_MS), ...memory, ...join);
};

/** A node of this process that joins another one, and a spy of that one's beats. */
export async function spyingNode(options: NodeOptions, url: string): Promise<{ readonly handoff: Handoff; readonly spy: BeatSpy }> {
  const spy = new BeatSpy();
  const surroundings = { ...realEnvironment, transport: spy.on(webSocketTransport(), url) };
  return { handoff: await Handoff[startNode](options, surroundings), spy };
}
