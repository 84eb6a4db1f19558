import { expect } from 'chai';
import { createColors } from 'picocolors';
import { RunRates } from '../../bin/progress/run-rates.js';
import { widthOf } from '../../bin/progress/text-width.js';
import { barOf, type TopState, topLines } from '../../bin/report/top-text.js';
import { msText, whyText } from '../../bin/report/why-text.js';
import type { FunctionView, RunSummary } from '../../lib/index.js';
import { NO_VALUES } from '../support/no-values.js';
import { call, fixture, handoff } from './command.js';
import { NodeProcesses } from './nodes.js';

const none = createColors(false);
type Detail = NonNullable<FunctionView['function']>;

const detail: Detail = {
  ...{ functionId: 'resize-2', group: 'resize-*', state: 'waiting', attempts: 0, code: './a.js#resize', isolation: 'thread' },
  ...{ history: [], producers: [], moreProducers: 0, consumers: [], moreConsumers: 0, lines: [] },
};
const wait = { sinceMs: 1000, forMs: 2500, producers: [], lacking: [] };

describe('the answer to why', () => {
  it('names what a function waits for, and since when', () => {
    const text = (more: Detail['wait']) => whyText({ ...detail, wait: more }, none);
    const producers = [{ functionId: 'read', state: 'running' as const }];
    expect(text({ ...wait, for: 'producers', producers }))
      .to.include('resize-2 is waiting, for 2.5 s')
      .and.include('read, which is running');
    const lacking: NonNullable<Detail['wait']>['lacking'] = [
      { node: 'b', lacking: { gpu: 1, memory: 512 } },
      { node: 'c', lacking: {} },
      { node: 'd', lacking: { valueMemoryMiB: 12 } },
    ];
    expect(text({ ...wait, for: 'room', lacking }))
      .to.include('b lacks 1 gpu, 512 MiB of memory\n')
      .and.include('d lacks 12 MiB of memory for values: until values go to the disk, or are released')
      .and.include('c has room');
    expect(text({ ...wait, for: 'delay', untilMs: 13_500 })).to.include('its next attempt, for 10.0 s more');
    expect(text({ ...wait, for: 'node', node: 'gone', untilMs: 4500 })).to.include('the return of node gone, for 1.0 s more');
    expect(text({ ...wait, for: 'bound' })).to.include('maxConcurrency');
    expect(text({ ...wait, for: 'bound', producers: [{ functionId: 'ys', state: 'running' }] })).to.include('the bound of ys');
  });

  it('shows attempts, and the last error with its causes', () => {
    const phases = { waitMs: 0, fetchMs: 1.5, loadMs: 0, runMs: 1200, packMs: 0.05, handOverMs: 61_000 };
    const history = [{ attempt: 1, node: 'b', isolation: 'thread', slot: 3, outcome: 'failed' as const, startMs: 5, endMs: 9, phases }];
    const error = {
      name: 'TypeError',
      message: 'no\nsuch \u001b[31mthing',
      stack: 'TypeError: no\n    at f (a.js:1:1)',
      cause: { name: 'Error', message: 'why' },
    };
    const text = whyText({ ...detail, state: 'failed', node: 'b', attempts: 1, history, error }, none);
    expect(text).to.match(/attempt +outcome +node +slot +start +wait +fetch/);
    expect(text).to.match(/1 +failed +b +3 +5\.0 ms +0 +1\.5 ms +0 +1\.2 s +0\.05 ms +1 min 1 s/);
    expect(text).to.include('  TypeError: no\n  such thing\n      at f (a.js:1:1)\n  caused by Error: why\n');
    expect(msText(3_700_000)).to.equal('1 h 1 min');
  });
});

