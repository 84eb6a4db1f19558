import type { Socket } from 'node:net';

interface Entry {
  readonly address: string;
  wire: Socket;
}

/**
 * The connections that have not proved themselves, oldest first. There are at most `limit` of them, half as many from one address; a
 * further one replaces the oldest. An honest peer proves itself within milliseconds, one that only occupies a place is still there.
 */
export class UnprovedConnections {
  readonly #limit: number;
  readonly #cutOff: (address: string) => void;
  readonly #byPeer = new Map<string, Entry>();
  readonly #perAddress = new Map<string, number>();

  /** `cutOff` is called for each connection that had to go. */
  constructor(limit: number, cutOff: (address: string) => void) {
    this.#limit = limit;
    this.#cutOff = cutOff;
  }

  /** Adds a connection. `peer` identifies it, as address and port do. A second one with the same name replaces the first. */
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

  /** Removes a connection that has proved itself, or is gone. */
  forget(peer: string): void {
    const entry = this.#byPeer.get(peer);
    if (!entry) return;
    this.#byPeer.delete(peer);
    const left = this.#perAddress.get(entry.address)! - 1;
    if (left > 0) this.#perAddress.set(entry.address, left);
    else this.#perAddress.delete(entry.address);
  }

  /** Closes all of them. */
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
