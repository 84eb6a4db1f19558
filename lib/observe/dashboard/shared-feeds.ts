import { type Clock, HandoffError, type Timer } from '../../base/index.js';
import { type FailedAnswer, failedAnswer } from './failed-answer.js';

/** At most 10 updates a second. */
const SHORTEST_PAUSE_MS = 100;
/** Making an answer may take a twentieth of the time. */
const COST_FACTOR = 20;
/** What takes longer than a 20th of this is the way to the driver, not its work, ms. */
const LONGEST_PAUSE_MS = 5000;
/** How often something that changes no more is looked at, ms. */
const OVER_PAUSE_MS = 2000;
/** A driver that answers late this often in a row is gone. */
const MOST_LATE = 3;

/** For at most so many single questions it is known when they were answered last. */
const MOST_RESTING = 64;

/** Receives what a feed has to say. */
export interface FeedListener {
  /** The answer as JSON: at once, and whenever it has changed. */
  data(json: string): void;
  /** The last word: there is nothing to ask any more. */
  gone(fault: FailedAnswer): void;
}

/** What is asked over and over. */
export interface FeedQuestion {
  /** Equal keys mean equal questions. */
  readonly key: string;
  readonly ask: () => Promise<object>;
  /**
   * The shortest pause between two answers, ms; at least 100. If it is given, an answer takes no work but the wait for others, so that the
   * time that it took says nothing of its cost.
   */
  readonly pauseMs?: number;
}

/** Questions that several watchers ask: each is asked once for all of them, and never more often than it may cost. */
export class SharedFeeds {
  readonly #feeds = new Map<string, Feed>();
  /** Single questions that must wait for their next answer, each with a promise that resolves when they may have it. */
  readonly #resting = new Map<string, Promise<void>>();
  /** The next answers, which watchers that have come meanwhile wait for. */
  readonly #waiting = new Map<string, Promise<string>>();
  readonly #clock: Clock;
  readonly #onBug: (error: unknown) => void;

  constructor(clock: Clock, onBug: (error: unknown) => void) {
    this.#clock = clock;
    this.#onBug = onBug;
  }

  /** Adds a watcher. Returns what takes it away again. */
  watch(question: FeedQuestion, listener: FeedListener): () => void {
    let feed = this.#feeds.get(question.key);
    if (!feed) {
      const { key } = question;
      const made: Feed = new Feed(question, this.#clock, this.#onBug, () => {
        if (this.#feeds.get(key) === made) this.#feeds.delete(key);
      });
      feed = made;
      this.#feeds.set(key, feed);
    }
    return feed.add(listener);
  }

  /**
   * Returns the answer to one question as JSON. It is never older than the question: a page asks when a stream has told it of a change. If
   * it would come too soon after the one before, it is made later, once for all who ask meanwhile.
   */
  answer(question: FeedQuestion): Promise<string> {
    const { key } = question;
    const waiting = this.#waiting.get(key);
    if (waiting) return waiting;
    const free = this.#resting.get(key);
    if (!free) return this.#make(question);
    const made = free.then(() => {
      this.#waiting.delete(key);
      return this.#make(question);
    });
    this.#waiting.set(key, made);
    return made;
  }

  #make(question: FeedQuestion): Promise<string> {
    const { key, ask } = question;
    const askedAt = this.#clock.now();
    const made = ask().then(jsonOf);
    if (this.#resting.size >= MOST_RESTING) return made;
    const rest = (): Promise<void> | undefined => {
      const restMs = restAfter(question, this.#clock.now() - askedAt);
      return restMs > 0 ? new Promise((resolve) => this.#clock.after(restMs, resolve)) : undefined;
    };
    const free = made.then(rest, rest).then(() => void this.#resting.delete(key));
    this.#resting.set(key, free);
    return made;
  }

  /** Tells every watcher that there is nothing more. */
  close(fault: FailedAnswer): void {
    for (const feed of [...this.#feeds.values()]) feed.end(fault);
  }
}

const restAfter = ({ pauseMs }: FeedQuestion, tookMs: number): number =>
  pauseMs === undefined ? Math.min(tookMs * COST_FACTOR, LONGEST_PAUSE_MS) : 0;

class Feed {
  readonly #question: FeedQuestion;
  readonly #clock: Clock;
  readonly #onBug: (error: unknown) => void;
  readonly #onEnd: () => void;
  readonly #listeners = new Set<FeedListener>();
  #last: string | undefined;
  #version: number | undefined;
  #timer: Timer | undefined;
  #late = 0;
  #isOver = false;

  constructor(question: FeedQuestion, clock: Clock, onBug: (error: unknown) => void, onEnd: () => void) {
    this.#question = question;
    this.#clock = clock;
    this.#onBug = onBug;
    this.#onEnd = onEnd;
    void this.#turn();
  }

  add(listener: FeedListener): () => void {
    this.#listeners.add(listener);
    if (this.#last !== undefined) listener.data(this.#last);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  end(fault: FailedAnswer): void {
    if (this.#isOver) return;
    this.#stop();
    for (const listener of [...this.#listeners]) listener.gone(fault);
  }

  #stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    this.#onEnd();
  }

  /** Asks once, tells what has changed, and rests. */
  async #turn(): Promise<void> {
    const askedAt = this.#clock.now();
    let pauseMs = Math.max(SHORTEST_PAUSE_MS, this.#question.pauseMs ?? 0);
    try {
      const answer = await this.#question.ask();
      if (this.#isOver) return;
      this.#late = 0;
      const run = runIn(answer);
      // Making JSON of it costs as much as the answer itself.
      if (run?.version === undefined || run.version !== this.#version) this.#tell(jsonOf(answer));
      this.#version = run?.version;
      if (run && run.state !== 'running') pauseMs = OVER_PAUSE_MS;
    } catch (error) {
      if (this.#isOver) return;
      const fault = failedAnswer(error);
      this.#late += 1;
      if (fault.isBug) this.#onBug(error);
      if (fault.code !== 'HANDOFF_TIMEOUT' || this.#late >= MOST_LATE) return this.end(fault);
    }
    pauseMs = Math.max(pauseMs, restAfter(this.#question, this.#clock.now() - askedAt));
    this.#timer = this.#clock.after(pauseMs, () => void this.#turn());
  }

  #tell(json: string): void {
    if (json === this.#last) return;
    this.#last = json;
    for (const listener of [...this.#listeners]) listener.data(json);
  }
}

/** Returns the JSON of an answer. It may come from another node, which may send what has none. */
function jsonOf(answer: object): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(answer);
  } catch (cause) {
    throw new HandoffError('HANDOFF_BAD_MESSAGE', 'What a node has answered cannot be shown: it has no JSON', { cause });
  }
  if (json === undefined) throw new HandoffError('HANDOFF_BAD_MESSAGE', 'What a node has answered cannot be shown: it is nothing');
  return json;
}

/** What a view of a run says of the run. Equal versions mean equal answers but for the time that has passed. */
function runIn(answer: object | undefined): { readonly version?: number; readonly state?: string } | undefined {
  const { run } = (answer ?? {}) as { readonly run?: { readonly version?: number; readonly state?: string } };
  return typeof run === 'object' && run !== null ? run : undefined;
}
