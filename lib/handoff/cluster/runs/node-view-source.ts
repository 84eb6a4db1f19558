import { keepAlive } from '../../../base/index.js';
import type { ClusterStatus, ViewAnswers, ViewRequest, ViewSource, WatchOptions } from '../../../observe/index.js';
import type { EventPosition, RunEvent, RunSummary, Runs } from '../../../runner/index.js';
import { receivedView } from './received-view.js';
import { EVENTS_MS, VIEW_MS } from './run-answers.js';
import { mergedRuns } from './run-list.js';
import type { AboutRun, RunQuestions } from './run-questions.js';
import { type EventSource, type HowRead, watchedRun } from './watched-run.js';
import { type EventBatch, unpackEvents } from './wire-events.js';

/** What a node can show: of its own runs at once, of others' by asking their drivers. */
export class NodeViewSource implements ViewSource, EventSource {
  readonly #deps: NodeViewSourceDeps;

  constructor(deps: NodeViewSourceDeps) {
    this.#deps = deps;
  }

  refuse(): void {
    const { refusal } = this.#deps.runs;
    if (refusal) throw refusal;
  }

  async status(): Promise<ClusterStatus> {
    this.refuse();
    return this.#deps.status();
  }

  async allRuns(): Promise<readonly RunSummary[]> {
    const { runs, questions } = this.#deps;
    this.refuse();
    const others = await this.#awaited(questions.list(null, 'cluster', NEVER));
    return mergedRuns([runs.visible.summaries(), others]);
  }

  async view<R extends ViewRequest>(runId: string, request: R): Promise<ViewAnswers[R['view']]> {
    this.refuse();
    const json = JSON.stringify(request);
    const own = this.#deps.view(runId, json);
    if (own) return (await own) as ViewAnswers[R['view']];
    const { driver, answer } = await this.#ask({ kind: 'show-run', runId, request: json });
    return receivedView<R>(driver, answer);
  }

  watch(runId: string, options?: WatchOptions): AsyncIterable<RunEvent> {
    return watchedRun(this, runId, checkedWatchOptions(options));
  }

  async cancel(runId: string): Promise<void> {
    const { runs, node } = this.#deps;
    this.refuse();
    const reason = `cancelled on node "${node}"`;
    if (runs.visible.knows(runId)) void runs.cancel(runId, reason);
    else await this.#ask({ kind: 'cancel-run', runId, reason });
  }

  eventsOf(runId: string): ReturnType<EventSource['eventsOf']> {
    return this.#deps.runs.visible.eventsOf(runId);
  }

  async fetchEvents(runId: string, from: EventPosition | undefined, how: HowRead): Promise<EventBatch> {
    const question = eventsQuestion(runId, from, how);
    const { driver, answer } = await this.#unlessStopped(
      this.#deps.questions.ask<unknown>(question, 'cluster', { withinMs: EVENTS_MS, signal: how.left }),
    );
    return unpackEvents(driver, runId, answer);
  }

  #ask(question: AboutRun): Promise<{ readonly driver: string; readonly answer: unknown }> {
    return this.#awaited(this.#deps.questions.ask<unknown>(question, 'cluster', { withinMs: VIEW_MS, signal: NEVER }));
  }

  /** A question of a caller keeps the process alive. */
  #awaited<T>(answer: Promise<T>): Promise<T> {
    const alive = keepAlive();
    return this.#unlessStopped(answer).finally(() => alive.cancel());
  }

  /** A node that stops loses its links, which is no fault of the others. */
  #unlessStopped<T>(answer: Promise<T>): Promise<T> {
    return answer.catch((error: unknown) => {
      this.refuse();
      throw error;
    });
  }
}

/** A question that nobody withdraws. */
const NEVER = new AbortController().signal;

/** Returns the question for what comes next. */
export function eventsQuestion(runId: string, from: EventPosition | undefined, { output, follow }: HowRead) {
  return { kind: 'watch-run', runId, output, wait: follow, from: from ? ([from.log, from.event, from.line] as const) : null } as const;
}

/** Returns the options of `watch`. Throws `TypeError` for wrong ones. */
export function checkedWatchOptions(options: unknown = {}): WatchOptions {
  if (typeof options !== 'object' || options === null) throw new TypeError('options must be an object');
  for (const [name, value] of Object.entries(options)) {
    if (name !== 'output' && name !== 'follow') throw new TypeError(`unknown option "${name}"`);
    if (value !== undefined && typeof value !== 'boolean') throw new TypeError(`${name} must be true or false, not ${typeof value}`);
  }
  return options;
}

/** The parts of a node that its views need. */
export interface NodeViewSourceDeps {
  readonly node: string;
  readonly runs: Runs;
  readonly questions: RunQuestions;
  readonly status: () => Promise<ClusterStatus>;
  /** Looks at a run of this node: `request` is JSON. Returns `undefined` if it is unknown. */
  readonly view: (runId: string, request: string) => Promise<unknown> | undefined;
}
