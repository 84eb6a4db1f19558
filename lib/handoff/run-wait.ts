import type { Loan } from '../executor/index.js';

/** The wait of a function for a run of its own. Meanwhile the function's claim is lent to others. */
export class RunWait {
  readonly #loan: Loan;
  #waiters = 0;
  #returned: Promise<void> | undefined;

  constructor(loan: Loan) {
    this.#loan = loan;
  }

  /** A caller waits for the run. */
  begin(): void {
    if (this.#returned) return;
    this.#waiters += 1;
    if (this.#waiters === 1) this.#loan.lend();
  }

  /** A caller stops waiting. Resolves when the function may go on. */
  leave(): Promise<void> {
    if (this.#returned) return this.#returned;
    this.#waiters -= 1;
    if (this.#waiters > 0) return Promise.resolve();
    return new Promise((resolve) => this.#loan.takeBack(resolve));
  }

  /** The run has ended. Calls `settle` when the function may go on. */
  end(settle: () => void): void {
    const isWaited = this.#waiters > 0;
    this.#returned = new Promise((resolve) => {
      const goOn = (): void => {
        settle();
        resolve();
      };
      if (isWaited) this.#loan.takeBack(goOn);
      else goOn();
    });
  }
}
