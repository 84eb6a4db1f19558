import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { ClusterObserver, Dag, Handoff, type NodeOptions } from '../../lib/index.js';
import { ask, Reader } from '../observe/dashboard/served.js';
import { caught } from '../support/caught.js';
import { ownCertificate } from '../support/certificates.js';
import { gate } from '../support/gate.js';
import { project } from '../support/packed.js';
import { spyLogger } from '../support/spy-logger.js';

const TOKEN = 'a-token-of-20-chars!';
const HOSTILE = '</script><img src=x onerror=alert(1)>';
const portOf = (url: string | undefined): number => Number(new URL(url!).port);
const requestOf = (request: object): string => encodeURIComponent(JSON.stringify(request));

describe('the dashboard of a node', () => {
  let nodes: AsyncDisposable[] = [];
  const logger = spyLogger();
  const start = async (options: NodeOptions = {}): Promise<Handoff> => {
    const node = await Handoff.start({ capabilities: { cpu: 2 }, threads: 1, logger, ...options });
    nodes.push(node);
    return node;
  };
  const get = async (url: string | undefined, path: string): Promise<ReturnType<typeof JSON.parse>> =>
    JSON.parse((await ask(portOf(url), path)).text);
  afterEach(async () => {
    await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()));
    nodes = [];
    logger.lines.length = 0;
  });

  it('is not there unless it is asked for', async () => {
    const node = await start();
    expect([node.dashboardUrl, node.metricsUrl]).to.deep.equal([undefined, undefined]);
  });

  it('shows the cluster, its runs, and views of one of them', async () => {
    const node = await start({ name: 'shown', dashboard: '127.0.0.1:0' });
    expect(node.dashboardUrl).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
    const held = gate();
    const run = node.execute(Dag.dynamic('held').add({ id: 'one', code: () => held.pass() }));
    await held.reached;
    expect((await get(node.dashboardUrl, '/api/cluster')).nodes[0]).to.include({ name: 'shown', running: 1 });
    const { runs } = await get(node.dashboardUrl, '/api/runs');
    expect(runs).to.have.length(1);
    expect(runs[0]).to.include({ runId: run.id, dagId: 'held', driver: 'shown', state: 'running' });
    const view = await get(node.dashboardUrl, `/api/run/${run.id}/view?request=${requestOf({ view: 'groups' })}`);
    expect(view.run).to.include({ runId: run.id, state: 'running' });
    held.open();
    await run;
    const after = await get(node.dashboardUrl, `/api/run/${run.id}/view?request=${requestOf({ view: 'function', functionId: 'one' })}`);
    expect(after.function).to.include({ functionId: 'one', state: 'succeeded' });
  });

  it('cancels a run, and nothing else', async () => {
    const node = await start({ dashboard: '127.0.0.1:0' });
    const held = gate();
    const run = node.execute(Dag.dynamic('held').add({ id: 'one', code: () => held.pass() }), { stopGraceMs: 0 });
    await held.reached;
    const ended = caught(run);
    const headers = { 'content-type': 'application/json' };
    const answer = await ask(portOf(node.dashboardUrl), `/api/run/${run.id}/cancel`, { method: 'POST', headers, body: '{}' });
    expect(answer.status).to.equal(202);
    held.open();
    expect(await ended).to.include({ code: 'HANDOFF_RUN_CANCELLED' });
    const unknown = await ask(portOf(node.dashboardUrl), '/api/run/none/cancel', { method: 'POST', headers, body: '{}' });
    expect(unknown.status).to.equal(404);
  });

  it('carries hostile ids, errors and lines of a real run as text', async () => {
    const node = await start({ dashboard: '127.0.0.1:0' });
    const code = (): never => {
      console.log(HOSTILE);
      throw new Error(HOSTILE);
    };
    const run = node.execute(Dag.dynamic(HOSTILE).add({ id: HOSTILE, code }), { maxRetries: 0 });
    await caught(run);
    const port = portOf(node.dashboardUrl);
    for (const request of [
      { view: 'function', functionId: HOSTILE },
      { view: 'groups' },
      { view: 'summary' },
      { view: 'functions', sort: 'order', offset: 0, limit: 9 },
    ]) {
      const answer = await ask(port, `/api/run/${run.id}/view?request=${requestOf(request)}`);
      expect(answer.headers['content-type'], request.view).to.equal('application/json; charset=utf-8');
      expect(JSON.parse(answer.text).run.dagId).to.equal(HOSTILE);
    }
    const { function: detail } = await get(
      node.dashboardUrl,
      `/api/run/${run.id}/view?request=${requestOf({ view: 'function', functionId: HOSTILE })}`,
    );
    expect(detail.error.message).to.include(HOSTILE);
    expect((await get(node.dashboardUrl, '/api/runs')).runs[0].dagId).to.equal(HOSTILE);
  });

  it('refuses wrong options, each by name, before anything starts', async () => {
    const wrong: readonly (readonly [NodeOptions, RegExp])[] = [
      ...['8787', ':8787', 'host', 'host:', 'host:99999', 'host:-1', 'http://host:1', 'ho st:1', '[::1:1', 7, {}, null].flatMap((given) => {
        const value = given as string;
        return [
          [{ dashboard: value }, /^dashboard must be host:port/] as const,
          [{ metrics: value }, /^metrics must be host:port/] as const,
        ];
      }),
      [{ dashboard: '127.0.0.1:0', dashboardToken: 'short' }, /^dashboardToken must be a string of at least 16 characters/],
      [{ dashboard: '127.0.0.1:0', dashboardToken: 7 as unknown as string }, /^dashboardToken must be a string/],
      [{ dashboard: '127.0.0.1:0', dashboardToken: 'sixteen letters and ü' }, /^dashboardToken must be of visible ASCII/],
      [{ dashboardToken: TOKEN }, /^dashboardToken needs dashboard or metrics/],
    ];
    for (const [options, message] of wrong) {
      const error = await caught(Handoff.start(options));
      expect(error, JSON.stringify(options)).to.be.instanceOf(TypeError);
      expect(error.message, JSON.stringify(options)).to.match(message);
    }
  });

  it('does not start where the port is taken, and leaves nothing behind', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    for (const option of ['dashboard', 'metrics'] as const) {
      const error = await caught(Handoff.start({ listen: '127.0.0.1:0', [option]: `127.0.0.1:${port}`, logger }));
      expect(error).to.include({ code: 'EADDRINUSE' });
      expect(error.message).to.equal(`Cannot serve the ${option} at "127.0.0.1:${port}": address already in use (EADDRINUSE)`);
    }
    // The first server is closed again when the second cannot listen.
    const error = await caught(Handoff.start({ dashboard: '127.0.0.1:0', metrics: `127.0.0.1:${port}`, logger }));
    expect(error).to.include({ code: 'EADDRINUSE' });
    taken.close();
    await once(taken, 'close');
  });

  it('serves metrics on its server, alone, or on another one', async () => {
    const shown = await start({ dashboard: '127.0.0.1:0' });
    expect(shown.metricsUrl).to.equal(`${shown.dashboardUrl}/metrics`);
    const alone = await start({ metrics: '127.0.0.1:0' });
    expect(alone.dashboardUrl).to.equal(undefined);
    expect((await ask(portOf(alone.metricsUrl), '/api/cluster')).status).to.equal(404);
    const both = await start({ dashboard: '127.0.0.1:0', metrics: '127.0.0.1:0' });
    expect(portOf(both.metricsUrl)).to.not.equal(portOf(both.dashboardUrl));
    for (const { metricsUrl } of [shown, alone, both]) {
      expect((await ask(portOf(metricsUrl), '/metrics')).text).to.match(/^handoff_members\{status="up"\} 1$/m);
    }
    const token = await start({ metrics: '0.0.0.0:0', dashboardToken: TOKEN });
    expect((await ask(portOf(token.metricsUrl), '/metrics')).status).to.equal(401);
    expect((await ask(portOf(token.metricsUrl), '/metrics', { headers: { authorization: `Bearer ${TOKEN}` } })).status).to.equal(200);
  });

  it('is https with the certificate of the node, and asks browsers for none', async function () {
    const tls = ownCertificate();
    if (!tls) {
      console.log('      skipped: openssl is missing');
      return this.skip();
    }
    const node = await start({ dashboard: '0.0.0.0:0', dashboardToken: TOKEN, tls: { ...tls, ca: tls.cert, requestCert: true } });
    expect(node.dashboardUrl).to.match(/^https:/);
    const authorization = `Bearer ${TOKEN}`;
    const answer = await ask(portOf(node.dashboardUrl), '/api/cluster', { ca: tls.cert, headers: { authorization } });
    expect(answer.status).to.equal(200);
    expect(logger.lines.filter(({ level }) => level === 'warn')).to.deep.equal([]);
  });

  it('says while it drains that it takes no more work, and ends its streams when it stops', async () => {
    const node = await start({ dashboard: '127.0.0.1:0' });
    const held = gate();
    const run = node.execute(Dag.dynamic('held').add({ id: 'one', code: () => held.pass() }));
    await held.reached;
    const port = portOf(node.dashboardUrl);
    expect((await ask(port, '/healthz')).status).to.equal(200);
    const reader = await Reader.of(port, '/api/stream?of=cluster');
    await reader.next();
    const stopped = node.stop({ graceMs: 60_000 });
    expect((await ask(port, '/healthz')).status).to.equal(503);
    held.open();
    await Promise.all([stopped, run.catch(() => {})]);
    let last: string | undefined;
    for (let event = await reader.next(); event !== undefined; event = await reader.next()) last = event;
    expect(last).to.include('event: gone').and.include('HANDOFF_STOPPED');
    expect(await caught(ask(port, '/healthz'))).to.include({ code: 'ECONNREFUSED' });
    expect(await caught(node.metrics())).to.include({ code: 'HANDOFF_STOPPED' });
  });

  it('keeps the process of an idle node alive, which ends when the node is stopped', async () => {
    const program = `
      import { Handoff } from './dist/lib/index.js';
      const node = await Handoff.start({ dashboard: '127.0.0.1:0', capabilities: { cpu: 1 } });
      process.once('SIGTERM', () => node.stop());
      console.log(node.dashboardUrl);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { cwd: project, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    const [url] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    expect((await ask(portOf(url.trim()), '/healthz')).status).to.equal(200);
    child.kill('SIGTERM');
    expect(await ended).to.deep.equal([0, null]);
  });

  it('shows a cluster through an observer, and goes on when the member that it asks is gone', async () => {
    const first = await start({ name: 'first', listen: '127.0.0.1:0' });
    const second = await start({ name: 'second', listen: '127.0.0.1:0', join: [first.address!] });
    const observer = await ClusterObserver.start({ join: [first.address!], dashboard: '127.0.0.1:0' });
    nodes.push(observer);
    const port = portOf(observer.dashboardUrl);
    const names = async (): Promise<string[]> =>
      (await get(observer.dashboardUrl, '/api/cluster')).nodes.map(({ name }: { name: string }) => name);
    expect((await names()).sort()).to.deep.equal(['first', 'second']);
    expect((await ask(port, '/metrics')).status).to.equal(404);
    const run = second.execute(Dag.dynamic('quick').add({ id: 'one', code: () => 1 }));
    await run;
    const view = await get(observer.dashboardUrl, `/api/run/${run.id}/view?request=${requestOf({ view: 'summary' })}`);
    expect(view.run).to.include({ driver: 'second', state: 'completed' });
    await first.stop();
    expect(await names()).to.deep.equal(['second']);
    await observer.close();
    expect(await caught(ask(port, '/healthz'))).to.include({ code: 'ECONNREFUSED' });
  });
});
