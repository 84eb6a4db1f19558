import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { systemClock, type Timer } from '../../base/index.js';
import { FrameReader, frameOf } from './frames.js';
import type { KillGuard } from './kill-guard.js';
import { HEARS_ON, TELLS_ON } from './process-link.js';
import { type MakeHost, WORKER_ENTRY } from './worker-host.js';
import type { WorkerSetUp } from './worker-messages.js';

/** How long the streams of an ended process are still read, ms: processes that it started and that left its group may hold them open. */
const LAST_WORDS_MS = 1000;

/** A child process that leads a group of its own. It is reached by two pipes that user code does not see. */
export const processHost =
  ({ setUp, heapMiB, environment, guard }: ProcessMaking): MakeHost =>
  (events) => {
    const given = [...nodeOptions(process.execArgv), `--max-old-space-size=${heapMiB}`, fileURLToPath(WORKER_ENTRY), JSON.stringify(setUp)];
    const child = spawn(process.execPath, given, {
      detached: true,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const { pid } = child;
    child.on('error', (error) => {
      // A process that could not be started emits nothing else.
      if (pid !== undefined) return;
      events.failed(error);
      events.exited(null);
    });
    if (pid === undefined) return { id: pid, send: () => {}, ref: () => {}, unref: () => {}, end: () => {}, drain: () => {} };
    guard.watch(-pid);
    const toChild = child.stdio[HEARS_ON] as Socket;
    const fromChild = child.stdio[TELLS_ON] as Socket;
    const end = (): void => {
      killGroup(child, pid);
      // A caller may wait for its end.
      child.ref();
      for (const stream of [fromChild, child.stdout, child.stderr]) (stream as Socket).ref();
    };
    const reader = new FrameReader((message) => events.heard(message));
    fromChild.on('data', (chunk) => {
      try {
        reader.push(chunk);
      } catch {
        events.dropped();
        events.failed(new Error('the process has written to the pipe through which it is reached'));
        end();
      }
    });
    fromChild.on('close', () => events.closed());
    for (const stream of ['stdout', 'stderr'] as const) child[stream]!.on('data', (chunk: Buffer) => events.wrote(stream, chunk));
    // Errors of the streams of an ended process; `exit` reports its end.
    for (const stream of child.stdio) stream?.on('error', () => {});
    let isOver = false;
    let patience: Timer | undefined;
    const exited = (exitCode: number | null, signal: NodeJS.Signals | null): void => {
      if (isOver) return;
      isOver = true;
      patience?.cancel();
      events.exited(exitCode, signal ?? undefined);
    };
    child.on('exit', (exitCode, signal) => {
      // Ends what it has started in its group.
      end();
      guard.forget(-pid);
      patience = systemClock.after(LAST_WORDS_MS, () => exited(exitCode, signal));
    });
    // Usually right after `exit`: everything that it wrote has been read.
    child.on('close', exited);
    child.unref();
    for (const stream of [toChild, child.stdout, child.stderr]) (stream as Socket).unref();
    return {
      id: pid,
      send(message) {
        const parts = frameOf(message);
        if (parts.length === 1) {
          toChild.write(parts[0]!);
          return;
        }
        toChild.cork();
        for (const part of parts) toChild.write(part);
        toChild.uncork();
      },
      ref: () => fromChild.ref(),
      unref: () => fromChild.unref(),
      end,
      drain() {
        for (const stream of child.stdio) stream?.destroy();
      },
    };
  };

function killGroup(child: ChildProcess, pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is gone, or this system has no groups.
    child.kill('SIGKILL');
  }
}

/**
 * Returns the options that this process was started with, as far as another can use them: neither a program of its own, nor the port of its
 * inspector.
 */
function nodeOptions(given: readonly string[]): string[] {
  const options: string[] = [];
  for (let at = 0; at < given.length; at += 1) {
    const option = given[at]!;
    if (/^(?:-e|--eval|-p|--print|-pe)$/.test(option)) at += 1;
    else if (!/^--(?:inspect|eval=|print=|input-type|watch|test|max-old-space-size)/.test(option)) options.push(option);
  }
  return options;
}

/** How a process is made. */
export interface ProcessMaking {
  readonly setUp: WorkerSetUp;
  /** Its heap, MiB. */
  readonly heapMiB: number;
  /** Its environment. */
  readonly environment: () => NodeJS.ProcessEnv;
  /** Kills the process's group when this process is gone. */
  readonly guard: KillGuard;
}
