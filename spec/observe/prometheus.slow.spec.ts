import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Dag, Handoff } from '../../lib/index.js';
import { spyLogger } from '../support/spy-logger.js';

const TOKEN = 'a-token-of-20-chars!';

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('a real Prometheus', () => {
  let folder: string;
  let prometheus: ChildProcess | undefined;
  const nodes: Handoff[] = [];
  let base: string;

  before(async function () {
    if (spawnSync('prometheus', ['--version']).status !== 0) {
      console.log('      skipped: prometheus is missing');
      return this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'handoff-prometheus-'));
    const options = { capabilities: { cpu: 2 }, threads: 1, logger: spyLogger() };
    nodes.push(await Handoff.start({ ...options, name: 'driver', listen: '127.0.0.1:0', metrics: '127.0.0.1:0' }));
    const shown = { dashboard: '0.0.0.0:0', dashboardToken: TOKEN };
    nodes.push(await Handoff.start({ ...options, name: 'worker', join: [nodes[0]!.address!], ...shown }));
    const targets = nodes.map(({ metricsUrl }) => `127.0.0.1:${new URL(metricsUrl!).port}`);
    writeFileSync(join(folder, 'token'), TOKEN, { mode: 0o600 });
    const jobs = targets.map((target, at) => ({
      job_name: nodes[at]!.name,
      static_configs: [{ targets: [target] }],
      ...(at === 1 && { authorization: { credentials_file: join(folder, 'token') } }),
    }));
    // JSON is YAML.
    writeFileSync(
      join(folder, 'prometheus.yml'),
      JSON.stringify({ global: { scrape_interval: '200ms', scrape_timeout: '200ms' }, scrape_configs: jobs }),
    );
    const address = `127.0.0.1:${await freePort()}`;
    base = `http://${address}`;
    const files = [`--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'data')}`];
    prometheus = spawn('prometheus', [...files, `--web.listen-address=${address}`, '--log.level=error'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await until(async () => (await fetch(`${base}/-/ready`)).ok);
  });
  after(async () => {
    if (prometheus) {
      const ended = once(prometheus, 'exit');
      prometheus.kill('SIGKILL');
      await ended;
    }
    await Promise.all(nodes.map((node) => node.stop({ graceMs: 0 })));
    if (folder) rmSync(folder, { recursive: true });
  });

  /** Resolves when the fact is there. A server that does not listen yet refuses connections. */
  async function until(isSo: () => Promise<boolean>): Promise<void> {
    while (!(await isSo().catch(() => false))) {
      if (prometheus!.exitCode !== null) throw new Error('Prometheus has ended');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** The latest value of each series, by job. On a slow machine a scrape may fail, and what it would have told is not there until the next. */
  const latest = (series: string): Promise<Record<string, number>> => query(`last_over_time(${series}[1h])`);

  /** The value of each series of a query, by job. */
  async function query(text: string): Promise<Record<string, number>> {
    const answer = await fetch(`${base}/api/v1/query?query=${encodeURIComponent(text)}`);
    const { data } = (await answer.json()) as { data: { result: { metric: { job: string }; value: [number, string] }[] } };
    return Object.fromEntries(data.result.map(({ metric, value }) => [metric.job, Number(value[1])]));
  }

  it('scrapes two nodes, one of them with a token, and answers what each has run', async () => {
    const [driver] = nodes as [Handoff];
    const dag = Dag.dynamic('scraped');
    const code = { module: 'spec/observe/modules/nothing.mjs', name: 'nothing' };
    for (let n = 0; n < 10; n += 1) dag.add({ id: `f${n}`, code, node: n < 3 ? 'driver' : 'worker' });
    await driver.execute(dag);
    await until(async () => {
      const ran = await latest('handoff_attempts_total{outcome="succeeded"}');
      return ran.driver === 3 && ran.worker === 7;
    });
    expect(await query('max_over_time(up[1h])')).to.deep.equal({ driver: 1, worker: 1 });
    await until(async () => (await latest('handoff_functions_total{result="succeeded"}')).driver === 10);
    expect(await latest('handoff_functions_total{result="succeeded"}')).to.deep.equal({ driver: 10, worker: 0 });
    expect(await latest('handoff_members{status="up"}')).to.deep.equal({ driver: 2, worker: 2 });
    expect(await latest('handoff_function_phase_seconds_count{phase="run"}')).to.deep.equal({ driver: 10, worker: 0 });
    const sent = await latest('handoff_transferred_bytes_total{direction="sent"}');
    expect(sent.driver).to.be.above(0);
    expect(sent.worker).to.be.above(0);
    const slowest = await query('histogram_quantile(0.99, last_over_time(handoff_function_phase_seconds_bucket{phase="wait"}[1h]))');
    expect(slowest.driver).to.be.above(0);
  });
});
