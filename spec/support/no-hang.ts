/**
 * After the last spec the process should end by itself. Where something that a spec left keeps it alive, this says what, and ends it with a
 * failure: a forgotten node shall not hold up a build.
 */
const patienceMs = 15_000;

export const mochaHooks = {
  afterAll(): void {
    setTimeout(() => {
      const left = process.getActiveResourcesInfo();
      process.stderr.write(`the specs are over, but the process does not end: ${left.join(', ')}\n`);
      process.exit(1);
    }, patienceMs).unref();
  },
};
