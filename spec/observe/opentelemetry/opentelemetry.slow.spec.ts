import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { OtlpReceiver, type SentSpan } from './receiver.js';

/** How many spans one of everything has: 13 attempts, 3 runs, 5 of the functions' own, and that of the caller. */
const ALL = 22;

describe('spans of OpenTelemetry', () => {
  let receiver: OtlpReceiver;
  let children: ChildProcess[];
  async function begin(): Promise<void> {
    receiver = await OtlpReceiver.start();
    children = [];
  }
  async function leave(): Promise<void> {
    await end();
    await receiver.close();
  }

  async function end(): Promise<void> {
    const ended = children.splice(0).map(async (child) => {
      child.stdin!.end();
      if (child.exitCode === null) await once(child, 'exit');
    });
    await Promise.all(ended);
  }

  /** Starts the program, and returns what it says first. */
  async function start(role: 'node' | 'driver', name: string, join: readonly string[], given: Given = {}): Promise<Said> {
    const order = JSON.stringify({ role, name, join, spans: given.spans ?? true });
    const env = { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, SPEC_SAMPLER: given.sampler ?? 'on' };
    const args = ['--import', 'tsx', fileURLToPath(new URL('./program.ts', import.meta.url)), order];
    const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    for await (const line of createInterface({ input: child.stdout! })) return JSON.parse(line) as Said;
    throw new Error(`${name} has said nothing`);
  }

  /** Runs one of everything on a driver and two nodes, each a process of its own. */
  async function run(given: { readonly driver?: Given; readonly nodes?: Given }): Promise<Said> {
    const left = await start('node', 'left', [], given.nodes);
    await start('node', 'right', [left.url!], given.nodes);
    return start('driver', 'driver', [left.url!], given.driver);
  }

  const functionOf = ({ attributes }: SentSpan): unknown => attributes['handoff.function.id'];
  const byFunction = (id: string): SentSpan[] => receiver.spans.filter((span) => functionOf(span) === id);
  const one = (name: string): SentSpan => {
    const found = receiver.spans.filter((span) => span.name === name);
    expect(found, name).to.have.length(1);
    return found[0]!;
  };
  const named = (id: string | undefined): SentSpan | undefined => receiver.spans.find(({ spanId }) => spanId === id);

  // Three processes start for each cluster: both laws are seen on one.
  describe('of one of everything', () => {
    let said: Said;
    before(async () => {
      await begin();
      said = await run({});
      await receiver.until(ALL);
    });
    after(leave);

    it('are one tree over nodes, threads and processes, with links along the edges', () => {
      const { runId, results } = said;
      expect(results).to.deep.include({ sum: 9, plus: [2, 3, 4], outer: 'inner' });
      expect(receiver.spans).to.have.length(ALL);
      const caller = one('caller');
      expect(new Set(receiver.spans.map(({ traceId }) => traceId))).to.deep.equal(new Set([caller.traceId]));

      const runs = receiver.spans.filter(({ name }) => name === 'handoff.run');
      const ofDag = (dagId: string): SentSpan => runs.find(({ attributes }) => attributes['handoff.dag.id'] === dagId)!;
      const everything = ofDag('everything');
      expect(everything.parentSpanId).to.equal(caller.spanId);
      expect(everything.attributes).to.deep.equal({
        ...{ 'handoff.dag.id': 'everything', 'handoff.run.id': runId, 'handoff.node': 'driver', 'handoff.run.functions': 8 },
      });
      expect(ofDag('inner').parentSpanId, 'a run within a function').to.equal(byFunction('outer')[0]!.spanId);

      const attempts = receiver.spans.filter(({ attributes }) => attributes['handoff.run.id'] === runId && attributes['handoff.attempt']);
      for (const attempt of attempts) expect(attempt.parentSpanId, attempt.name).to.equal(everything.spanId);
      expect(byFunction('plus[1]')[0]!.name).to.equal('handoff.function plus[*]');
      expect(byFunction('plus[1]')[0]!.attributes).to.deep.equal({
        ...{ 'handoff.dag.id': 'everything', 'handoff.run.id': runId, 'handoff.node': 'right' },
        ...{ 'handoff.function.id': 'plus[1]', 'handoff.attempt': 1 },
      });

      const linksOf = (id: string): unknown[] => byFunction(id)[0]!.links.map(({ spanId }) => functionOf(named(spanId)!));
      expect(linksOf('plus[2]')).to.deep.equal(['numbers']);
      expect(linksOf('sum'), 'of a map, its elements').to.deep.equal(['plus[0]', 'plus[1]', 'plus[2]']);
      expect(linksOf('marked')).to.deep.equal(['sum']);
      expect(linksOf('numbers')).to.deep.equal([]);

      for (const [own, id] of [
        ['own span of numbers', 'numbers'],
        ['own span of 2', 'plus[1]'],
        ['own span of sum', 'sum'],
      ] as const) {
        expect(one(own).parentSpanId, own).to.equal(byFunction(id)[0]!.spanId);
      }
      expect(byFunction('marked')[0]!.attributes, 'on the loop the active span is that of the attempt').to.include({ 'user.mark': 'made' });
    });

    it('end with the error of an attempt or a run that failed, timed out or was cancelled, and each attempt has one', () => {
      const errorsOf = (id: string): unknown[] =>
        byFunction(id)
          .sort((a, b) => Number(a.attributes['handoff.attempt']) - Number(b.attributes['handoff.attempt']))
          .map(({ status, events }) => [
            status.code,
            status.message,
            events.map(({ name, attributes }) => [name, attributes['exception.type']]),
          ]);
      expect(errorsOf('flaky-7')).to.deep.equal([
        [2, 'not the first time', [['exception', 'RangeError']]],
        [0, undefined, []],
      ]);
      expect(errorsOf('failing')).to.deep.equal([[2, 'never', [['exception', 'RangeError']]]]);
      const timedOut = 'Function "endless" timed out: it took longer than 5 ms';
      expect(errorsOf('endless')).to.deep.equal([[2, timedOut, [['exception', 'HandoffError']]]]);
      const cancelled = 'Run of DAG "cancelled" was cancelled';
      expect(errorsOf('never')).to.deep.equal([[2, cancelled, [['exception', 'HandoffError']]]]);
      const run_ = receiver.spans.find(({ name, attributes }) => name === 'handoff.run' && attributes['handoff.dag.id'] === 'cancelled')!;
      expect(run_.status).to.deep.equal({ code: 2, message: cancelled });
      expect(run_.events.map(({ attributes }) => attributes['exception.message'])).to.deep.equal([cancelled]);
      for (const { name, startTimeUnixNano: start, endTimeUnixNano: over } of receiver.spans)
        expect(BigInt(over) >= BigInt(start), name).to.equal(true);
    });
  });

  describe('of parts of it', () => {
    beforeEach(begin);
    afterEach(leave);

    it('are none of an attempt where the run is not sampled, whatever its nodes would sample', async () => {
      const { results } = await run({ driver: { sampler: 'off' } });
      expect(results).to.include({ sum: 9 });
      await end();
      expect(receiver.spans).to.deep.equal([]);
    });

    it('are those of functions alone where the driver has set nothing up', async () => {
      await run({ driver: { spans: false } });
      await receiver.until(5);
      await end();
      expect(receiver.spans.filter(({ name, parentSpanId }) => !name.startsWith('own span of') || parentSpanId)).to.deep.equal([]);
    });

    it('are those of the driver alone where the nodes have set nothing up', async () => {
      await run({ nodes: { spans: false } });
      await receiver.until(7);
      await end();
      expect(receiver.spans.map(({ name }) => name)).to.include.members(['caller', 'handoff.run', 'handoff.function outer']);
      expect(receiver.spans.filter(({ attributes }) => /left|right/.test(String(attributes['handoff.node'])))).to.deep.equal([]);
    });
  });
});

interface Given {
  readonly spans?: boolean;
  readonly sampler?: 'on' | 'off';
}

interface Said {
  readonly url?: string;
  readonly runId?: string;
  readonly results?: object;
}
