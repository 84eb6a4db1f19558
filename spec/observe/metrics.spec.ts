import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { Dag, Handoff } from '../../lib/index.js';
import type { NodeMeasures } from '../../lib/observe/index.js';
import { metricsSink } from '../../lib/observe/sinks/metrics.js';
import { caught } from '../support/caught.js';
import { gate } from '../support/gate.js';
import { spyLogger } from '../support/spy-logger.js';

/** The samples of a text, by name with labels. */
const samplesIn = (text: string): Map<string, number> =>
  new Map([...text.matchAll(/^([a-z_]+(?:\{.*\})?) (\S+)$/gm)].map(([, name, value]) => [name!, Number(value)]));

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

/** What promtool has to say of a text. */
function promtool(text: string): { status: number | null; said: string } {
  const { status, stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

describe('the metrics of a node', () => {
  const logger = spyLogger();
  let node: Handoff;
  before(async () => {
    node = await Handoff.start({ name: 'counted', capabilities: { cpu: 2, 'a "gpu"\\\n': 1 }, threads: 1, logger });
  });
  after(() => node.stop());
  const samples = async (): Promise<Map<string, number>> => samplesIn(await node.metrics());

  it('tell of functions and attempts by how they ended', async () => {
    const slow = (): Promise<never> => new Promise(() => {});
    const fails = (): never => {
      throw new Error('no');
    };
    const before = await samples();
    const dag = Dag.dynamic('ends')
      .add({ id: 'fine', code: () => true })
      .add({ id: 'never', code: () => 1, when: { id: 'fine', is: false } })
      .add({ id: 'fails', code: fails, maxRetries: 1, retry: { initialDelayMs: 1 } })
      .add({ id: 'late', code: slow, timeoutMs: 1, maxRetries: 0 })
      .add({ id: 'after', code: (value) => value, args: ['fails'] });
    await caught(node.execute(dag, { onFailure: 'continue', stopGraceMs: 0 }));
    const after = await samples();
    const grown = (name: string): number => after.get(name)! - before.get(name)!;
    expect(grown('handoff_functions_total{result="succeeded"}')).to.equal(1);
    expect(grown('handoff_functions_total{result="failed"}')).to.equal(2);
    expect(grown('handoff_functions_total{result="skipped"}')).to.equal(2);
    expect(grown('handoff_attempts_total{outcome="succeeded"}')).to.equal(1);
    expect(grown('handoff_attempts_total{outcome="failed"}')).to.equal(2);
    expect(grown('handoff_attempts_total{outcome="timed-out"}')).to.equal(1);
    expect(grown('handoff_function_phase_seconds_count{phase="run"}')).to.equal(4);
    expect(grown('handoff_function_phase_seconds_bucket{phase="run",le="+Inf"}')).to.equal(4);
  });

  it('tell what there is now', async () => {
    const held = gate();
    const dag = Dag.dynamic('now')
      .add({ id: 'held', code: () => held.pass(), cost: { cpu: 1.5 } })
      .add({ id: 'waits', code: () => 1, args: ['held'] });
    const run = node.execute(dag, { stopGraceMs: 0 });
    await held.reached;
    const now = await samples();
    expect(now.get('handoff_current_functions{state="running"}')).to.equal(1);
    expect(now.get('handoff_current_functions{state="waiting"}')).to.equal(1);
    expect(now.get('handoff_current_runs{state="running"}')).to.equal(1);
    expect(now.get('handoff_resource_capacity{resource="cpu"}')).to.equal(2);
    expect(now.get('handoff_resource_used{resource="cpu"}')).to.equal(1.5);
    expect(now.get('handoff_resource_capacity{resource="a \\"gpu\\"\\\\\\n"}')).to.equal(1);
    expect(now.get('handoff_members{status="up"}')).to.equal(1);
    const ended = caught(run);
    await run.cancel();
    held.open();
    await ended;
    const after = await samples();
    expect(after.get('handoff_attempts_total{outcome="cancelled"}')).to.equal(1);
    expect(after.get('handoff_functions_total{result="cancelled"}')).to.equal(2);
    expect(after.get('handoff_current_runs{state="running"}')).to.equal(0);
  });

  it('come with those of the process, without those that have names of counters and are none', async () => {
    const text = await node.metrics();
    expect(text)
      .to.match(/^process_cpu_seconds_total /m)
      .and.match(/^nodejs_eventloop_lag_seconds /m);
    expect(text).to.not.match(/^nodejs_active_\w+_total/m);
    for (const [, name] of text.matchAll(/^# TYPE (\w+) gauge$/gm)) expect(name).to.not.match(/_total$/);
  });

  it('have no label by which their number could grow without end', async () => {
    const names = new Set([...(await samples()).keys()].flatMap((name) => [...name.matchAll(/[{,](\w+)="/g)].map(([, label]) => label)));
    for (const label of ['functionId', 'function', 'run', 'runId', 'dag', 'node']) expect(names).to.not.include(label);
  });

  it('are what promtool takes', async function () {
    if (!hasPromtool) {
      console.log('      skipped: promtool is missing');
      return this.skip();
    }
    expect(promtool(await node.metrics())).to.deep.equal({ status: 0, said: '' });
    // It would say something.
    expect(promtool('# HELP x_total x\n# TYPE x_total gauge\nx_total 1\n').status).to.not.equal(0);
  });
});

describe('the formats of metrics', () => {
  const phase = () => ({ counts: new Float64Array(18).fill(1), sumMs: 18_000 });
  const measures: NodeMeasures = {
    functions: { succeeded: 3, failed: 0, skipped: 0, cancelled: 0 },
    attempts: { succeeded: 3, failed: 0, 'timed-out': 0, cancelled: 0, lost: 1 },
    phases: Array.from({ length: 6 }, phase),
    current: { running: 2 },
    runs: { running: 1 },
    capacity: [['cpu', 4]],
    used: [['cpu', 1]],
    valueBytes: { memory: 5 },
    valueLimitBytes: { memory: 50 },
    remembered: { entries: 8, hits: 9 },
    transferredBytes: { sent: 6, received: 7 },
    members: { up: 2 },
  };
  const scrape = (accept: string) => metricsSink({ measures: () => measures }).scrape!(accept);

  it('are chosen by what the reader accepts and prefers', async () => {
    const prometheus =
      'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
    for (const accept of ['application/openmetrics-text', prometheus]) {
      const { type, text } = await scrape(accept);
      expect(type, accept).to.equal('application/openmetrics-text; version=1.0.0; charset=utf-8');
      expect(text).to.match(/# EOF\n$/);
    }
    for (const accept of [
      '',
      '*/*',
      'text/html',
      'text/plain;q=0.9, application/openmetrics-text;q=0.1',
      'application/openmetrics-text;q=0',
      'text/plain',
    ]) {
      const { type, text } = await scrape(accept);
      expect(type, accept).to.equal('text/plain; version=0.0.4; charset=utf-8');
      expect(text).to.not.include('# EOF');
    }
  });

  it('do not disturb each other: a counter keeps its name in both', async () => {
    const sink = metricsSink({ measures: () => measures });
    for (const accept of ['', 'application/openmetrics-text', '', 'application/openmetrics-text']) {
      const { text } = await sink.scrape!(accept);
      expect(text, accept).to.match(/^handoff_functions_total\{result="succeeded"\} 3$/m);
      expect(text).to.match(new RegExp(`^# TYPE handoff_functions${accept === '' ? '_total' : ''} counter$`, 'm'));
      expect(text).to.match(/^process_cpu_seconds_total /m);
    }
    const both = await Promise.all(['', 'application/openmetrics-text'].map((accept) => sink.scrape!(accept)));
    for (const { text } of both) expect(text).to.match(/^handoff_attempts_total\{outcome="lost"\} 1$/m);
  });

  it('add the buckets of a histogram up', async () => {
    const { text } = await scrape('');
    const samples = samplesIn(text);
    const of = (what: string): number | undefined => samples.get(`handoff_function_phase_seconds_${what}`);
    expect(of('bucket{phase="hand-over",le="0.00001"}')).to.equal(1);
    expect(of('bucket{phase="hand-over",le="1000"}')).to.equal(17);
    expect(of('bucket{phase="hand-over",le="+Inf"}')).to.equal(18);
    expect(of('count{phase="hand-over"}')).to.equal(18);
    expect(of('sum{phase="hand-over"}')).to.equal(18);
  });
});
