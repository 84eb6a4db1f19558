/** How many runs of one driver are remembered; of more the oldest are forgotten. */
const MOST_OF_ONE = 2000;

/**
 * Who drives which run, of those that other nodes drive. A driver tells every member that a run begins before anybody else can know its id;
 * the first that speaks of a run owns it. Pure.
 */
export class RunOwners {
  readonly #byRun = new Map<string, string>();
  readonly #byDriver = new Map<string, Set<string>>();

  ownerOf(runId: string): string | undefined {
    return this.#byRun.get(runId);
  }

  /** `driver` says that it drives the run; no more than a word if another does. */
  claim(driver: string, runId: string): void {
    if (this.#byRun.has(runId)) return;
    const runs = this.#byDriver.get(driver) ?? new Set();
    this.#byDriver.set(driver, runs);
    this.#byRun.set(runId, driver);
    runs.add(runId);
    const [oldest] = runs;
    if (runs.size > MOST_OF_ONE) this.forget(oldest!);
  }

  /** The run is over. */
  forget(runId: string): void {
    const driver = this.#byRun.get(runId);
    if (driver === undefined) return;
    this.#byRun.delete(runId);
    const runs = this.#byDriver.get(driver)!;
    runs.delete(runId);
    if (runs.size === 0) this.#byDriver.delete(driver);
  }

  /** The driver is gone. A node that comes back reports anew what it drives. */
  forgetAll(driver: string): void {
    for (const runId of this.#byDriver.get(driver) ?? []) this.#byRun.delete(runId);
    this.#byDriver.delete(driver);
  }
}
