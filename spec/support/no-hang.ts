/**
 * What a spec leaves behind must not hold up a build. A file of specs ends with as many sockets, processes and threads as it began with;
 * what is still closing gets a while. Where mocha runs all files in one process, that process must end by itself as well.
 */
const patienceMs = 15_000;
/** One process among several, each of which runs one file after the other and is ended by mocha. */
const isWorker = process.env.MOCHA_WORKER_ID !== undefined;
let before: ReadonlyMap<string, number> = new Map();

function resources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** The kinds of which there are more than at the beginning. Files and name look-ups end by themselves; of timers Node's count is no exact one. */
const leftover = (): string[] =>
  [...resources()].flatMap(([kind, count]) =>
    /ReqCallback|ReqWrap|Immediate|Timeout/.test(kind) || count <= (before.get(kind) ?? 0) ? [] : [kind],
  );

export const mochaHooks = {
  beforeAll(): void {
    before = resources();
  },

  async afterAll(this: Mocha.Context): Promise<void> {
    if (!isWorker) {
      setTimeout(() => {
        process.stderr.write(`the specs are over, but the process does not end: ${process.getActiveResourcesInfo().join(', ')}\n`);
        process.exit(1);
      }, patienceMs).unref();
      return;
    }
    this.timeout(2 * patienceMs);
    const untilMs = performance.now() + patienceMs;
    while (leftover().length > 0) {
      if (performance.now() > untilMs) throw new Error(`these specs left behind: ${leftover().join(', ')}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  },
};
