import { createRequire } from 'node:module';
import { systemClock } from '../../base/index.js';
import type { ReportEnvironment, ReportedNode } from './report-content.js';

/** Returns where a report is made, now: versions, system, and the members of the cluster as far as they are known. */
export const reportEnvironment = (nodes: readonly ReportedNode[]): ReportEnvironment => ({
  madeAtMs: systemClock.wallNow(),
  handoffVersion: packageVersion,
  nodeVersion: process.version,
  platform: `${process.platform} ${process.arch}`,
  nodes: nodes.map(({ name, capabilities }) => ({ name, capabilities })),
});

/** The package names itself, so that it is found from the sources and from what is built. */
const { version: packageVersion } = createRequire(import.meta.url)('handoff-dag/package.json') as { readonly version: string };
