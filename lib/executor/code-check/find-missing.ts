import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LIB_FOLDER, systemClock, textOf } from '../../base/index.js';
import type { CodeRef } from '../../dag/index.js';
import type { CodeRoot } from '../code/module-resolution.js';
import { withoutSecrets } from '../code/without-secrets.js';
import { type CheckReport, type CheckRequest, UNSETTLED, type WantedModule } from './messages.js';

/** How long the process may take to start, ms. It takes 60 ms, but user code may run at its start too (`NODE_OPTIONS`). */
const START_LIMIT_MS = 60_000;

/** A reference whose function cannot be loaded. `reason` says why, without naming the module. */
export interface MissingCode {
  readonly module: string;
  readonly name: string;
  readonly reason: string;
}

/**
 * Finds the references whose functions cannot be loaded, by loading them as a node does, in a process of their own. A module that blocks,
 * ends its process or never settles does no harm, and its output is not shown. Each module gets `timeoutMs`; the process is killed as soon
 * as the last one is loaded. Rejects if no process can be started.
 */
export async function findMissingCode(refs: readonly CodeRef[], place: CodeRoot, timeoutMs: number): Promise<MissingCode[]> {
  const byModule = new Map<string, Set<string>>();
  for (const { module, name } of refs) byModule.set(module, (byModule.get(module) ?? new Set()).add(name));
  let left: readonly WantedModule[] = [...byModule].map(([module, names]) => ({ module, names: [...names] }));
  const missing: MissingCode[] = [];
  while (left.length > 0) {
    const look = await new Look({ place, modules: left }, timeoutMs).ended;
    missing.push(...look.missing);
    left = left.slice(look.looked);
  }
  return missing;
}

interface Looked {
  readonly missing: readonly MissingCode[];
  /** How many modules it has checked: at least one. */
  readonly looked: number;
}

/** One process that checks modules until it has checked all, or one has ended or blocked it. */
class Look {
  readonly ended: Promise<Looked>;
  readonly #request: CheckRequest;
  readonly #timeoutMs: number;
  readonly #child: ChildProcess;
  readonly #missing: MissingCode[] = [];
  #at: number | undefined;
  #timer: { cancel(): void } | undefined;
  #end: (looked: Looked) => void = () => {};
  #fail: (error: Error) => void = () => {};

  constructor(request: CheckRequest, timeoutMs: number) {
    this.#request = request;
    this.#timeoutMs = timeoutMs;
    this.ended = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    this.#child = fork(fileURLToPath(new URL('executor/code-check/entry.mjs', LIB_FOLDER)), {
      env: withoutSecrets(process.env),
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#child.on('message', (report) => this.#hear(report as CheckReport));
    this.#child.once('error', (error) => this.#stop(`its process could not be started: ${textOf(error)}`));
    this.#child.once('exit', (code, signal) => {
      const reason = reasonOfExit(code, signal);
      // Its last messages may still be on their way.
      if (this.#child.connected) this.#child.once('disconnect', () => this.#stop(reason));
      else this.#stop(reason);
    });
    this.#child.send(request, () => {});
    this.#limit(START_LIMIT_MS);
  }

  #hear(report: CheckReport): void {
    switch (report.type) {
      case 'loading':
        this.#at = report.at;
        return this.#limit(this.#timeoutMs);
      case 'missing':
        this.#missing.push({ module: this.#request.modules[report.at]!.module, name: report.name, reason: report.reason });
        return;
      case 'done':
        if (report.at + 1 === this.#request.modules.length) this.#settle(report.at + 1);
    }
  }

  #limit(limitMs: number): void {
    this.#timer?.cancel();
    this.#timer = systemClock.after(limitMs, () => this.#stop(`it was still loading after ${limitMs / 1000} s`));
  }

  /** The module that is being loaded is to blame. */
  #stop(reason: string): void {
    if (this.#at === undefined) {
      this.#close();
      this.#fail(new Error(`Cannot check the code of a DAG: ${reason}`));
      return;
    }
    const { module, names } = this.#request.modules[this.#at]!;
    this.#missing.push(...names.map((name) => ({ module, name, reason })));
    this.#settle(this.#at + 1);
  }

  #settle(looked: number): void {
    this.#close();
    this.#end({ missing: this.#missing, looked });
  }

  #close(): void {
    this.#timer?.cancel();
    this.#child.removeAllListeners();
    // Late errors of a closed channel are ignored.
    this.#child.on('error', () => {});
    this.#child.kill('SIGKILL');
    this.#child.unref();
  }
}

function reasonOfExit(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal) return `it ended its process: ${signal}`;
  return code === UNSETTLED
    ? 'it never settles: it awaits something that can no longer happen'
    : `it ended its process: process.exit(${code})`;
}
