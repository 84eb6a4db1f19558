/** How much a report holds of each thing that may be large: the file can be mailed, however much a run has printed or thrown. */
export interface ReportLimits {
  /** How many different errors. */
  readonly errors: number;
  /** Characters of a message or a stack. */
  readonly errorText: number;
  /** How many causes of an error. */
  readonly causes: number;
  /** Characters of all errors, and of all lines. */
  readonly allErrorText: number;
  readonly allLineText: number;
  /** Characters of one line. */
  readonly lineText: number;
  /** Producers that functions wait for, in all. */
  readonly waits: number;
}

/** What reports hold. Beyond the first thousand different errors, functions only say that they failed, and are counted. */
export const REPORT_LIMITS: ReportLimits = {
  errors: 1_000,
  errorText: 8_000,
  causes: 10,
  allErrorText: 1_000_000,
  allLineText: 1_000_000,
  lineText: 2_000,
  waits: 1_000_000,
};
