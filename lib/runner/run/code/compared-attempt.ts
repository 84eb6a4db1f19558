import type { HandoffError } from '../../../base/index.js';
import type { FarHandle, RemoteOutcome } from '../../../executor/index.js';

/**
 * An attempt on another node that starts once it is known whether its modules are the same there. If they differ it is `declined`: the
 * function is placed elsewhere, and the attempt does not count.
 */
export class ComparedAttempt implements FarHandle {
  #begun: FarHandle | undefined;
  #isPromoted = false;
  #outcome: RemoteOutcome | undefined;
  #heard: ((outcome: RemoteOutcome) => void) | undefined;

  /** `mayBegin` resolves to whether they are the same. `begin` may throw, for arguments that cannot leave this node. */
  constructor(mayBegin: Promise<boolean>, begin: () => FarHandle) {
    void mayBegin.then((isSame) => {
      if (this.#outcome) return;
      if (!isSame) return this.#end({ type: 'declined' });
      try {
        this.#begun = begin();
      } catch (error) {
        return this.#end({ type: 'failed', error, final: true });
      }
      if (this.#isPromoted) this.#begun.promote();
      return this.#begun.listen((outcome) => this.#end(outcome));
    });
  }

  get slot(): number {
    return this.#begun?.slot ?? 0;
  }

  listen(heard: (outcome: RemoteOutcome) => void): void {
    this.#heard = heard;
    if (this.#outcome) heard(this.#outcome);
  }

  stop(reason: HandoffError, graceMs: number): void {
    if (this.#begun) this.#begun.stop(reason, graceMs);
    else this.#end({ type: 'stopped' });
  }

  takeBack(): void {
    if (this.#begun) this.#begun.takeBack();
    else this.#end({ type: 'declined' });
  }

  promote(): void {
    this.#isPromoted = true;
    this.#begun?.promote();
  }

  #end(outcome: RemoteOutcome): void {
    if (this.#outcome) return;
    this.#outcome = outcome;
    this.#heard?.(outcome);
  }
}
