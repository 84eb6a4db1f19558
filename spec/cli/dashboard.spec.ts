import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Call, call, fixture, handoff } from './command.js';
import { NodeProcesses } from './nodes.js';

const TOKEN = 'a-token-of-20-chars!';
const answerOf = async (url: string, headers: Record<string, string> = {}): Promise<Response> => fetch(url, { headers });

/** The URL that a command has said, or printed, after a word. */
const urlAfter = (word: string, text: string): string => new RegExp(`${word} (https?://\\S+)`).exec(text)?.[1] ?? expect.fail(text);

describe('handoff and its dashboards', () => {
  const nodes = new NodeProcesses();
  const folder = mkdtempSync(join(tmpdir(), 'handoff-dashboard-'));
  const tokenFile = join(folder, 'token');
  const calls: Call[] = [];
  const started = (...args: string[]): Call => {
    const one = call(args);
    calls.push(one);
    return one;
  };
  before(() => writeFileSync(tokenFile, `${TOKEN}\n`, { mode: 0o600 }));
  afterEach(async () => {
    await nodes.endAll();
    for (const { child } of calls) child.kill('SIGKILL');
    await Promise.all(calls.map(({ ended }) => ended));
    calls.length = 0;
  });
  after(() => rmSync(folder, { recursive: true }));

  it('node prints where it can be seen, on this machine only unless a host is given', async () => {
    const node = await nodes.start(['--dashboard', '0', '--metrics', '0.0.0.0:0', '--dashboard-token-file', tokenFile]);
    const printed = await node.prints(/metrics: .*\n/);
    const dashboard = urlAfter('dashboard:', printed);
    expect(dashboard).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
    const metrics = urlAfter('metrics:', printed);
    expect(metrics).to.match(/^http:\/\/[^/]+\/metrics$/);
    const authorization = `Bearer ${TOKEN}`;
    expect((await answerOf(`${dashboard}/api/cluster`)).status).to.equal(401);
    expect((await answerOf(`${dashboard}/api/cluster`, { authorization })).status).to.equal(200);
    const local = metrics.replace(/\/\/[^/]+:/, '//127.0.0.1:');
    expect((await answerOf(local)).status).to.equal(401);
    expect(await (await answerOf(local, { authorization })).text()).to.match(/^handoff_members/m);
    await node.says('without TLS');
  });

  it('run keeps the dashboard until a signal comes, says so, and ends as the run did', async () => {
    for (const [module, code] of [
      ['sums.mjs', 0],
      ['failing.mjs#parse', 1],
    ] as const) {
      const run = started('run', fixture(module), '--dashboard');
      await run.says('until Ctrl-C');
      run.child.kill('SIGINT');
      const { code: left, stderr } = await run.ended;
      expect({ module, code: left }).to.deep.equal({ module, code });
      expect(urlAfter('dashboard:', stderr)).to.equal(urlAfter('stays at', stderr));
    }
  });

  it('run does not stay for a DAG that cannot run', async () => {
    const { code, stderr } = await handoff('run', fixture('invalid.mjs#faulty'), '--dashboard');
    expect(code).to.equal(2);
    expect(stderr).to.include('is invalid').and.not.include('until Ctrl-C');
  });

  it('run shows the run that is over', async () => {
    const run = started('run', fixture('sums.mjs'), '--dashboard', '0', '-q');
    let said = '';
    run.child.stderr!.on('data', (text: string) => {
      said += text;
    });
    await run.says('until Ctrl-C');
    const { runs } = (await (await answerOf(`${urlAfter('stays at', said)}/api/runs`)).json()) as {
      runs: { runId: string; state: string }[];
    };
    expect(runs.map(({ state }) => state)).to.deep.equal(['completed']);
    const request = encodeURIComponent('{"view":"groups"}');
    const view = await answerOf(`${urlAfter('stays at', said)}/api/run/${runs[0]!.runId}/view?request=${request}`);
    expect(view.status).to.equal(200);
    run.child.kill('SIGTERM');
    expect((await run.ended).code).to.equal(0);
  });

  it('dashboard shows a cluster until a signal comes', async () => {
    const node = await nodes.start(['--name', 'seen']);
    const shown = started('dashboard', '--join', node.url);
    const url = (await shown.prints(/\n/)).trim();
    expect(url).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
    const cluster = (await (await answerOf(`${url}/api/cluster`)).json()) as { nodes: { name: string }[] };
    expect(cluster.nodes.map(({ name }) => name)).to.deep.equal(['seen']);
    shown.child.kill('SIGINT');
    expect((await shown.ended).code).to.equal(0);
  });

  it('dashboard makes a token where others reach it, and prints it within the fragment', async () => {
    const node = await nodes.start();
    const shown = started('dashboard', '--join', node.url, '--port', '0.0.0.0:0');
    const url = new URL((await shown.prints(/\n/)).trim());
    expect(url.hash).to.match(/^#[\w-]{16,}$/);
    await shown.says('without TLS');
    const base = `http://127.0.0.1:${url.port}/api/cluster`;
    expect((await answerOf(base)).status).to.equal(401);
    expect((await answerOf(base, { authorization: `Bearer ${url.hash.slice(1)}` })).status).to.equal(200);
  });

  it('are refused with 2 and a reason: wrong addresses, ports in use, tokens that are short, open or for nothing', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const open = join(folder, 'open');
    writeFileSync(open, TOKEN, { mode: 0o644 });
    const short = join(folder, 'short');
    writeFileSync(short, 'short', { mode: 0o600 });
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [['node', '--dashboard', 'host'], /It must be a port, or host:port/],
      [['node', '--metrics', '70000'], /It must be a port, or host:port/],
      [['run', '--dashboard', fixture('sums.mjs')], /It must be a port, or host:port/],
      [['node', '--dashboard', String(port)], /Cannot serve the dashboard at "127\.0\.0\.1:\d+": address already in use \(EADDRINUSE\)/],
      [['run', fixture('sums.mjs'), '--dashboard', String(port)], /^handoff: Cannot serve the dashboard at .* already in use/],
      [['run', fixture('sums.mjs'), '--metrics', String(port)], /^handoff: Cannot serve the metrics at .* already in use/],
      [['node', '--dashboard', '0', '--dashboard-token-file', open], /is open to others/],
      [['node', '--dashboard', '0', '--dashboard-token-file', short], /has 5 characters: a token needs at least 16/],
      [['node', '--dashboard-token-file', tokenFile], /--dashboard-token-file goes with --dashboard or --metrics/],
      [['dashboard'], /Cannot show a cluster: give the URL of a member with --join/],
    ];
    for (const [args, reason] of wrong) {
      const { code, stderr } = await handoff(...args);
      expect(code, args.join(' ')).to.equal(2);
      expect(stderr).to.match(reason);
    }
    taken.close();
    await once(taken, 'close');
  });
});
