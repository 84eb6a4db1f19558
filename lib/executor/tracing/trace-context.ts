/**
 * A place in a trace, as W3C Trace Context writes it: what was called for is done as its child. It goes with attempts to other nodes, and
 * into threads and processes.
 */
export interface TraceContext {
  /** The header `traceparent` of version 00. Its last bit says whether the trace is recorded. */
  readonly traceparent: string;
  /** The header `tracestate`; `undefined` if it is empty. */
  readonly tracestate: string | undefined;
}

/** Where an attempt belongs in a trace. */
export interface AttemptOrigin {
  /** Its run. */
  readonly parent: TraceContext;
  /** For each function whose value it consumes, the `traceparent` of the attempt that made it; at most `MOST_LINKS`. */
  readonly links: readonly string[];
}

/** The place of an attempt in a trace, as its code gets it: what code starts in a thread or process is a child of that. */
export interface AttemptTrace extends TraceContext {
  /** Calls code of the attempt on the node's own loop, so that what that starts is a child too. */
  readonly activate: Activate;
}

/** Calls a function within a trace, and returns what it returns. */
export type Activate = <T>(body: () => T) => T;

/** The parts of a `traceparent`. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
}

const FORM = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/**
 * Returns the parts of a `traceparent`; `undefined` for any other text. Of the flags only the first is read, as the others have no meaning
 * in version 00. Source: W3C Trace Context, section 3.2.
 */
export function traceParentOf(text: string): TraceParent | undefined {
  const found = FORM.exec(text);
  if (!found) return undefined;
  return { traceId: found[1]!, spanId: found[2]!, isSampled: (Number.parseInt(found[3]!, 16) & 1) === 1 };
}

/** Returns the `traceparent` of a span. */
export const traceParentText = ({ traceId, spanId, isSampled }: TraceParent): string => `00-${traceId}-${spanId}-0${isSampled ? 1 : 0}`;
