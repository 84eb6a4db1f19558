import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { functionsIn, type NodeOptions } from 'handoff-dag';
import type { Occupied, Watched } from './process-watch.mjs';

/** Where all nodes of the benchmarks look for modules. */
export const root = fileURLToPath(new URL('.', import.meta.url));
const command = fileURLToPath(new URL('../../dist/bin/handoff.js', import.meta.url));

/** The functions that nodes in other processes run. */
export const farTasks = functionsIn<typeof import('./far-tasks.mjs')>(new URL('./far-tasks.mjs', import.meta.url));

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** How the process of a benchmark joins: as a driver that runs nothing itself. */
export const driver = (...join: readonly string[]): Omit<NodeOptions, 'storeBackend'> => ({
  name: 'driver',
  capabilities: {},
  join,
  root,
  logger: quiet,
});

/** The arguments of `handoff` for a node that others reach on the loopback. */
const nodeArgs = (name: string, join: readonly string[]): readonly string[] => {
  const joining = join.flatMap((url) => ['--join', url]);
  return ['node', '--listen', '127.0.0.1:0', '--name', name, '--root', root, ...joining];
};

const scriptAt = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** With its first line of output. */
async function started(args: readonly string[], ipc: readonly 'ipc'[] = []): Promise<readonly [ChildProcess, string]> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore', ...ipc] });
  const [url] = (await once(createInterface(child.stdout!), 'line')) as [string];
  return [child, url];
}

/** A node in a process of its own, started as a person would. */
export class FarNode implements AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  readonly #child: ChildProcess;

  protected constructor(name: string, url: string, child: ChildProcess) {
    this.name = name;
    this.url = url;
    this.pid = child.pid!;
    this.#child = child;
  }

  static start(name: string, ...join: readonly string[]): Promise<FarNode> {
    return FarNode.startWith(name, join, []);
  }

  /** `flags`: further options of the command. */
  static async startWith(name: string, join: readonly string[], flags: readonly string[]): Promise<FarNode> {
    const [child, url] = await started([command, ...nodeArgs(name, join), ...flags]);
    return new FarNode(name, url, child);
  }

  /** From a script beside this file, whose first line of output is its URL: for what the command has no option for. */
  static async startScript(name: string, script: string, ...args: readonly string[]): Promise<FarNode> {
    const [child, url] = await started([scriptAt(script), ...args]);
    return new FarNode(name, url, child);
  }

  /** Without a goodbye: nobody waits for what it holds. */
  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}

/** The same, but that it tells about its process when it is asked; by a channel beside the network. */
export class ObservedNode extends FarNode {
  readonly #observed: ChildProcess;

  private constructor(name: string, url: string, child: ChildProcess) {
    super(name, url, child);
    this.#observed = child;
  }

  static startObserved(name: string, ...join: readonly string[]): Promise<ObservedNode> {
    return ObservedNode.startObservedScript(name, 'observed-node.mjs', ...nodeArgs(name, join));
  }

  /** From a script that imports `observed.mjs`. */
  static async startObservedScript(name: string, script: string, ...args: readonly string[]): Promise<ObservedNode> {
    const [child, url] = await started(['--expose-gc', scriptAt(script), ...args], ['ipc']);
    return new ObservedNode(name, url, child);
  }

  occupied(): Promise<Occupied> {
    return this.#ask('occupied');
  }

  /** Resolves when it is being watched. */
  async watch(): Promise<void> {
    await this.#ask('watch');
  }

  /** What it went through since then. */
  watched(): Promise<Watched> {
    return this.#ask('watched');
  }

  /** Resolves when its processor time is looked at. */
  async profile(): Promise<void> {
    await this.#ask('profile');
  }

  /** On which stations it has spent its processor time since then, µs. */
  profiled(): Promise<Readonly<Record<string, number>>> {
    return this.#ask('profiled');
  }

  async #ask<T>(question: 'occupied' | 'watch' | 'watched' | 'profile' | 'profiled'): Promise<T> {
    this.#observed.send(question);
    const [answer] = (await once(this.#observed, 'message')) as [T];
    return answer;
  }
}
