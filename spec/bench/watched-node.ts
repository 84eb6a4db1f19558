import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { root } from './far-node.js';

const command = fileURLToPath(new URL('../../dist/bin/handoff.js', import.meta.url));

/** How often somebody took another for silent, or for lost. */
export class Alarms {
  suspicions = 0;
  losses = 0;

  /** A message of a node's log. */
  heard(text: string): void {
    if (text.includes('node is silent')) this.suspicions += 1;
    else if (text.includes('node lost')) this.losses += 1;
  }
}

/** A node in a process of its own, started as a person would, whose log is read and which can be struck. */
export class WatchedNode implements AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(name: string, url: string, child: ChildProcess) {
    this.name = name;
    this.url = url;
    this.#child = child;
  }

  static async start(name: string, { join = [], alarms }: { join?: readonly string[]; alarms?: Alarms } = {}): Promise<WatchedNode> {
    const joining = join.flatMap((url) => ['--join', url]);
    const child = spawn(process.execPath, [command, 'node', '--listen', '127.0.0.1:0', '--name', name, '--root', root, ...joining], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, HANDOFF_LOG_LEVEL: 'info' },
    });
    createInterface({ input: child.stderr! }).on('line', (line) => alarms?.heard(line));
    const [url] = (await once(createInterface(child.stdout!), 'line')) as [string];
    return new WatchedNode(name, url, child);
  }

  strike(signal: 'SIGKILL' | 'SIGSTOP'): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
