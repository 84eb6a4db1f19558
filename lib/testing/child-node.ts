import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { HandoffError, isSource, LIB_FOLDER, type Logger, systemClock } from '../base/index.js';
import { type KillGuard, loadingOptions } from '../executor/index.js';
import type { NodeOptions, SupervisedName } from '../handoff/index.js';
import { type ChildReport, type ChildRequest, OPTIONS_VARIABLE } from './child-messages.js';
import type { HostedNode } from './cluster-host.js';
import type { ProxiedNetwork } from './proxied-network.js';

const extension = isSource ? 'ts' : 'js';
const command = fileURLToPath(new URL(`../bin/handoff.${extension}`, LIB_FOLDER));
const control = new URL(`testing/child-control.${extension}`, LIB_FOLDER).href;

/** How long a node's process may take to start, and to answer, ms. */
const START_MS = 60_000;
const ANSWER_MS = 10_000;

/** How much of a process's output is reported when it does not start, characters. */
const SAID_CHARACTERS = 4000;

/**
 * Returns flags that load a module in the main thread only. Worker threads get the same flags, have no use for the module, and cannot load
 * TypeScript that early.
 */
const inMainThread = (url: string): string => {
  const program = `import{isMainThread}from'node:worker_threads';if(isMainThread)await import(${JSON.stringify(url)})`;
  return `data:text/javascript,${encodeURIComponent(program)}`;
};

/** A `handoff node` in a process of its own. It is killed with SIGKILL and paused with SIGSTOP. */
export class ChildNode implements HostedNode {
  readonly handoff = undefined;
  readonly address: string;
  readonly #name: string;
  readonly #network: ProxiedNetwork;
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  readonly #asked = new Map<number, { answered(value: readonly string[]): void; failed(error: Error): void }>();
  #lastId = 0;
  #isAlive = true;
  #isStarted = false;
  #said = '';
  #tellStarted = (): void => {};

