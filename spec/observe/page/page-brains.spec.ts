import { expect } from 'chai';
import { rememberNodes } from '../../../lib/observe/page/cluster/remembered-nodes.js';
import { waitLines } from '../../../lib/observe/page/cluster/waits.js';
import { ConnectionBook } from '../../../lib/observe/page/data/connection-book.js';
import { reconnectDelayMs } from '../../../lib/observe/page/data/reconnect-delay.js';
import { functionFilterOf, nextSort } from '../../../lib/observe/page/functions/function-filter.js';
import { filterRuns } from '../../../lib/observe/page/runs/filter-runs.js';
import type { RunSummary } from '../../../lib/runner/index.js';
import { shownNode } from './shown-cluster.js';

const NO_PROGRESS = { total: 0, waiting: 0, ready: 0, running: 0, resting: 0, succeeded: 0, failed: 0, skipped: 0, cancelled: 0 };

describe('what waits in the cluster', () => {
  const nodes = [
    shownNode('a', { used: { cpu: 3 }, threads: { used: 2, total: 4 } }),
    shownNode('b', { used: { cpu: 1, gpu: 1 }, ownSlots: { python: { used: 1, total: 1 } } }),
  ];
  const runs = [{ runId: 'r1', dagId: 'd', driver: 'a', progress: {} }];
  const one = (functionId: string, lacking: Record<string, number>, node?: string) => ({
    functionId,
    dagId: 'd',
    driver: 'a',
    node,
    lacking,
  });
  const lines = (...waiting: ReturnType<typeof one>[]) => waitLines({ nodes, runs, waiting });

  it('is told by group, place and what is lacking, the largest first', () => {
    const shown = lines(
      one('x-1', { cpu: 1 }),
      one('y-1', { cpu: 1 }),
      one('y-2', { cpu: 1 }),
      one('y-3', { cpu: 2 }),
      one('y-4', { cpu: 1 }, 'b'),
    );
    expect(shown.map(({ group, count, node, lacking }) => [group, count, node, lacking[0]![1]])).to.deep.equal([
      ['y-*', 2, undefined, 1],
      ['x-*', 1, undefined, 1],
      ['y-*', 1, undefined, 2],
      ['y-*', 1, 'b', 1],
    ]);
    expect(shown.every(({ runId }) => runId === 'r1')).to.equal(true);
  });

  it('stands out where no node would have room even if nothing ran, and comes first', () => {
    const shown = lines(
      one('small', { cpu: 3 }),
      one('huge', { cpu: 4 }),
      one('here', { cpu: 2 }, 'b'),
      one('own', { python: 1 }),
      one('spin', { thread: 2 }),
    );
    expect(shown.filter(({ isInfeasible }) => isInfeasible).map(({ group }) => group)).to.deep.equal(['huge', 'here']);
    expect(shown.map(({ group }) => group).slice(0, 2)).to.deep.equal(['huge', 'here']);
  });

  it('does not stand out where values take the memory: they go to the disk, or are released', () => {
    const held = { ...nodes[0]!.held, memoryBytes: 50 * 2 ** 20 };
    const [line] = waitLines({ nodes: [{ ...nodes[0]!, held }], runs, waiting: [one('x', { valueMemoryMiB: 12 })] });
    expect(line!.isInfeasible).to.equal(false);
  });

  it('names no run where several could be meant', () => {
    const [line] = waitLines({ nodes, runs: [...runs, { ...runs[0]!, runId: 'r2' }], waiting: [one('x', { cpu: 1 })] });
    expect(line!.runId).to.equal(undefined);
  });
});

