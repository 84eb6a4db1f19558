import { expect } from 'chai';
import { createColors } from 'picocolors';
import { widthOf } from '../../bin/progress/text-width.js';
import { statusText } from '../../bin/report/status-text.js';
import type { ClusterStatus, NodeUse } from '../../lib/index.js';
import { NO_VALUES } from '../support/no-values.js';

const none = createColors(false);

const node = (name: string, over: Partial<NodeUse> = {}): NodeUse => ({
  name,
  address: `ws://${name}:1`,
  status: 'up',
  isHeard: true,
  capabilities: { cpu: 4, memory: 100 },
  used: { cpu: 1, memory: 0 },
  threads: { used: 1, total: 4 },
  loopPlaces: { used: 0, total: 256 },
  ownSlots: {},
  running: 1,
  queued: 0,
  blocked: 0,
  heldBytes: 0,
  held: NO_VALUES,
  values: NO_VALUES,
  log: 'ok',
  ...over,
});

const statusOf = (nodes: number, runs: number, waiting: number, moreWaiting = 0): ClusterStatus => ({
  nodes: Array.from({ length: nodes }, (_, at) => node(`node-${at}`)),
  runs: Array.from({ length: runs }, (_, at) => ({
    runId: `${at}`,
    dagId: `dag-${at}`,
    driver: 'node-0',
    progress: { total: 9, running: 1 },
  })),
  waiting: Array.from({ length: waiting }, (_, at) => ({
    ...{ functionId: `f-${at}`, dagId: 'dag-0', driver: 'node-0', node: undefined, lacking: { cpu: 1 } },
  })),
  moreWaiting,
});