describe('the screen of top', () => {
  const progress = { total: 200, waiting: 50, ready: 0, running: 4, resting: 0, succeeded: 146, failed: 0, skipped: 0, cancelled: 0 };
  const run = (at: number): RunSummary => ({
    runId: `r${at}`,
    dagId: `dag-${at}`,
    driver: 'a',
    state: 'running',
    progress,
    startedAtMs: 0,
  });
  const node = (at: number) => ({
    ...{ name: `node-${at}`, address: undefined, status: 'up' as const, isHeard: true, capabilities: { cpu: 4, memory: 1000 } },
    ...{ used: { cpu: 2, memory: 0 }, threads: { used: 1, total: 4 }, loopPlaces: { used: 0, total: 9 }, ownSlots: {} },
    ...{ running: 2, queued: 0, blocked: 0, heldBytes: 0, held: NO_VALUES, values: NO_VALUES, log: 'ok' as const },
  });
  const waiting = { functionId: 'late\u001b[2J', dagId: 'd', driver: 'a', node: undefined, lacking: { gpu: 1 } };
  const state = (nodes: number, runs: number, waits: number): TopState => ({
    status: {
      nodes: Array.from({ length: nodes }, (_, at) => node(at)),
      runs: [],
      waiting: new Array(waits).fill(waiting),
      moreWaiting: 0,
    },
    runs: Array.from({ length: runs }, (_, at) => run(at)),
    rates: new Map([['r0', 12.34]]),
    nowMs: 5000,
  });

  it('fits on every screen, and counts what does not', () => {
    for (const columns of [20, 40, 80, 200]) {
      for (const rows of [1, 3, 8, 24, 50]) {
        for (const of of [state(1, 0, 0), state(2, 1, 1), state(60, 40, 100)]) {
          const lines = topLines(of, none, { columns, rows });
          expect(lines.length).to.be.at.most(rows);
          for (const line of lines) expect(widthOf(line), line).to.be.at.most(columns);
        }
      }
    }
    const text = topLines(state(60, 40, 100), none, { columns: 80, rows: 24 }).join('\n');
    expect(text.match(/… and \d+ more/g)).to.have.length(3);
  });

  it('shows what is used of what there is, how far runs are, and what waits, with nothing that moves the cursor', () => {
    const text = topLines(state(1, 1, 1), none, { columns: 160, rows: 24 }).join('\n');
    expect(text).to.match(/node-0 {2}2 running {2}cpu \[#+-+\] 2\/4 {2}memory \[-+\] 0\/1000 {2}threads \[#+-+\] 1\/4/);
    expect(text).to.match(/dag-0 +\[#+-+\] 146\/200 {2}12\/s, 5\.0 s, 4 running, 50 waiting, driver a/);
    expect(text).to.include('late\\u001b[2J').and.include('short of 1 gpu on any node');
  });

  it('draws bars that are empty or full only for none and all', () => {
    expect([0, 0.001, 0.5, 0.999, 1, 2].map((share) => barOf(share, 1, 6))).to.deep.equal([
      ...['[------]', '[#-----]', '[###---]', '[#####-]', '[######]', '[######]'],
    ]);
    expect(barOf(1, 0, 2)).to.equal('[--]');
  });

  it('tells rates over the last five seconds, of runs that it has seen before', () => {
    const rates = new RunRates();
    const at = (succeeded: number): RunSummary[] => [{ ...run(0), progress: { ...progress, succeeded } }];
    expect([...rates.take(at(0), 0)]).to.deep.equal([]);
    expect([...rates.take(at(10), 1000)]).to.deep.equal([['r0', 10]]);
    expect([...rates.take(at(60), 6000)]).to.deep.equal([['r0', 10]]);
    expect([...rates.take(at(60), 9000)]).to.deep.equal([['r0', 0]]);
  });
});

describe('handoff why', () => {
  const nodes = new NodeProcesses();
  afterEach(() => nodes.endAll());

  it('tells of a function of a run that goes on, and of what is not known', async () => {
    const { url } = await nodes.start(['--name', 'hub', '--cpu', '0']);
    const driver = call(['run', fixture('lines.mjs'), '--join', url, '--name', 'driver', '--cpu', '2']);
    await driver.says('second done');
    const why = (...args: string[]) => handoff('why', ...args, '--join', url);
    const [run] = JSON.parse((await handoff('runs', '--join', url, '--json')).stdout) as RunSummary[];
    const { code, stdout } = await why('second');
    expect(code).to.equal(0);
    expect(stdout).to.match(/^second has succeeded on node driver\n {2}code +\S+#\S+|^second has succeeded on node driver\n/);
    expect(stdout).to.match(/\n {2}1 +succeeded +driver/);
    const json = JSON.parse((await why('second', '--run', run!.runId, '--json')).stdout) as FunctionView;
    expect(json.function).to.include({ functionId: 'second', state: 'succeeded' });
    const unknown = await why('nothing');
    expect(unknown).to.include({ code: 1, stdout: '', stderr: `handoff: Run ${run!.runId} has no function "nothing"\n` });
    const noRun = await why('second', '--run', 'x');
    expect(noRun.code).to.equal(1);
    expect(noRun.stderr).to.include('HANDOFF_NOT_FOUND');
    await handoff('cancel', run!.runId, '--join', url);
    await driver.ended;
  });

  it('prints a screen each second where there is no terminal, as JSON if that is wanted', async () => {
    const { url } = await nodes.start(['--name', 'hub', '--cpu', '2']);
    const text = call(['top', '--join', url]);
    expect(await text.prints(/hub .*\n(?:.*\n)+.*hub /)).to.match(
      /^\d\d:\d\d:\d\d {2}1 node, 0 runs under way\n\nnodes\nhub +0 running {2}.*cpu \[-+\] 0\/2/,
    );
    text.child.kill('SIGINT');
    expect((await text.ended).code).to.equal(130);
    const once = await handoff('top', '--join', url, '--json');
    expect(once.code, 'one document, without --watch').to.equal(0);
    expect(JSON.parse(once.stdout)).to.have.keys('atMs', 'nodes', 'runs', 'waiting', 'moreWaiting', 'rates');
    const json = call(['top', '--join', url, '--json', '--watch']);
    const lines = (await json.prints(/\n.*\n/)).trim().split('\n');
    json.child.kill('SIGTERM');
    await json.ended;
    expect(JSON.parse(lines[0]!)).to.have.keys('atMs', 'nodes', 'runs', 'waiting', 'moreWaiting', 'rates');
    const away = await handoff('top', '--join', 'ws://127.0.0.1:9', '--join-timeout-ms', '200');
    expect(away).to.include({ code: 3, stdout: '' });
  });
});
