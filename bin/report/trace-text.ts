import type { ChromeTrace } from '../../lib/index.js';

/** How many events are made text at once: some milliseconds of work. */
const EVENTS_AT_ONCE = 2000;

/** Returns a trace as JSON, an event a line, in pieces. */
export function* traceText({ traceEvents, ...head }: ChromeTrace): Generator<string, void, void> {
  yield `${JSON.stringify(head).slice(0, -1)},"traceEvents":[`;
  for (let at = 0; at < traceEvents.length; at += EVENTS_AT_ONCE) {
    const lines = traceEvents.slice(at, at + EVENTS_AT_ONCE).map((event) => JSON.stringify(event));
    yield `${at === 0 ? '' : ','}\n${lines.join(',\n')}`;
  }
  yield '\n]}\n';
}
