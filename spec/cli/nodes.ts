import { type Call, call, type Surroundings } from './command.js';

/** A node in a process of its own, as a person would start it. */
export interface NodeProcess extends Call {
  readonly url: string;
  /** The command that joins another, as it was printed. */
  readonly joinCommand: string;
}

/** Starts nodes, and knows how to end all of them. */
export class NodeProcesses {
  readonly #started: Call[] = [];

  async start(args: readonly string[] = [], surroundings?: Surroundings): Promise<NodeProcess> {
    const started = call(['node', ...args], surroundings);
    this.#started.push(started);
    started.ended.catch(() => {});
    const [url, joinCommand] = (await started.prints(/\n.*\n/)).split('\n') as [string, string];
    return { ...started, url, joinCommand };
  }

  /** Kills what still runs. */
  async endAll(): Promise<void> {
    for (const { child } of this.#started) child.kill('SIGKILL');
    await Promise.all(this.#started.map(({ ended }) => ended));
    this.#started.length = 0;
  }
}
