import type { Socket } from 'node:net';

interface Entry {
  readonly address: string;
  wire: Socket;
}

/**
 * The connections that have not proved themselves, the oldest first. There are at most `limit` of them, half as many from one address.
 * Whoever is one too many takes the place of the oldest: who means well has proved itself within milliseconds, who only wants the place is
 * still there.
 */
export class UnprovedConnections {
  readonly #limit: number;
  readonly #cutOff: (address: string) => void;
  readonly #byPeer = new Map<string, Entry>();
  readonly #perAddress = new Map<string, number>();

  /** `cutOff` hears of each that had to go. */
  constructor(limit: number, cutOff: (address: string) => void) {
    this.#limit = limit;
    this.#cutOff = cutOff;
  }

  /** `peer` tells connections apart, as address and port do. A second one under the same name stands for the first. */
  add(peer: string, address: string, wire: Socket): void {
    wire.on('error', () => wire.destroy());
    const known = this.#byPeer.get(peer);
    if (known) known.wire = wire;
    else {
      this.#byPeer.set(peer, { address, wire });
      this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
    }
    wire.on('close', () => {
      if (this.#byPeer.get(peer)?.wire === wire) this.forget(peer);
    });
    if (this.#perAddress.get(address)! > Math.ceil(this.#limit / 2)) this.#cutOldest(address);
    else if (this.#byPeer.size > this.#limit) this.#cutOldest(this.#mostCrowded());
  }

  /** It has proved itself, or is gone. */
  forget(peer: string): void {
    const entry = this.#byPeer.get(peer);
    if (!entry) return;
    this.#byPeer.delete(peer);
    const left = this.#perAddress.get(entry.address)! - 1;
    if (left > 0) this.#perAddress.set(entry.address, left);
    else this.#perAddress.delete(entry.address);
  }

  /** Ends all of them. */
  destroy(): void {
    for (const { wire } of [...this.#byPeer.values()]) wire.destroy();
  }

  #mostCrowded(): string {
    let [most] = this.#perAddress;
    for (const one of this.#perAddress) if (one[1] > most![1]) most = one;
    return most![0];
  }

  #cutOldest(from: string): void {
    for (const [peer, { address, wire }] of this.#byPeer) {
      if (address !== from) continue;
      this.forget(peer);
      wire.destroy();
      return this.#cutOff(address);
    }
  }
}
