/** An event of a Chrome trace. `X`: a bar. `i`: a mark. `s`, `f`: the ends of an arrow. `C`: a count. `M`: a name. */
export interface TraceEvent {
  readonly name: string;
  readonly ph: 'X' | 'i' | 's' | 'f' | 'C' | 'M';
  readonly pid: number;
  readonly tid?: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly id?: number;
  /** Of the end of an arrow: it belongs to the bar around it. */
  readonly bp?: 'e';
  /** Of a mark: it is one of its thread. */
  readonly s?: 't';
  readonly cname?: string;
  readonly args?: object;
}

/** A whole trace, as viewers open it. */
export interface ChromeTrace {
  readonly displayTimeUnit: 'ms';
  readonly otherData: {
    readonly runId: string;
    readonly dagId: string;
    /** How many attempts the run no longer keeps one by one. */
    readonly attemptsLeftOut: number;
  };
  readonly traceEvents: readonly TraceEvent[];
}
