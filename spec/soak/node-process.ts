import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { NodeOptions } from '../../lib/index.js';
import type { NodeReport, NodeRequest } from './driver-node.js';

/** So long a process may take for anything, on a loaded machine, ms. */
const HUNG_MS = 180_000;

/** One incarnation of a node in a process of its own. */
export class NodeProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #reports: NodeReport[] = [];
  #wake: () => void = () => {};
  #exit: string | undefined;
  /** Where others reach it. */
  url = '';

  private constructor(name: string) {
    this.name = name;
    this.#child = fork(fileURLToPath(new URL('./driver-node.ts', import.meta.url)), [`--name=${name}`], {
      execArgv: ['--import', 'tsx'],
      env: { ...process.env, HANDOFF_LOG_LEVEL: process.env.HANDOFF_LOG_LEVEL ?? 'silent' },
    });
    this.#child.on('message', (report: NodeReport) => {
      this.#reports.push(report);
      this.#wake();
    });
    this.#child.on('exit', (code, signal) => {
      this.#exit = `${signal ?? code}`;
      this.#wake();
    });
  }

  static async start(options: NodeOptions): Promise<NodeProcess> {
    const node = new NodeProcess(options.name!);
    node.tell({ type: 'start', options });
    const started = await node.next('started');
    node.url = (started as { url: string }).url;
    return node;
  }

  get isAlive(): boolean {
    return this.#exit === undefined;
  }

  tell(request: NodeRequest): void {
    this.#child.send(request, () => {});
  }

  /** The next report of one of these types; `undefined` if the process ends before. Rejects if it takes too long. */
  async find(...types: readonly NodeReport['type'][]): Promise<NodeReport | undefined> {
    const untilMs = performance.now() + HUNG_MS;
    for (;;) {
      const at = this.#reports.findIndex(({ type }) => types.includes(type));
      if (at >= 0) return this.#reports.splice(0, at + 1)[at];
      if (!this.isAlive) return undefined;
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) throw new Error(`${this.name} hangs: it has not told ${types.join(' or ')} for ${HUNG_MS / 1000} s`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Like `find`, of a process that must not end. */
  async next(...types: readonly NodeReport['type'][]): Promise<NodeReport> {
    const report = await this.find(...types);
    if (!report) throw new Error(`${this.name} has ended by itself: ${this.#exit}`);
    return report;
  }

  /** As a kernel does that is out of memory. */
  async kill(): Promise<void> {
    if (!this.isAlive) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  /** Stops the node, and waits for the end of its process. */
  async stop(): Promise<void> {
    if (!this.isAlive) return;
    const exited = once(this.#child, 'exit');
    this.tell({ type: 'stop' });
    await exited;
    if (this.#exit !== '0') throw new Error(`${this.name} was stopped, and ended with ${this.#exit}`);
  }
}
