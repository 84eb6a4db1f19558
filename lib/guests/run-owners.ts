/** How many runs of one driver are remembered. Beyond that the oldest are forgotten. */
const MOST_OF_ONE = 2000;

/**
 * Records the driver of each run that other nodes drive. A driver announces a run to every member before another node can know its id, so
 * the first node that mentions a run owns it. Pure.
 */
export class RunOwners {
  readonly #byRun = new Map<string, string>();
  readonly #byDriver = new Map<string, Set<string>>();

  ownerOf(runId: string): string | undefined {
    return this.#byRun.get(runId);
  }

  /** `driver` claims the run. Ignored if another driver owns it. */
  claim(driver: string, runId: string): void {
    if (this.#byRun.has(runId)) return;
    const runs = this.#byDriver.get(driver) ?? new Set();
    this.#byDriver.set(driver, runs);
    this.#byRun.set(runId, driver);
    runs.add(runId);
    const [oldest] = runs;
    if (runs.size > MOST_OF_ONE) this.forget(oldest!);
  }

  /** Forgets a run that is over. */
  forget(runId: string): void {
    const driver = this.#byRun.get(runId);
    if (driver === undefined) return;
    this.#byRun.delete(runId);
    const runs = this.#byDriver.get(driver)!;
    runs.delete(runId);
    if (runs.size === 0) this.#byDriver.delete(driver);
  }

  /** Forgets a driver that is gone. A node that comes back reports its runs anew. */
  forgetAll(driver: string): void {
    for (const runId of this.#byDriver.get(driver) ?? []) this.#byRun.delete(runId);
    this.#byDriver.delete(driver);
  }
}
