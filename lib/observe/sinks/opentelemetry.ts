import { type Logger, textOf } from '../../base/index.js';
import {
  type AttemptContext,
  type AttemptOrigin,
  activatorIn,
  activatorOf,
  type Span,
  type SpanContext,
  type SpanPlace,
  spanContextOf,
  type TraceContext,
  type TracingApi,
  traceParentOf,
  traceParentText,
  tracingApi,
  type WatchedAttempt,
} from '../../executor/index.js';
import { type BeginRun, type BegunRun, groupNameOf, type WatchedRun } from '../../runner/index.js';
import type { NodeSink, SinkNode } from './sink.js';

/** The name of the library in its spans. */
const TRACER = 'handoff-dag';

/** The status of a span that failed. Source: `SpanStatusCode` of OpenTelemetry. */
const ERROR = 2;

/**
 * Spans for whatever the program has set up with OpenTelemetry: one for each run, on its driver, and one for each attempt, on the node that
 * runs it. A program that has set nothing up gets none, and pays a look at a global for each run.
 */
export const openTelemetrySink = ({ name, logger }: SinkNode): NodeSink => {
  const spans = new Spans(name, logger);
  return {
    watchRun: (asks) => spans.runRequested(asks),
    watchAttempt: (context, origin) => spans.attemptBegan(context, origin),
  };
};

class Spans {
  readonly #node: string;
  readonly #logger: Logger;
  /** The spans of runs that this node drives: their attempts here are children of those, and not of a remote one. */
  readonly #runs = new Map<string, Span>();
  #hasFailed = false;

  constructor(node: string, logger: Logger) {
    this.#node = node;
    this.#logger = logger;
  }

  runRequested(asks: 'caller' | 'nobody'): BeginRun | undefined {
    const api = tracingApi();
    if (!api) return undefined;
    const caller = asks === 'caller' ? this.#safely(() => api.context.active()) : api.ROOT_CONTEXT;
    const startTime = new Date();
    return caller && ((run) => this.#safely(() => this.#runBegan(api, run, caller, startTime)));
  }

  #runBegan(api: TracingApi, { runId, dagId, key, node, total }: BegunRun, caller: SpanPlace, startTime: Date): WatchedRun | undefined {
    const attributes = {
      'handoff.dag.id': dagId,
      'handoff.run.id': runId,
      'handoff.node': node,
      'handoff.run.functions': total,
      ...(key !== undefined && { 'handoff.run.key': key }),
    };
    const span = api.trace.getTracer(TRACER).startSpan('handoff.run', { attributes, startTime }, caller);
    const trace = traceOf(span.spanContext());
    // What is registered makes no spans.
    if (!trace) return undefined;
    this.#runs.set(runId, span);
    return {
      trace,
      ended: (error) => {
        if (this.#runs.get(runId) === span) this.#runs.delete(runId);
        this.#end(span, error);
      },
    };
  }

  attemptBegan(context: AttemptContext, { parent, links }: AttemptOrigin): WatchedAttempt | undefined {
    const api = tracingApi();
    if (!api) return undefined;
    if (traceParentOf(parent.traceparent)?.isSampled !== true) return this.#safely(() => unsampled(parent));
    return this.#safely(() => this.#sampled(api, context, parent, links));
  }

  #sampled(api: TracingApi, context: AttemptContext, parent: TraceContext, links: readonly string[]): WatchedAttempt {
    const { dagId, runId, functionId, attempt } = context;
    const attributes = {
      'handoff.dag.id': dagId,
      'handoff.run.id': runId,
      'handoff.function.id': functionId,
      'handoff.attempt': attempt,
      'handoff.node': this.#node,
    };
    const own = this.#runs.get(runId);
    const { trace: spans, ROOT_CONTEXT: root } = api;
    const within = own ? spans.setSpan(root, own) : spans.setSpanContext(root, spanContextOf(api, parent, true)!);
    const linked = links.flatMap((traceparent) => spanContextOf(api, { traceparent, tracestate: undefined }, true) ?? []);
    const options = { attributes, links: linked.map((producer) => ({ context: producer })) };
    const span = spans.getTracer(TRACER).startSpan(`handoff.function ${groupNameOf(functionId)}`, options, within);
    const active = spans.setSpan(root, span);
    const trace = traceOf(span.spanContext()) ?? parent;
    return {
      trace: { ...trace, activate: activatorIn(api, active) },
      span: span.isRecording() ? trace.traceparent : undefined,
      ended: (error) => this.#end(span, error),
    };
  }

  /** A span ends also if its error cannot be recorded. */
  #end(span: Span, error: unknown): void {
    if (error !== undefined) this.#safely(() => fail(span, error));
    this.#safely(() => span.end());
  }

  /** What a program has set up may throw. Its runs must not notice; that is logged once. */
  #safely<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      if (!this.#hasFailed) this.#logger.warn({ err: error }, 'OpenTelemetry has thrown: spans may be missing');
      this.#hasFailed = true;
      return undefined;
    }
  }
}

/** An attempt at a run whose trace is not recorded: spans of its code are not recorded either. */
const unsampled = (parent: TraceContext): WatchedAttempt => ({
  trace: { ...parent, activate: activatorOf(parent) ?? ((body) => body()) },
  span: undefined,
  ended() {},
});

/** Returns the context of a span as it is sent; `undefined` if it is none, as without an SDK. */
function traceOf({ traceId, spanId, traceFlags, traceState }: SpanContext): TraceContext | undefined {
  const traceparent = traceParentText({ traceId, spanId, isSampled: (traceFlags & 1) === 1 });
  if (!traceParentOf(traceparent)) return undefined;
  return { traceparent, tracestate: traceState?.serialize() || undefined };
}

function fail(span: Span, error: unknown): void {
  const message = textOf(error);
  const { name, stack } = error instanceof Error ? error : { name: 'Error', stack: undefined };
  span.recordException({ name, message, ...(stack !== undefined && { stack }) });
  span.setStatus({ code: ERROR, message });
}
