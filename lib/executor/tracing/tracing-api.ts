// The part of `@opentelemetry/api` that is used, as types of our own: those of the package are not there where the package is not.

/** `@opentelemetry/api`. */
export interface TracingApi {
  readonly ROOT_CONTEXT: SpanPlace;
  readonly context: { active(): SpanPlace; with<T>(place: SpanPlace, body: () => T): T };
  readonly trace: {
    getTracer(name: string): { startSpan(name: string, options: SpanOptions, place: SpanPlace): Span };
    setSpan(place: SpanPlace, span: Span): SpanPlace;
    setSpanContext(place: SpanPlace, span: SpanContext): SpanPlace;
  };
  createTraceState(text: string): TraceState;
}

/** What is active somewhere, a span among it: a `Context` of the API. */
export type SpanPlace = object;

/** A span that has begun. */
export interface Span {
  spanContext(): SpanContext;
  isRecording(): boolean;
  setAttribute(key: string, value: string | number): unknown;
  setStatus(status: { code: number; message?: string }): unknown;
  recordException(error: { name?: string; message: string; stack?: string }): void;
  end(): void;
}

/** The name of a span. */
export interface SpanContext {
  traceId: string;
  spanId: string;
  traceFlags: number;
  isRemote?: boolean;
  traceState?: TraceState;
}

/** What a span begins with. */
export interface SpanOptions {
  attributes?: Record<string, string | number>;
  links?: { context: SpanContext }[];
  startTime?: Date;
}

/** The `tracestate` of a trace. */
export interface TraceState {
  serialize(): string;
}
