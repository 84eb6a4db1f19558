import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { functionsIn, type NodeOptions } from 'handoff-dag';

/** Where all nodes of the benchmarks look for modules. */
export const root = fileURLToPath(new URL('.', import.meta.url));
const command = fileURLToPath(new URL('../../dist/bin/handoff.js', import.meta.url));

/** The functions that nodes in other processes run. */
export const farTasks = functionsIn<typeof import('./far-tasks.mjs')>(new URL('./far-tasks.mjs', import.meta.url));

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** How the process of a benchmark joins: as a driver that runs nothing itself. */
export const driver = (...join: readonly string[]): NodeOptions => ({ name: 'driver', capabilities: {}, join, root, logger: quiet });

/** A node in a process of its own, started as a person would. */
export class FarNode implements AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(name: string, url: string, child: ChildProcess) {
    this.name = name;
    this.url = url;
    this.#child = child;
  }

  static start(name: string, ...join: readonly string[]): Promise<FarNode> {
    const joining = join.flatMap((url) => ['--join', url]);
    return FarNode.#spawn(name, [command, 'node', '--listen', '127.0.0.1:0', '--name', name, '--root', root, ...joining]);
  }

  /** From a script beside this file, whose first line of output is its URL: for what the command has no option for. */
  static startScript(name: string, script: string, ...args: readonly string[]): Promise<FarNode> {
    return FarNode.#spawn(name, [fileURLToPath(new URL(script, import.meta.url)), ...args]);
  }

  static async #spawn(name: string, args: readonly string[]): Promise<FarNode> {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const [url] = (await once(createInterface(child.stdout!), 'line')) as [string];
    return new FarNode(name, url, child);
  }

  /** Without a goodbye: nobody waits for what it holds. */
  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
