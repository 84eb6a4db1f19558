import { context, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { expect } from 'chai';
import type { Handoff } from '../../../lib/handoff/index.js';
import { Dag, type DynamicDag, type RunSummary } from '../../../lib/index.js';
import { type Journal, type JournalOptions, journals, MemoryDatabase } from '../../../lib/journal/index.js';
import { clearStage, gateAt } from '../../scenarios/modules/stage.js';
import { event, loop, tasks } from '../../scenarios/modules/watching.js';
import { caught } from '../../support/caught.js';
import { SpecCluster } from '../../support/cluster.js';

describe('spans of durable runs', () => {
  let exporter: InMemorySpanExporter;
  let provider: NodeTracerProvider;
  let database: MemoryDatabase;
  let cluster: SpecCluster;
  let remains: Promise<void> | undefined;

  beforeEach(() => {
    clearStage();
    exporter = new InMemorySpanExporter();
    provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    provider.register();
    database = new MemoryDatabase();
    const openJournal = (given: JournalOptions): Promise<Journal> => journals.memory(database, given);
    cluster = new SpecCluster({ openJournal });
  });
  afterEach(async () => {
    await remains;
    remains = undefined;
    await cluster.stop();
    trace.disable();
    context.disable();
    await provider.shutdown();
  });

  const spans = (): readonly ReadableSpan[] => exporter.getFinishedSpans();
  /** The only one that is so. */
  const one = (isSo: (span: ReadableSpan) => boolean): ReadableSpan => {
    const found = spans().filter(isSo);
    expect(found.map(({ name, attributes }) => [name, attributes])).to.have.length(1);
    return found[0]!;
  };
  const runOn = (node: string): ReadableSpan =>
    one(({ name, attributes }) => name === 'handoff.run' && attributes['handoff.node'] === node);
  const attemptAt = (id: string): ReadableSpan => one(({ attributes }) => attributes['handoff.function.id'] === id);
  const parentOf = ({ parentSpanContext }: ReadableSpan): string | undefined => parentSpanContext?.spanId;
  const idOf = (span: ReadableSpan): string => span.spanContext().spanId;
  const linksOf = ({ links }: ReadableSpan): unknown[] =>
    links.map(({ context: { spanId } }) => spans().find((span) => idOf(span) === spanId)?.attributes['handoff.function.id'] ?? spanId);

  /** All of it runs on `b`. */
  const dag = (): DynamicDag =>
    Dag.dynamic('traced')
      .add({ id: 'first', code: tasks.small, cost: { cpu: 1 }, ...loop })
      .add({ id: 'held', code: tasks.held, args: ['first'], cost: { cpu: 1 }, ...loop })
      .add({ id: 'end', code: tasks.small, args: ['first', 'held'], cost: { cpu: 1 }, ...loop });
  const options = { key: 'k', durability: 'strict', waitMs: 1e9 } as const;

  async function startAll(): Promise<Record<'a' | 'c', Handoff>> {
    for (const [name, capabilities] of [
      ['a', {}],
      ['b', { cpu: 4 }],
      ['c', {}],
    ] as const) {
      await cluster.start(name, { capabilities });
    }
    for (const name of ['a', 'b', 'c']) await cluster.until(name, (nodes) => nodes.length === 3);
    return { a: cluster.node('a'), c: cluster.node('c') };
  }

  /** The run, as soon as a node that goes on with it knows it. */
  async function goneOn(heir: Handoff): Promise<RunSummary> {
    for (;;) {
      const [run] = (await heir.allRuns()).filter(({ driver }) => driver === 'd');
      if (run) return run;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** `a` drives the run until `held` is held on `b`, and dies. */
  async function leftBy(a: Handoff): Promise<void> {
    const run = a.execute(dag(), options);
    void caught(run);
    await event(run, 'function-started', 'held');
    await gateAt('held', 'b').reached;
    remains = cluster.kill('a');
    for (const name of ['b', 'c']) await cluster.until(name, (nodes) => nodes.length === 2);
    database.endLease('a');
    // Its own spans are over with it.
    await remains;
  }

  it('of one that goes on begin anew within the trace of its caller, and what goes on at its node keeps its own', async () => {
    const { a, c } = await startAll();
    await leftBy(a);
    gateAt('held', 'b').open();
    await trace.getTracer('user').startActiveSpan('caller', async (span) => {
      await c.execute(dag(), options);
      span.end();
    });
    const [before, after] = [runOn('a'), runOn('c')];
    expect(after.attributes).to.include({ 'handoff.run.id': before.attributes['handoff.run.id'], 'handoff.run.key': 'k' });
    expect(before.status.code, 'its driver has left it').to.equal(2);
    expect(parentOf(after)).to.equal(idOf(one(({ name }) => name === 'caller')));
    expect([parentOf(attemptAt('first')), parentOf(attemptAt('held'))]).to.deep.equal([idOf(before), idOf(before)]);
    const end = attemptAt('end');
    expect(parentOf(end)).to.equal(idOf(after));
    expect(linksOf(end), 'what comes from the journal has no attempt to lead to').to.deep.equal(['held']);
    expect(after.links).to.deep.equal([]);
    expect([before, after].map(({ status }) => status.code)).to.deep.equal([2, 0]);
  });

  it('of one that a node goes on with by itself are a trace of their own, whatever is active on that node', async () => {
    const { a } = await startAll();
    await leftBy(a);
    gateAt('held', 'b').open();
    const heir = await trace
      .getTracer('user')
      .startActiveSpan('of the program', () => cluster.start('d', { capabilities: {}, resume: true }));
    for await (const one of heir.watch((await goneOn(heir)).runId)) if (one.type === 'run-completed') break;
    await cluster.stop();
    const after = runOn('d');
    expect(parentOf(after)).to.equal(undefined);
    expect(after.spanContext().traceId).not.to.equal(runOn('a').spanContext().traceId);
    expect(parentOf(attemptAt('end'))).to.equal(idOf(after));
    expect(linksOf(attemptAt('end'))).to.deep.equal(['held']);
  });
});
