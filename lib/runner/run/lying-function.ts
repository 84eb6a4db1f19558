import type { HandoffError } from '../../base/index.js';
import {
  type AttemptHandle,
  isRemote,
  type LyingAttempt,
  type RemoteOutcome,
  startWatched,
  type TraceableAttempt,
} from '../../executor/index.js';
import { awayIn } from '../../store/index.js';
import type { RunDeps } from './run-job.js';

/** An attempt whose arguments take more waits on the loop, not at a thread: what lies at a thread is in memory twice. */
const MOST_BYTES = 64 * 1024;

/**
 * An attempt that was granted ahead of room: it lies at a thread if it can, else here. It is no attempt before it has begun: taken back, it
 * counts as declined.
 */
export class LyingFunction implements AttemptHandle<RemoteOutcome> {
  readonly #attempt: TraceableAttempt;
  readonly #deps: RunDeps;
  readonly #told: () => void;
  #hasBegun = false;
  /** At a thread. */
  readonly #lying: LyingAttempt | undefined;
  /** Begun here. */
  #running: AttemptHandle<RemoteOutcome> | undefined;
  #outcome: RemoteOutcome | undefined;
  #heard: ((outcome: RemoteOutcome) => void) | undefined;

  /** `told` is called when it begins. */
  constructor(attempt: TraceableAttempt, told: () => void, deps: RunDeps) {
    this.#attempt = attempt;
    this.#deps = deps;
    this.#told = told;
    this.#lying = isSmallAndHere(attempt) ? deps.executor.startAhead(attempt as never, () => this.#begin()) : undefined;
    this.#lying?.listen((outcome) => this.#end(outcome));
  }

  get slot(): number {
    return (this.#lying ?? this.#running)?.slot ?? 0;
  }

  listen(heard: (outcome: RemoteOutcome) => void): void {
    this.#heard = heard;
    if (this.#outcome) heard(this.#outcome);
  }

  /** It has room now, and its claim is held. */
  promote(): void {
    if (this.#hasBegun || this.#outcome) return;
    if (this.#lying) return this.#lying.promote();
    this.#begin();
    this.#running = startWatched(this.#attempt, this.#deps);
    this.#running.listen((outcome) => this.#end(outcome));
  }

  /** It is not to run next any more. What has begun goes on. */
  recall(): void {
    if (this.#isBack()) this.#end({ type: 'declined' });
  }

  stop(reason: HandoffError, graceMs: number): void {
    if (this.#isBack()) this.#end({ type: 'stopped' });
    else (this.#lying ?? this.#running)?.stop(reason, graceMs);
  }

  /** Takes it back, unless it has begun. */
  #isBack(): boolean {
    return !this.#hasBegun && !this.#outcome && (this.#lying?.takeBack() ?? true);
  }

  #begin(): void {
    this.#hasBegun = true;
    this.#told();
  }

  #end(outcome: RemoteOutcome): void {
    this.#outcome = outcome;
    this.#heard?.(outcome);
  }
}

function isSmallAndHere({ steps }: TraceableAttempt): boolean {
  let bytes = 0;
  for (const { inputs, extra } of steps) {
    for (const input of extra === undefined ? inputs : [...inputs, extra]) {
      if (typeof input === 'number') continue;
      if (isRemote(input) || awayIn(input).length > 0) return false;
      bytes += input.sizeBytes;
    }
  }
  return bytes <= MOST_BYTES;
}
