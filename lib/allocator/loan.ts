import type { Loan } from '../executor/index.js';
import type { Allocator } from './allocator.js';
import type { ClaimClass } from './queue/claim-class.js';

/**
 * The claim of an attempt on this node while its function waits for runs of its own. It is lent to others from the first wait to the end of
 * the last one, then taken back as soon as there is room. The ledger never counts it twice.
 */
export class AttemptLoan implements Loan {
  readonly #allocation: Allocator;
  readonly #claim: ClaimClass;
  #state: 'held' | 'lent' | 'asked-back' | 'over' = 'held';
  #waits = 0;
  #resumes: (() => void)[] = [];
  #giveUp: (() => void) | undefined;

  constructor(allocation: Allocator, claim: ClaimClass) {
    this.#allocation = allocation;
    this.#claim = claim;
  }

  /** Whether the ledger does not count it at the moment. */
  get isOut(): boolean {
    return this.#state === 'lent' || this.#state === 'asked-back';
  }

  lend(): void {
    this.#waits += 1;
    if (this.#state === 'held') {
      this.#state = 'lent';
      this.#allocation.lend(this.#claim);
    } else if (this.#state === 'asked-back') {
      this.#giveUp?.();
      this.#state = 'lent';
      this.#resume();
    }
  }

  takeBack(resume: () => void): void {
    this.#waits -= 1;
    if (this.#waits > 0 || this.#state !== 'lent') return resume();
    this.#resumes.push(resume);
    this.#state = 'asked-back';
    this.#giveUp = this.#allocation.takeBack(this.#claim, () => {
      this.#state = 'held';
      this.#resume();
    });
  }

  /** The attempt is over. Returns whether its claim was lent, and so must not be freed. */
  close(): boolean {
    const wasOut = this.isOut;
    if (this.#state === 'asked-back') this.#giveUp?.();
    this.#state = 'over';
    this.#resume();
    return wasOut;
  }

  #resume(): void {
    const resumes = this.#resumes;
    this.#resumes = [];
    for (const resume of resumes) resume();
  }
}
