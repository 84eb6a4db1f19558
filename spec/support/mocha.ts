import type { TestFramework } from '../../lib/conformance/index.js';

/** The framework of these specs, as suites of laws take it. */
export const mocha: TestFramework = { describe, it, before, after };
