import { type Clock, newId } from '../../lib/base/index.js';
import { nothing } from '../../lib/nodes/beat.js';
import { Membership } from '../../lib/nodes/index.js';
import { type MemoryNetwork, PeerMesh, type WireMessage } from '../../lib/peer/index.js';
import { slotList } from './slots.js';
import { spyLogger } from './spy-logger.js';

/** A member that beats, with room for functions, and answers nothing. */
export class MuteMember {
  /** The types of what it was asked, in order. */
  readonly asked: WireMessage['type'][] = [];
  /** Is called with what it is asked, and answered. */
  hears: (from: string, message: WireMessage) => void = () => {};
  readonly #peers: PeerMesh;
  readonly #membership: Membership;

  constructor(name: string, network: MemoryNetwork, clock: Clock) {
    const incarnation = newId();
    const capabilities = [['cpu', 8] as const, ['licence', 1] as const, ...slotList({ thread: 8, loop: 256 })];
    const content = () => ({ ...nothing, capabilities });
    this.#membership = new Membership(name, undefined, { incarnation, clock, content });
    const transport = network.transport(name);
    this.#peers = new PeerMesh({ name, incarnation, transport, clock, logger: spyLogger(), random: () => 0.5 });
    this.#peers.attach({
      up: (peer) => this.#membership.up(peer),
      down: (peer, cause) => this.#membership.down(peer, cause === 'goodbye' ? 'goodbye' : 'closed'),
      messages: (from, messages) => {
        for (const message of messages) {
          const { type } = message;
          if (type === 'beat' || type === 'goodbye' || type === 'members') this.#membership.heard(from, message);
          else {
            this.asked.push(type);
            this.hears(from, message);
          }
        }
      },
      value() {},
      expects: () => false,
      memoryFor: () => undefined,
      notUnderstood() {},
      notDialled() {},
    });
    this.#membership.connect(this.#peers);
  }

  async join(url: string): Promise<void> {
    const listening = await this.#peers.listen('127.0.0.1:0');
    this.#membership.listening(listening.url);
    this.#membership.joined(await this.#peers.join(url));
  }

  /** Says something, be it no message. */
  say(to: string, message: unknown): void {
    this.#peers.send(to, message as WireMessage);
  }

  beat(): void {
    this.#membership.tick(0);
  }

  close(): Promise<void> {
    return this.#peers.close();
  }
}
