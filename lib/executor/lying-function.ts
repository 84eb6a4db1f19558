import type { HandoffError } from '../base/index.js';
import { awayIn } from '../store/index.js';
import type { AttemptHandle, LyingAttempt } from './executor.js';
import { startWatched, type TraceableAttempt, type WatchDeps } from './tracing/traced-attempt.js';
import type { GatheredOutcome } from './values/gathered-attempt.js';
import { isRemote } from './values/remote-value.js';

/** An attempt whose arguments take more waits on the loop, not at a thread: what lies at a thread is in memory twice. */
export const MOST_LYING_BYTES = 64 * 1024;

/**
 * An attempt that was granted ahead of room: it lies at a thread if it can, else here. It is no attempt before it has begun: taken back, it
 * counts as declined.
 */
export class LyingFunction implements AttemptHandle<LyingOutcome> {
  readonly #attempt: TraceableAttempt;
  readonly #deps: WatchDeps;
  readonly #told: () => void;
  #hasBegun = false;
  /** At a thread. */
  readonly #lying: LyingAttempt | undefined;
  /** Begun here. */
  #running: AttemptHandle<GatheredOutcome> | undefined;
  #outcome: LyingOutcome | undefined;
  #heard: ((outcome: LyingOutcome) => void) | undefined;

  /** `told` is called when it begins. */
  constructor(attempt: TraceableAttempt, told: () => void, deps: WatchDeps) {
    this.#attempt = attempt;
    this.#deps = deps;
    this.#told = told;
    this.#lying = mayLieAtThread(attempt) ? deps.executor.startAhead(attempt as never, () => this.#begin()) : undefined;
    this.#lying?.listen((outcome) => this.#end(outcome));
  }

  get slot(): number {
    return (this.#lying ?? this.#running)?.slot ?? 0;
  }

  listen(heard: (outcome: LyingOutcome) => void): void {
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
  takeBack(): void {
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

  #end(outcome: LyingOutcome): void {
    this.#outcome = outcome;
    this.#heard?.(outcome);
  }
}

/** `declined`: it was taken back before it had begun. */
export type LyingOutcome = GatheredOutcome | { readonly type: 'declined' };

/** One of a traced run is watched from its start on, and nobody here sees when it starts at a thread. */
function mayLieAtThread({ steps, origin }: TraceableAttempt): boolean {
  if (origin) return false;
  let bytes = 0;
  for (const { inputs, extra } of steps) {
    for (const input of extra === undefined ? inputs : [...inputs, extra]) {
      if (typeof input === 'number') continue;
      if (isRemote(input) || awayIn(input).length > 0) return false;
      bytes += input.sizeBytes;
    }
  }
  return bytes <= MOST_LYING_BYTES;
}