describe('the status of a cluster as text', () => {
  it('says how many functions wait beside those that it names', () => {
    const lines = statusText(statusOf(1, 1, 100, 2849), none)
      .trimEnd()
      .split('\n');
    expect(lines).to.include('2,949 functions waiting for room');
    expect(lines.filter((line) => line.startsWith('  f-'))).to.have.length(100);
    expect(lines.at(-1)).to.equal('  … and 2849 more');
    expect(statusText(statusOf(1, 1, 100), none)).to.not.include('more');
  });

  it('says whose log is lost, and who was not heard yet', () => {
    const text = statusText({ ...statusOf(0, 0, 0), nodes: [node('a', { log: 'lost' }), node('b', { isHeard: false })] }, none);
    expect(text)
      .to.match(/^ {2}a +up, log lost /m)
      .and.match(/^ {2}b +up, not heard yet /m);
  });

  it('shows the slots of isolations of users’ own beside the threads, each in a column, with their sum', () => {
    const nodes = [node('a', { ownSlots: { vm: { used: 1, total: 2 } } }), node('b', { ownSlots: { box: { used: 0, total: 1 } } })];
    const three = { ...statusOf(0, 0, 0), nodes: [...nodes, node('c', { ownSlots: { vm: { used: 2, total: 3 } } })] };
    const columns = statusText(three, none)
      .split('\n')
      .slice(1, 5)
      .map((line) => line.trim().split(/ {2,}/).slice(4, 7));
    expect(columns).to.deep.equal([
      ['threads', 'box slots', 'vm slots'],
      ['1/4', '-', '1/2'],
      ['1/4', '0/1', '-'],
      ['1/4', '-', '2/3'],
    ]);
    expect(statusText(three, none)).to.match(/^ {2}total .* 3\/12 +0\/1 +3\/5 /m);
  });

  it('shows what values take in memory, of how much; what lies on the disk and is remembered where there is any', () => {
    const MIB = 2 ** 20;
    const some = { ...NO_VALUES, memoryBytes: 5 * MIB, memoryLimitBytes: 8 * MIB };
    const plain = statusText({ ...statusOf(0, 0, 0), nodes: [node('a', { values: some })] }, none);
    expect(plain)
      .to.match(/ held +address\n/)
      .and.match(/ 5\.0 MiB\/8\.0 MiB +ws:/);
    const more = { ...some, diskBytes: 3 * MIB, rememberedBytes: MIB, rememberedResults: 1200, rememberedHits: 4 };
    const text = statusText({ ...statusOf(0, 0, 0), nodes: [node('a', { values: more }), node('b', { values: some })] }, none);
    const rows = text.split('\n').slice(1, 4);
    const columns = rows.map((line) => line.trim().split(/ {2,}/).slice(-4));
    expect(columns).to.deep.equal([
      ['held', 'on disk', 'remembered', 'address'],
      ['5.0 MiB/8.0 MiB', '3.0 MiB', '1,200, 1.0 MiB', 'ws://a:1'],
      ['5.0 MiB/8.0 MiB', '0 B', '0, 0 B', 'ws://b:1'],
    ]);
    expect(text).to.match(/^ {2}total .* 10\.0 MiB\/16\.0 MiB +3\.0 MiB +1,200, 1\.0 MiB *$/m);
  });

  it('says in words that memory for values is lacked', () => {
    const status = statusOf(1, 0, 1);
    const waiting = [{ ...status.waiting[0]!, lacking: { valueMemoryMiB: 12 } }];
    expect(statusText({ ...status, waiting }, none)).to.match(/ any +12 MiB of memory for values\n/);
  });

  it('keeps its columns with wide characters', () => {
    const text = statusText({ ...statusOf(0, 0, 0), nodes: [node('東京'), node('abcd')] }, none);
    const [head, first, second] = text.split('\n').slice(1);
    const columnOf = (line: string, word: string): number => widthOf(line.slice(0, line.indexOf(word)));
    expect(columnOf(first!, 'up')).to.equal(columnOf(head!, 'status'));
    expect(columnOf(second!, 'up')).to.equal(columnOf(head!, 'status'));
  });

  it('fits on any screen, says what is left out, and shares the room', () => {
    const sizes = [
      [1, 0, 0, 0],
      [3, 1, 2, 0],
      [60, 3, 100, 2849],
      [2, 80, 0, 0],
      [60, 80, 100, 0],
    ] as const;
    for (const [nodes, runs, waiting, more] of sizes) {
      const status = statusOf(nodes, runs, waiting, more);
      for (const columns of [20, 40, 80, 200]) {
        for (let rows = 8; rows <= 60; rows += 1) {
          const text = statusText(status, none, { columns, rows });
          const lines = text.trimEnd().split('\n');
          expect(lines.length, `${rows}: ${text}`).to.be.at.most(rows);
          for (const line of lines) expect(widthOf(line)).to.be.at.most(columns);
          const named = lines.filter((line) => /^ {2}(node|dag|f)-\d/.test(line)).length;
          const left = [...text.matchAll(/… and (\d+) more/g)].reduce((sum, [, count]) => sum + Number(count), 0);
          if (rows >= 12) expect(named + left, `${rows}: ${text}`).to.equal(nodes + runs + waiting + more);
        }
      }
    }
    // A few runs are shown whole beside many nodes.
    expect(statusText(statusOf(60, 3, 100), none, { columns: 80, rows: 30 }).match(/^ {2}dag-/gm)).to.have.length(3);
  });

  it('shows a run that a function has started under the outer one, however deep', () => {
    const run = (runId: string, parent?: string): ClusterStatus['runs'][number] => ({
      ...{ runId, dagId: runId, driver: 'here', progress: { total: 1, running: 1 } },
      ...(parent !== undefined && { parent: { runId: parent, functionId: 'f' } }),
    });
    const runs = [run('c', 'b'), run('a'), run('b', 'a'), run('other'), run('b2', 'a'), run('lone', 'gone'), run('self', 'self')];
    const lines = statusText({ ...statusOf(1, 0, 0), runs }, none).split('\n');
    const shown = lines.filter((line) => line.endsWith('1 running')).map((line) => line.slice(2).split('  here')[0]!.trimEnd());
    expect(shown).to.deep.equal(['a', '└ b (in f)', '  └ c (in f)', '└ b2 (in f)', 'other', 'lone', 'self']);
  });

  it('is whole without a screen', () => {
    expect(statusText(statusOf(60, 80, 100), none).split('\n').length).to.be.above(240);
  });
});
