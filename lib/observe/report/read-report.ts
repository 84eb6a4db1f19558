import type { ObservedRun } from '../../runner/index.js';
import { decodeRun } from './decode-run.js';
import type { LeftOut } from './encoded-run.js';
import type { ReportContent, ReportEnvironment } from './report-content.js';

/** What a report tells of its run. */
export interface OpenedReport {
  readonly run: ObservedRun;
  readonly environment: ReportEnvironment;
  readonly leftOut: LeftOut;
}

/** Reads the JSON of a report. Nothing here is of Node: browsers call it. Throws `TypeError` for a report of another format. */
export function readReport(json: string): OpenedReport {
  const { run, environment } = JSON.parse(json) as ReportContent;
  if (run?.format !== 1) throw new TypeError('Cannot read the report: it is of another version of handoff-dag');
  return { run: decodeRun(run), environment, leftOut: run.leftOut };
}
