/** What a suite of laws needs of a test framework. mocha and `node:test` have it; for vitest and jest, `before` is their `beforeAll`. */
export interface TestFramework {
  /** Groups the laws of one suite under a title. */
  describe(title: string, body: () => void): unknown;
  /** Declares one law. */
  readonly it: {
    /** Runs `body`; the law holds if its promise resolves. */
    (law: string, body: () => Promise<void>): unknown;
    /** Shows the law without running it. */
    skip(law: string, body: () => Promise<void>): unknown;
  };
  /** Runs `body` once before the laws of the group. */
  before(body: () => Promise<void>): unknown;
  /** Runs `body` once after the laws of the group. */
  after(body: () => Promise<void>): unknown;
}

/** A law that does not hold for a variant, on purpose. */
export interface SkippedLaw {
  /** The title of the law. */
  readonly law: string;
  /** Why it does not hold. It is shown beside the title. */
  readonly reason: string;
}

/** What every suite takes. */
export interface SuiteOptions extends TestFramework {
  /** The name of the variant, for titles. */
  readonly name: string;
  /** Laws that do not hold. The default is none. */
  readonly skip?: readonly SkippedLaw[];
}

/** The laws of one contract, by title. */
export type Laws = Readonly<Record<string, () => void | Promise<void>>>;

/**
 * Declares the laws of a contract in a test framework. `declareHooks` is called within the group of the laws, before them.
 * @throws `TypeError` if a law that is skipped does not exist, so that no reason outlives its law.
 */
export function declareLaws(
  contract: string,
  { describe, it, name, skip = [] }: SuiteOptions,
  laws: Laws,
  declareHooks?: () => void,
): void {
  const unknown = skip.find(({ law }) => !Object.hasOwn(laws, law));
  if (unknown) throw new TypeError(`skip names ${JSON.stringify(unknown.law)}, which is no law of ${contract}`);
  describe(`${contract}: ${name}`, () => {
    declareHooks?.();
    for (const [law, hold] of Object.entries(laws)) {
      const skipped = skip.find((one) => one.law === law);
      const body = async (): Promise<void> => hold();
      if (skipped) it.skip(`${law} (does not hold: ${skipped.reason})`, body);
      else it(law, body);
    }
  });
}
