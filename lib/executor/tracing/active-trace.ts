import { createRequire } from 'node:module';
import { type Activate, type TraceContext, traceParentOf } from './trace-context.js';
import type { SpanContext, SpanPlace, TracingApi } from './tracing-api.js';

/** Where every copy of `@opentelemetry/api` 1.x keeps what a program has registered. A spec says so, should it ever change. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

/** The longest `tracestate` that is handed on, characters. Source: W3C Trace Context, section 3.3.1.5. */
const LONGEST_STATE = 512;

let api: TracingApi | undefined;
let isMissing = false;

/**
 * Returns `@opentelemetry/api` if the program has registered a provider of spans, and the package is there for us. Until then it is not
 * loaded, which takes 15 to 40 ms; afterwards the program has loaded it itself. Where that never happens a call costs 20 ns.
 */
export function tracingApi(): TracingApi | undefined {
  if ((globalThis as Registry)[REGISTERED]?.trace === undefined || isMissing) return undefined;
  try {
    api ??= createRequire(import.meta.url)('@opentelemetry/api') as TracingApi;
  } catch {
    isMissing = true;
  }
  return api;
}

/** Returns what makes code a part of a trace that began elsewhere; `undefined` if nothing here would notice. */
export function activatorOf(trace: TraceContext): Activate | undefined {
  const found = tracingApi();
  const span = found && spanContextOf(found, trace, true);
  if (!span) return undefined;
  const active = found.trace.setSpanContext(found.ROOT_CONTEXT, span);
  return activatorIn(found, active);
}

/**
 * Returns what calls code at a place of a trace. What the program has registered may throw, or not call it: then the code runs without a
 * place, and once in any case. Only what the code itself throws is thrown.
 */
export const activatorIn = (found: TracingApi, place: SpanPlace): Activate => {
  return (body) => {
    type Result = { readonly value: ReturnType<typeof body> } | { readonly thrown: unknown };
    let result: Result | undefined;
    const run = (): Result => {
      try {
        return { value: body() };
      } catch (thrown) {
        return { thrown };
      }
    };
    try {
      found.context.with(place, () => {
        result ??= run();
      });
    } catch {
      // It is told of where spans begin and end.
    }
    result ??= run();
    if ('thrown' in result) throw result.thrown;
    return result.value;
  };
};

/** Returns the context of the span that a trace context names; `undefined` if it names none. `isRemote`: it is another process's. */
export function spanContextOf(found: TracingApi, { traceparent, tracestate }: TraceContext, isRemote: boolean): SpanContext | undefined {
  const parent = traceParentOf(traceparent);
  if (!parent) return undefined;
  const { traceId, spanId, isSampled } = parent;
  const traceState = tracestate !== undefined && tracestate.length <= LONGEST_STATE ? found.createTraceState(tracestate) : undefined;
  return { traceId, spanId, traceFlags: isSampled ? 1 : 0, isRemote, ...(traceState && { traceState }) };
}

/** What a program may have registered with the API. */
interface Registry {
  readonly [REGISTERED]?: { readonly trace?: object };
}