  constructor({ name, options, network, guard, ended }: ChildStart) {
    const { logger, ...rest } = options;
    this.#name = name;
    this.#network = network;
    this.address = options.advertise!;
    // For people who read the list of processes; the options alone decide.
    const args = ['node', `--name=${encodeURIComponent(name)}`, '--listen=127.0.0.1:0'];
    const { HANDOFF_JOIN: _join, HANDOFF_COOKIE: _cookie, ...env } = process.env;
    const level = logger ? 'debug' : (env.HANDOFF_LOG_LEVEL ?? 'silent');
    this.#child = fork(command, args, {
      env: { ...env, [OPTIONS_VARIABLE]: JSON.stringify(rest), HANDOFF_LOG_LEVEL: level },
      execArgv: [...loadingFlags(process.execArgv), `--import=${inMainThread(control)}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const { pid } = this.#child;
    if (pid !== undefined) guard.watch(pid);
    this.#child.on('message', (report: ChildReport) => this.#heard(report));
    this.#child.on('error', (error) => {
      this.#said += error.message;
    });
    createInterface({ input: this.#child.stderr! }).on('line', (line) => this.#hears(line, logger));
    this.#closed = once(this.#child, 'close').catch(() => {});
    void this.#closed.then(() => {
      if (pid !== undefined) guard.forget(pid);
      this.#over();
      ended();
    });
  }

  /**
   * Resolves when the node has started. Rejects with `HANDOFF_START_FAILED` and the process's output if it ends before; nothing of it is
   * left then.
   */
  async started(): Promise<this> {
    const late = systemClock.after(START_MS, () => {
      this.#said += `it was killed, as it had not started within ${START_MS} ms`;
      void this.kill();
    });
    await Promise.race([
      new Promise<void>((resolve) => {
        this.#tellStarted = resolve;
      }),
      this.#closed,
    ]);
    late.cancel();
    if (this.#isStarted && this.#isAlive) return this;
    const said = this.#said.trim();
    throw new HandoffError('HANDOFF_START_FAILED', `Cannot start node "${this.#name}": its process ended${said && `, and said: ${said}`}`, {
      node: this.#name,
    });
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  async kill(): Promise<void> {
    // First, so that the node cannot say goodbye.
    this.#child.kill('SIGKILL');
    this.#over();
    await this.#closed;
  }

  async pause(): Promise<void> {
    this.#child.kill('SIGSTOP');
  }

  async resume(): Promise<void> {
    this.#child.kill('SIGCONT');
  }

  async crashActor(actor: SupervisedName): Promise<void> {
    await this.#ask((id) => ({ type: 'crash-actor', id, actor }));
  }

  harmJournal(): never {
    const message = `Cannot harm the journal of node "${this.#name}": it lives in a process of its own`;
    throw new TypeError(`${message}. Use the transport 'memory' or 'websocket', or the first node`);
  }

  async links(): Promise<readonly string[]> {
    return this.#ask((id) => ({ type: 'list-links', id }));
  }

  #ask(request: (id: number) => ChildRequest): Promise<readonly string[]> {
    return new Promise((answered, failed) => {
      if (!this.#isAlive) return failed(this.#gone());
      this.#lastId += 1;
      const id = this.#lastId;
      const late = systemClock.after(ANSWER_MS, () => {
        this.#asked.delete(id);
        const message = `Node "${this.#name}" has not answered within ${ANSWER_MS} ms: its process is paused, or its loop is blocked`;
        failed(new HandoffError('HANDOFF_TIMEOUT', message, { node: this.#name }));
      });
      const over =
        <T>(end: (given: T) => void) =>
        (given: T): void => {
          late.cancel();
          end(given);
        };
      this.#asked.set(id, { answered: over(answered), failed: over(failed) });
      this.#child.send(request(id), () => {});
    });
  }

  #heard(report: ChildReport): void {
    if (!this.#isAlive) return;
    switch (report.type) {
      case 'listening':
        return this.#network.listening(this.#name, report.url);
      case 'started':
        this.#isStarted = true;
        return this.#tellStarted();
      case 'answer':
        this.#asked.get(report.id)?.answered(report.value);
        this.#asked.delete(report.id);
        return;
      case 'failure':
        this.#asked.get(report.id)?.failed(report.isTypeError ? new TypeError(report.message) : new Error(report.message));
        this.#asked.delete(report.id);
        return;
    }
  }

  #hears(line: string, logger: Logger | undefined): void {
    if (!this.#isStarted) this.#said = `${this.#said}${line}\n`.slice(-SAID_CHARACTERS);
    if (logger) passOn(line, logger);
    else if (process.env.HANDOFF_LOG_LEVEL !== undefined) process.stderr.write(`${line}\n`);
  }

  /** Called once: the process is dead. */
  #over(): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.#network.kill(this.#name);
    for (const { failed } of this.#asked.values()) failed(this.#gone());
    this.#asked.clear();
  }

  #gone(): HandoffError {
    return new HandoffError('HANDOFF_NODE_LOST', `Node "${this.#name}" is dead`, { node: this.#name });
  }
}

function loadingFlags(flags: readonly string[]): string[] {
  const kept = loadingOptions(flags);
  if (isSource && !kept.some((flag) => /\btsx\b/.test(flag))) kept.push('--import=tsx');
  return kept;
}

/** Passes a line of pino's to the given logger. */
function passOn(line: string, logger: Logger): void {
  try {
    const {
      level,
      time: _time,
      node: _node,
      msg = '',
      ...fields
    } = JSON.parse(line) as { level: number; time: number; node: string; msg?: string };
    const method = level >= 50 ? 'error' : level >= 40 ? 'warn' : level >= 30 ? 'info' : 'debug';
    logger[method](fields, msg);
  } catch {
    logger.warn({}, line);
  }
}

/** The options of starting one node in a process of its own. */
export interface ChildStart {
  readonly name: string;
  readonly options: NodeOptions;
  readonly network: ProxiedNetwork;
  readonly guard: KillGuard;
  /** Called when the process has ended. */
  readonly ended: () => void;
}
