import { Handoff, machine, startNode } from '../../lib/handoff/index.js';
import { Dag } from '../../lib/index.js';
import { decodeFrame } from '../../lib/peer/codec.js';
import { type Transport, webSocketTransport } from '../../lib/peer/index.js';
import { driver, FarNode, farTasks, root } from './far-node.js';

const INTERVAL_MS = 20;
const SIZE_MIB = 1024;

/** When beats came, and how late their sender said that its loop was. */
class BeatSpy {
  #lastMs: number | undefined;
  latestMs = 0;
  lagMs = 0;

  /** Begins anew. */
  clear(): void {
    this.latestMs = 0;
    this.lagMs = 0;
  }

  heard(parts: readonly Uint8Array[]): void {
    const decoded = decodeFrame(parts);
    const beat = decoded.type === 'messages' ? decoded.messages.find(({ type }) => type === 'beat') : undefined;
    if (beat?.type !== 'beat') return;
    const nowMs = performance.now();
    if (this.#lastMs !== undefined) this.latestMs = Math.max(this.latestMs, nowMs - this.#lastMs - INTERVAL_MS);
    this.#lastMs = nowMs;
    this.lagMs = Math.max(this.lagMs, beat.lagMs);
  }

  /** Overhears whatever is dialled. */
  on(transport: Transport): Transport {
    return {
      ...transport,
      dial: (url) => {
        const socket = transport.dial(url);
        const attach = socket.attach.bind(socket);
        socket.attach = (events) =>
          attach({
            ...events,
            frame: (parts) => {
              // Chunks of values are the most; a beat is small.
              if (parts.length === 1 && parts[0]!.length < 10_000) this.heard(parts);
              events.frame(parts);
            },
          });
        return socket;
      },
    };
  }
}

/**
 * How late the beats of a node come, at most, that sends a value of 1 GiB on the same link. A thread makes it, as the code of a user does unless
 * told otherwise: the node's loop need not copy it. Measured where they arrive, so what holds up this process counts as well.
 */
export async function beatsDuring(): Promise<{ sizeMiB: number; tookMs: number; latestMs: number; lagMs: number; idleLatestMs: number }> {
  await using giver = await FarNode.startScript('giver', 'beating-node.mjs', root, String(INTERVAL_MS));
  const spy = new BeatSpy();
  const surroundings = { ...machine, transport: spy.on(webSocketTransport()) };
  await using handoff = await Handoff[startNode]({ ...driver(giver.url), capabilities: { cpu: 1 } }, surroundings);
  const made = { code: farTasks.mebibytes, node: giver.name } as const;
  const dag = (sizeMiB: number) =>
    Dag.dynamic('large')
      .add({ id: 'large', ...made, extraArgs: [sizeMiB] })
      .add({ id: 'size', code: farTasks.sizeOf, args: ['large'], node: handoff.name });
  // Threads start, modules load.
  await handoff.execute(dag(1), { collect: ['size'] });
  spy.clear();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const idleLatestMs = spy.latestMs;
  spy.clear();
  const startMs = performance.now();
  await handoff.execute(dag(SIZE_MIB), { collect: ['size'] });
  return { sizeMiB: SIZE_MIB, tookMs: performance.now() - startMs, latestMs: spy.latestMs, lagMs: spy.lagMs, idleLatestMs };
}