describe('the connection of a page', () => {
  it('is that of its worst stream; of lost ones, since the first was', () => {
    const book = new ConnectionBook();
    const [one, two] = [{}, {}];
    expect(book.connection).to.equal(undefined);
    book.set(one, { state: 'open' });
    book.set(two, { state: 'connecting' });
    expect(book.connection?.state).to.equal('connecting');
    book.set(two, { state: 'lost', sinceMs: 9, message: 'b' });
    book.set(one, { state: 'lost', sinceMs: 5, message: 'a' });
    expect(book.connection).to.deep.include({ state: 'lost', sinceMs: 5 });
    book.set(one, { state: 'refused', message: 'token' });
    expect(book.connection?.state).to.equal('refused');
    book.delete(one);
    book.delete(two);
    expect(book.connection).to.equal(undefined);
  });

  it('is made again soon, then less often, and not by all pages at once', () => {
    const delays = [1, 2, 3, 4, 5, 50].map((failures) => reconnectDelayMs(failures, 0.5));
    expect(delays).to.deep.equal([400, 800, 1_600, 3_200, 5_000, 5_000]);
    expect([reconnectDelayMs(1, 0), reconnectDelayMs(1, 1)]).to.deep.equal([300, 500]);
  });
});

describe('the list of runs', () => {
  const run = (runId: string, given: Partial<RunSummary>): RunSummary => ({
    runId,
    dagId: 'flights',
    driver: 'amber',
    state: 'completed',
    progress: NO_PROGRESS,
    startedAtMs: 0,
    ...given,
  });
  const runs = [
    run('1', { startedAtMs: 5 }),
    run('2', { state: 'running', startedAtMs: 1 }),
    run('3', { key: 'Nightly', startedAtMs: 9 }),
    run('4', { state: 'failed', driver: 'birch' }),
  ];
  const shown = (state: string, search: string) => filterRuns(runs, { state, search }).map(({ runId }) => runId);

  it('begins with those under way, then the latest', () => {
    expect(shown('', '')).to.deep.equal(['2', '3', '1', '4']);
  });

  it('is filtered by state, and by a part of what names a run', () => {
    expect(shown('failed', '')).to.deep.equal(['4']);
    expect(shown('', ' nightly ')).to.deep.equal(['3']);
    expect(shown('', 'BIRCH')).to.deep.equal(['4']);
    expect(shown('running', 'birch')).to.deep.equal([]);
  });
});

describe('the filter of the table of functions', () => {
  it('is read from an address, and what it does not know is left out', () => {
    expect(functionFilterOf(new URLSearchParams('state=failed&group=a-*&search=x&sort=size&descending=yes'))).to.deep.equal({
      state: 'failed',
      group: 'a-*',
      search: 'x',
      sort: 'size',
      descending: true,
    });
    const nothing = { state: undefined, group: undefined, search: undefined, sort: 'order', descending: false };
    expect(functionFilterOf(new URLSearchParams('state=odd&sort=colour&search='))).to.deep.equal(nothing);
  });

  it('sorts numbers from the largest first, texts from the first, then the other way, then not', () => {
    const filter = functionFilterOf(new URLSearchParams());
    const steps = (column: 'size' | 'id', isNumber: boolean) => {
      let now = filter;
      return [1, 2, 3].map(() => {
        now = { ...now, ...nextSort(now, column, isNumber) };
        return `${now.sort} ${now.descending}`;
      });
    };
    expect(steps('size', true)).to.deep.equal(['size true', 'size false', 'order false']);
    expect(steps('id', false)).to.deep.equal(['id false', 'id true', 'order false']);
  });
});

describe('the nodes that a page has seen', () => {
  const names = (seen: ReturnType<typeof rememberNodes>) =>
    seen.map(({ node, silentSinceMs }) => `${node.name} ${silentSinceMs ?? 'here'}`);

  it('stay for five minutes at their places when they answer no more, and are themselves again when they come back', () => {
    let seen = rememberNodes([], [shownNode('a'), shownNode('b'), shownNode('c')], 0);
    seen = rememberNodes(seen, [shownNode('c'), shownNode('a')], 1_000);
    expect(names(seen)).to.deep.equal(['a here', 'b 1000', 'c here']);
    seen = rememberNodes(seen, [shownNode('a'), shownNode('d')], 300_999);
    expect(names(seen)).to.deep.equal(['a here', 'b 1000', 'c 300999', 'd here']);
    seen = rememberNodes(seen, [shownNode('c', { running: 3 }), shownNode('a')], 301_000);
    expect(names(seen)).to.deep.equal(['a here', 'c here', 'd 301000']);
    expect(seen[1]!.node.running).to.equal(3);
  });
});
