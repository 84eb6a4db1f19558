import { HandoffError, type Timer } from '../../base/index.js';
import type { ActorRef } from '../contract.js';
import { type Cell, cellOf, stoppedError } from '../tree/cell.js';
import { deadline } from '../tree/deadline.js';
import { Reference, type Target } from '../tree/handle.js';

let questionCount = 0;

/**
 * One question, and the target of `tell(replyTo, value)`. It settles once: answered, timed out, or ended with the actor that was asked or
 * that asks.
 *
 * Questions are counted, as nact's have random ids of 31 bits: 200,000 questions at once gave nine wrong answers.
 */
class Question implements Target {
  readonly answer: Promise<unknown>;
  readonly #asked: Cell;
  readonly #asker: Cell | undefined;
  #timer: Timer | undefined;
  #isOpen = true;
  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;

  constructor(asked: Cell, asker: Cell | undefined) {
    this.#asked = asked;
    this.#asker = asker;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  wait(timeoutMs: number): void {
    if (!this.#isOpen) return;
    this.#asked.watch(this.#onAskedEnded);
    if (this.#isOpen) this.#asker?.watch(this.#onAskerEnded);
    if (!this.#isOpen || timeoutMs === Number.POSITIVE_INFINITY) return;
    this.#timer = deadline(this.#asked.clock, timeoutMs, () => {
      this.fail(new HandoffError('HANDOFF_TIMEOUT', `Cannot ask "${this.#asked.name}": no answer within ${timeoutMs} ms`));
    });
  }

  post(value: unknown): boolean {
    if (!this.#close()) return false;
    this.#resolve(value);
    return true;
  }

  fail(error: unknown): void {
    if (!this.#close()) return;
    if (this.#asker?.isOver) unheard(this.answer);
    this.#reject(error);
  }

  readonly #onAskedEnded = (): void => this.fail(stoppedError(`Cannot ask "${this.#asked.name}"`, this.#asked));

  readonly #onAskerEnded = (): void => this.fail(stoppedError(`Cannot receive the answer in "${this.#asker!.name}"`, this.#asker!));

  #close(): boolean {
    if (!this.#isOpen) return false;
    this.#isOpen = false;
    this.#timer?.cancel();
    this.#asked.unwatch(this.#onAskedEnded);
    this.#asker?.unwatch(this.#onAskerEnded);
    return true;
  }
}

/**
 * Marks a rejection as handled. A dead actor that ignores a refusal is no fault, and must not end the process with an unhandled rejection.
 */
export function unheard<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => {});
  return answer;
}

/** `ask` on behalf of an actor: also rejects when that actor ends. */
export function askFor<M, R>(
  ref: ActorRef<M>,
  request: (replyTo: ActorRef<R>) => M,
  timeoutMs: number,
  asker: Cell | undefined,
): Promise<R> {
  try {
    return posed(ref, request, timeoutMs, asker).answer as Promise<R>;
  } catch (error) {
    return Promise.reject(error);
  }
}

function posed<M, R>(ref: ActorRef<M>, request: (replyTo: ActorRef<R>) => M, timeoutMs: number, asker: Cell | undefined): Question {
  const asked = cellOf('ref', ref);
  if (typeof request !== 'function') throw new TypeError('request must be a function that makes the message');
  if (typeof timeoutMs !== 'number') throw new TypeError(`timeoutMs must be a number, not ${typeof timeoutMs}`);
  if (!(timeoutMs >= 0)) throw new RangeError(`timeoutMs must be at least 0, not ${timeoutMs}`);
  const question = new Question(asked, asker);
  const message = request(new Reference(question, `question!${++questionCount}`) as ActorRef<R>);
  if (asked.post(message)) question.wait(timeoutMs);
  else question.fail(stoppedError(`Cannot ask "${asked.name}"`, asked));
  return question;
}

/**
 * Asks an actor. `request` makes the message around a `replyTo`, which is answered with `tell(replyTo, value)`; the first answer counts.
 *
 * `timeoutMs` is any number of ms from 0; `Infinity` means no limit. A finite time keeps the process alive until the answer or the end of
 * that time.
 * @throws `HANDOFF_STOPPED` as soon as the actor is dead, `HANDOFF_TIMEOUT` after `timeoutMs`, `TypeError` or `RangeError` for
 * wrong arguments, and what `request` threw.
 */
export function ask<M, R = unknown>(ref: ActorRef<M>, request: (replyTo: ActorRef<R>) => M, timeoutMs: number): Promise<R> {
  return askFor(ref, request, timeoutMs, undefined);
}
