import { type Context, context, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { expect } from 'chai';
import { Dag, Handoff } from '../../../lib/index.js';
import { caught } from '../../support/caught.js';
import { spyLogger } from '../../support/spy-logger.js';

const boom = (): never => {
  throw new Error('the SDK is broken');
};
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
let ended = 0;

/** A span that records, of which some methods are replaced. */
const spanWith = (broken: object): Span =>
  ({
    spanContext: () => ({ traceId: TRACE_ID, spanId: 'b7ad6b7169203331', traceFlags: 1 }),
    isRecording: () => true,
    setAttribute: () => undefined,
    setStatus: () => undefined,
    recordException: () => undefined,
    end: () => {
      ended += 1;
    },
    ...broken,
  }) as unknown as Span;

const tracer = (startSpan: () => Span) => ({ getTracer: () => ({ startSpan, startActiveSpan: boom }) });
const withSpan = (broken: object) => tracer(() => spanWith(broken));
type With = (place: Context, body: () => unknown) => unknown;
const calling: With = (_place, body) => body();
const manager = (withContext: With, active = (): Context => ROOT_CONTEXT) => ({
  active,
  with: withContext as never,
  bind: <T>(_place: Context, target: T): T => target,
  enable: () => manager(withContext, active),
  disable: () => manager(withContext, active),
});

const BROKEN: Record<string, { readonly provider?: object; readonly manager?: object }> = {
  'getTracer throws': { provider: { getTracer: boom } },
  'startSpan throws': { provider: tracer(boom) },
  'startSpan returns nothing': { provider: tracer(() => undefined as unknown as Span) },
  'spanContext throws': { provider: withSpan({ spanContext: boom }) },
  'spanContext is nonsense': { provider: withSpan({ spanContext: () => ({ traceId: 5, spanId: {}, traceFlags: 'x', traceState: 7 }) }) },
  'isRecording throws': { provider: withSpan({ isRecording: boom }) },
  'recordException and setStatus throw': { provider: withSpan({ recordException: boom, setStatus: boom }) },
  'end throws': { provider: withSpan({ end: boom }) },
  'with throws': { manager: manager(boom) },
  'with throws afterwards': {
    manager: manager((_place, body) => {
      body();
      return boom();
    }),
  },
  'with calls nothing': { manager: manager(() => undefined) },
  'with calls twice': {
    manager: manager((_place, body) => {
      body();
      return body();
    }),
  },
  'active throws': { manager: manager(calling, boom) },
};

describe('an OpenTelemetry SDK that is broken', () => {
  let node: Handoff;
  let logger: ReturnType<typeof spyLogger>;
  beforeEach(async () => {
    ended = 0;
    logger = spyLogger();
    node = await Handoff.start({ logger });
  });
  afterEach(async () => {
    trace.disable();
    context.disable();
    await node.stop();
  });

  for (const [how, { provider, manager: own }] of Object.entries(BROKEN)) {
    it(`harms no run: ${how}`, async () => {
      trace.setGlobalTracerProvider((provider ?? withSpan({})) as never);
      context.setGlobalContextManager((own ?? manager(calling)) as never);
      const calls = { good: 0, bad: 0 };
      const dag = Dag.dynamic('d')
        .add({ id: 'good', code: () => ++calls.good })
        .add({ id: 'later', code: async () => Promise.resolve(2) });
      expect((await node.execute(dag)).results).to.deep.equal({ good: 1, later: 2 });
      const failing = Dag.dynamic('e').add({
        id: 'bad',
        code: () => {
          calls.bad += 1;
          throw new RangeError('mine');
        },
      });
      const error = await caught(node.execute(failing, { maxRetries: 0 }));
      expect(String((error.cause as Error)?.message ?? error.message)).to.include('mine');
      expect(calls).to.deep.equal({ good: 1, bad: 1 });
      expect(logger.lines.filter(({ message }) => message.startsWith('OpenTelemetry has thrown')).length).to.be.at.most(1);
    });
  }

  it('has each of its spans ended, also if it records no error', async () => {
    trace.setGlobalTracerProvider(withSpan({ recordException: boom }) as never);
    context.setGlobalContextManager(manager(calling) as never);
    const failing = Dag.dynamic('e').add({
      id: 'bad',
      code: () => {
        throw new Error('mine');
      },
    });
    await caught(node.execute(failing, { maxRetries: 0 }));
    expect(ended).to.equal(2);
  });
});
