// A node that others join, or a driver: a program of its own, as what is set up with OpenTelemetry is for a whole process.
import { once } from 'node:events';
import { Dag, functionsIn, Handoff, type NodeOptions } from '../../../lib/index.js';

/** What the spec says: `spans` is whether the program sets OpenTelemetry up, and so do its threads. */
interface Order {
  readonly role: 'node' | 'driver';
  readonly name: string;
  readonly spans: boolean;
  readonly join: readonly string[];
}

const order = JSON.parse(process.argv[2]!) as Order;
const say = (what: unknown): void => void process.stdout.write(`${JSON.stringify(what)}\n`);
const setUp = new URL('./set-up.mjs', import.meta.url).href;
if (order.spans) await import(setUp);
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const options: NodeOptions = {
  name: order.name,
  root: new URL('../../..', import.meta.url).pathname,
  capabilities: { cpu: 2, [order.name]: 9 },
  threads: 1,
  listen: '127.0.0.1:0',
  join: order.join,
  cookie: 'a cookie for the spec of traces',
  logger: quiet,
  ...(order.spans && { threadSetup: setUp }),
};
const handoff = await Handoff.start(options);
const code = functionsIn<typeof import('./functions.mjs')>(new URL('./functions.mjs', import.meta.url));

/** One of everything: threads, loops and processes, on three nodes. */
const dag = (): Dag<object, string> =>
  Dag.dynamic('everything')
    .add({ id: 'numbers', code: code.numbers, cost: { left: 1 } })
    .map({ id: 'plus', over: 'numbers', code: code.plusOne, cost: { right: 1 } })
    .add({ id: 'sum', code: code.sum, args: ['plus'], cost: { left: 1 }, isolation: 'process' })
    .add({ id: 'marked', code: code.marked, args: ['sum'], cost: { right: 1 }, isolation: 'loop' })
    .add({ id: 'flaky-7', code: code.flaky, cost: { left: 1 }, retry: { initialDelayMs: 1 }, isolation: 'loop' })
    .add({ id: 'failing', code: code.failing, cost: { right: 1 }, maxRetries: 0, optional: true })
    .add({ id: 'endless', code: code.endless, cost: { left: 1 }, timeoutMs: 5, maxRetries: 0, optional: true, isolation: 'loop' })
    .add({ id: 'outer', code: async () => (await handoff.execute(inner())).results.within, cost: { driver: 1 } }) as never;
const inner = () => new Dag('inner').add({ id: 'within', code: () => 'inner' });

if (order.role === 'driver') {
  const { trace } = await import('@opentelemetry/api');
  const ran = await trace.getTracer('user').startActiveSpan('caller', async (span) => {
    const run = handoff.execute(dag());
    const { runId, results } = await run;
    const cancelled = handoff.execute(new Dag('cancelled').add({ id: 'never', code: () => new Promise<string>(() => {}) }), {
      stopGraceMs: 0,
    });
    for await (const event of cancelled) if (event.type === 'function-started') void cancelled.cancel('enough');
    span.end();
    return { runId, results };
  });
  say(ran);
} else say({ url: handoff.address });
// Spans are sent meanwhile.
process.stdin.resume();
await once(process.stdin, 'end');
await handoff.stop({ graceMs: 0 });
