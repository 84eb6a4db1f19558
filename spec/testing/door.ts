import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** One who has knocked. */
export interface Knock {
  readonly pid: number;
  /** Lets it in. */
  open(): void;
  /** Resolves when its connection is over: it was let in, or its process has died. */
  readonly gone: Promise<unknown>;
}

/** Holds functions exactly where a spec wants them, in whatever process they are: each `knock(door.port, name)` waits until it is opened. */
export class Door {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #knocks: { name: string; knock: Knock }[] = [];
  readonly #awaited: { name: string; heard: (knock: Knock) => void }[] = [];

  private constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      const gone = once(socket, 'close').catch(() => {});
      socket.on('error', () => socket.destroy());
      void gone.then(() => this.#sockets.delete(socket));
      socket.once('data', (data) => {
        const { name, pid } = JSON.parse(String(data)) as { name: string; pid: number };
        this.#knocked(name, { pid, gone, open: () => void socket.end('in\n') });
      });
    });
  }

  static async hang(): Promise<Door> {
    const door = new Door();
    door.#server.listen(0, '127.0.0.1');
    await once(door.#server, 'listening');
    return door;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The next who knocks by that name, or has. */
  knock(name: string): Promise<Knock> {
    const at = this.#knocks.findIndex((one) => one.name === name);
    if (at >= 0) return Promise.resolve(this.#knocks.splice(at, 1)[0]!.knock);
    return new Promise((heard) => void this.#awaited.push({ name, heard }));
  }

  /** How many have knocked whom nobody has asked for. */
  get waiting(): number {
    return this.#knocks.length;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #knocked(name: string, knock: Knock): void {
    const at = this.#awaited.findIndex((one) => one.name === name);
    if (at >= 0) this.#awaited.splice(at, 1)[0]!.heard(knock);
    else this.#knocks.push({ name, knock });
  }
}
