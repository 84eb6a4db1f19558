import type { WireMessageOf } from '../../peer/index.js';
import type { AttemptOrigin } from '../tracing/trace-context.js';

type WireOrigin = NonNullable<WireMessageOf<'run-attempt'>['origin']>;

/** Returns the place of an attempt in a trace, as another node is told of it. */
export const wireOrigin = ({ parent: { traceparent, tracestate }, links }: AttemptOrigin): WireOrigin => ({
  traceparent,
  tracestate: tracestate ?? null,
  links,
});

/** Returns it as it was told; `undefined` in a run that is not traced. */
export const originFromWire = (origin: WireOrigin | null): AttemptOrigin | undefined =>
  origin ? { parent: { traceparent: origin.traceparent, tracestate: origin.tracestate ?? undefined }, links: origin.links } : undefined;
