import type { EncodedRun } from './encoded-run.js';

/** What a report holds besides its page: a run, and where it ran. It stands as JSON in the element with this id. */
export interface ReportContent {
  readonly run: EncodedRun;
  readonly environment: ReportEnvironment;
}

/** The id of the element that a report has its content in. A page without it is live. */
export const REPORT_ELEMENT = 'handoff-report';

/** The id of the element that a report has the script of the layout worker in, as text. */
export const LAYOUT_WORKER_ELEMENT = 'handoff-layout-worker';

/** Where a report was made. */
export interface ReportEnvironment {
  /** When, ms since 1970. */
  readonly madeAtMs: number;
  /** The versions of this package and of Node. */
  readonly handoffVersion: string;
  readonly nodeVersion: string;
  /** The system, as in `linux x64`. */
  readonly platform: string;
  /** The members of the cluster when the report was made, with what they have. */
  readonly nodes: readonly ReportedNode[];
}

/** A member of the cluster. */
export interface ReportedNode {
  readonly name: string;
  readonly capabilities: Readonly<Record<string, number>>;
}
