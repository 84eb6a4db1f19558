import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./wire-floor.mjs', import.meta.url));

/** What one end asks the other for, and how often. */
export interface Asking {
  readonly count: number;
  readonly inFlight: number;
  /** So many bytes come as they are, with no message around them. Default: a message that says next to nothing. */
  readonly sizeBytes?: number;
}

/** The floor under everything that crosses the wire: two processes with one bare ws connection, its client masking with zeros. */
export class FloorPair implements AsyncDisposable {
  readonly #listener = new FloorEnd();
  readonly #dialler = new FloorEnd();

  static async start(): Promise<FloorPair> {
    const pair = new FloorPair();
    const url = await pair.#listener.tell<string>('listen');
    await pair.#dialler.tell('dial', url);
    return pair;
  }

  /** Milliseconds; whoever dialled asks. */
  diallerAsks(asking: Asking): Promise<number> {
    return this.#dialler.ask(asking);
  }

  listenerAsks(asking: Asking): Promise<number> {
    return this.#listener.ask(asking);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#listener.end(), this.#dialler.end()]);
  }
}

class FloorEnd {
  readonly #child: ChildProcess = fork(script, { execArgv: [] });

  async tell<T>(command: string, argument?: unknown): Promise<T> {
    this.#child.send({ command, argument });
    const [{ answer }] = (await once(this.#child, 'message')) as [{ answer: T }];
    return answer;
  }

  ask(asking: Asking): Promise<number> {
    return this.tell('ask', asking);
  }

  async end(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }
}
