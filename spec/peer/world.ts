import { silentLogger } from '../../lib/base/index.js';
import {
  type DownCause,
  frameText,
  MemoryNetwork,
  type PeerIdentity,
  type PeerListener,
  PeerMesh,
  type WireMessage,
} from '../../lib/peer/index.js';
import type { PeerMeshOptions } from '../../lib/peer/peer-mesh.js';
import { testClock } from '../support/test-clock.js';

export const COOKIE = 'sixteen letters, or more';

/** Writes down what a table tells. */
export class Heard implements PeerListener {
  /** `up b b1`, `down b closed`, `not-dialled b refused`, in order. */
  readonly links: string[] = [];
  readonly told: { readonly from: string; readonly message: WireMessage }[] = [];
  readonly values: { readonly from: string; readonly transferId: number; readonly value: Uint8Array | Error }[] = [];
  #waiting: { readonly until: () => boolean; readonly resolve: () => void }[] = [];

  up = (peer: PeerIdentity): void => {
    this.links.push(`up ${peer.name} ${peer.incarnation}`);
    this.#look();
  };
  down = (peer: PeerIdentity, cause: DownCause): void => {
    this.links.push(`down ${peer.name} ${cause}`);
    this.#look();
  };
  message = (from: string, message: WireMessage): void => {
    this.told.push({ from, message });
    this.#look();
  };
  messages = (from: string, messages: readonly WireMessage[], isWanted: () => boolean): void => {
    for (const message of messages) if (isWanted()) this.message(from, message);
  };
  value = (from: string, transferId: number, value: readonly Uint8Array[] | Error): void => {
    this.values.push({ from, transferId, value: value instanceof Error ? value : Buffer.concat(value) });
    this.#look();
  };
  expects: PeerListener['expects'] = () => true;
  memoryFor: PeerListener['memoryFor'] = (_from, _transferId, sizeBytes) =>
    sizeBytes % 2 === 0 ? [new Uint8Array(16), new Uint8Array(sizeBytes - 16)] : undefined;
  readonly misunderstood: string[] = [];
  notUnderstood: PeerListener['notUnderstood'] = (from, { type, subject: { id, of } }) => {
    this.misunderstood.push(`${from} ${type} ${id ?? of}`);
    this.#look();
  };
  notDialled = (name: string, _address: string, fault: string): void => {
    this.links.push(`not-dialled ${name} ${fault}`);
    this.#look();
  };

  /** Resolves when what was heard fulfils `until`. */
  when(until: (heard: this) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ until: () => until(this), resolve });
      this.#look();
    });
  }

  #look(): void {
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ until }) => !until());
    for (const one of waiting) if (!this.#waiting.includes(one)) one.resolve();
  }
}

export interface PeerNode {
  readonly table: PeerMesh;
  readonly heard: Heard;
}

export function peerNode(options: Pick<PeerMeshOptions, 'name' | 'transport' | 'clock'> & Partial<PeerMeshOptions>): PeerNode {
  const table = new PeerMesh({ incarnation: `${options.name}1`, logger: silentLogger, random: () => 0.5, cookie: COOKIE, ...options });
  const heard = new Heard();
  table.attach(heard);
  return { table, heard };
}

/** Nodes on a network in memory, on a clock that stands still; every turn is taken when the spec says, in the order that it says. */
export class PeerWorld {
  readonly clock = testClock();
  readonly #turns: (() => void)[] = [];
  readonly defer = (action: () => void): void => void this.#turns.push(action);
  /** What came over the links: from whom, and what in a few words. */
  readonly frames: string[] = [];
  readonly network = new MemoryNetwork({
    clock: this.clock,
    defer: this.defer,
    observe: (from, _to, parts) => void this.frames.push(`${from}: ${frameText(parts)}`),
  });

  node(name: string, options: Partial<PeerMeshOptions> = {}): PeerNode {
    return peerNode({ name, transport: this.network.transport(name), clock: this.clock, defer: this.defer, ...options });
  }

  /** Takes turns until there are none; `pick` says which of those that wait is next. */
  run(pick: (waiting: number) => number = () => 0): void {
    while (this.#turns.length > 0) this.#turns.splice(pick(this.#turns.length), 1)[0]!();
  }

  /** Takes one turn; false if none waits. */
  turn(): boolean {
    this.#turns.shift()?.();
    return this.#turns.length > 0;
  }

  /** Lets time pass, and everything that it brings about. */
  advance(ms: number): void {
    for (let passed = 0; passed < ms; passed += 10) {
      this.clock.advance(10);
      this.run();
    }
  }

  /** Two nodes with a link; `a` listens and `b` has joined. */
  async pair(options: Partial<PeerMeshOptions> = {}): Promise<{ a: PeerNode; b: PeerNode; url: string }> {
    const [a, b] = [this.node('a', options), this.node('b', options)];
    const { url } = await a.table.listen('host:0');
    const joined = b.table.join(url);
    this.run();
    await joined;
    return { a, b, url };
  }
}

/** A message that is told from others by a number. */
export const numbered = (number: number): WireMessage => ({
  type: 'end-run',
  runId: `${number}`,
  epoch: 0,
  retainMs: 0,
  isInterrupted: false,
});

export const numbersOf = ({ told }: Heard): number[] =>
  told.flatMap(({ message }) => (message.type === 'end-run' ? [Number(message.runId)] : []));
