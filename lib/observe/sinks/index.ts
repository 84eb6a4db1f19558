import { chromeTraceSink } from './chrome-trace.js';
import { metricsSink } from './metrics.js';
import { openTelemetrySink } from './opentelemetry.js';
import type { MakeSink } from './sink.js';

/** The sinks of a node, by name. A new one is one file and one line here. */
export const sinks = {
  'chrome-trace': chromeTraceSink,
  metrics: metricsSink,
  opentelemetry: openTelemetrySink,
} as const satisfies Readonly<Record<string, MakeSink>>;
