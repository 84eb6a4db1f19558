import { expect } from 'chai';
import { viewOf } from '../../../lib/observe/views/index.js';
import { FakeRun, sizedRun } from '../../support/observed-run.js';
import { noCounts, noPhases, smallRun } from './small-run.js';

describe('the view of the graph', () => {
  it('has a node for each function, and an edge for each value that goes on', () => {
    const { nodes, edges, isFolded } = viewOf(smallRun(), { view: 'graph' });
    expect(isFolded).to.equal(false);
    expect(nodes.map(({ label }) => label)).to.deep.equal(['read', 'cut-1', 'cut-2', 'join']);
    expect(nodes[3]).to.deep.equal({ label: 'join', isGroup: false, total: 1, counts: { ...noCounts, failed: 1 } });
    expect(edges).to.deep.equal([
      [0, 1, 1],
      [0, 2, 1],
      [1, 3, 1],
      [2, 3, 1],
    ]);
  });

  it('folds groups beyond 500 functions, but for those that are asked for and fit', () => {
    const run = sizedRun({ functions: 1200, groups: 4 });
    const folded = viewOf(run, { view: 'graph' });
    expect(folded.nodes.map(({ label, total }) => [label, total])).to.deep.equal([
      ['stage-a-*', 300],
      ['stage-b-*', 300],
      ['stage-c-*', 300],
      ['stage-d-*', 300],
    ]);
    expect(folded.edges).to.deep.equal([
      [0, 1, 897],
      [1, 2, 897],
      [2, 3, 897],
    ]);
    const { nodes, edges, more } = viewOf(run, { view: 'graph', unfolded: ['stage-b-*', 'stage-c-*', 'none'] });
    expect([nodes.length, more]).to.deep.equal([303, 0]);
    expect(nodes[1]).to.deep.equal({ label: 'stage-b-0', isGroup: false, total: 1, counts: { ...noCounts, succeeded: 1 } });
    expect(edges).to.deep.include.members([
      [0, 1, 3],
      [1, 301, 1],
      [301, 302, 897],
    ]);
  });

  it('has the same layout while the same functions are there, whatever their states', () => {
    const run = sizedRun({ functions: 1000, done: 0.5 });
    const before = viewOf(run, { view: 'graph' }).layout;
    run.ended({ id: 'stage-h-1' });
    expect(viewOf(run, { view: 'graph' }).layout).to.equal(before);
    expect(viewOf(run, { view: 'graph', unfolded: ['stage-a-*'] }).layout).to.not.equal(before);
    run.add({ id: 'new' });
    expect(viewOf(run, { view: 'graph' }).layout).to.not.equal(before);
  });

  it('leads from parts to their map', () => {
    const run = new FakeRun().add({ id: 'xs' }).add({ id: 'ys', producers: ['xs'] });
    for (const id of ['ys[0]', 'ys[1]']) run.add({ id, producers: ['xs'], partOf: 'ys' });
    expect(viewOf(run, { view: 'graph' }).edges).to.deep.equal([
      [0, 1, 1],
      [0, 2, 1],
      [2, 1, 1],
      [0, 3, 1],
      [3, 1, 1],
    ]);
  });

  it('is bounded: what does not fit is counted', () => {
    const run = new FakeRun();
    const letters = (at: number): string =>
      String.fromCharCode(...[97 + Math.floor(at / 676), 97 + (Math.floor(at / 26) % 26), 97 + (at % 26)]);
    for (let at = 0; at < 700; at += 1)
      run.add({ id: letters(at), producers: Array.from({ length: Math.min(at, 12) }, (_x, k) => letters(at - k - 1)) });
    const { nodes, edges, more, moreEdges } = viewOf(run, { view: 'graph' });
    expect([nodes.length, more, edges.length]).to.deep.equal([500, 200, 5000]);
    expect(moreEdges).to.be.above(500);
  });
});

describe('the summary of a run', () => {
  it('counts the value of a map once, by its elements, and as moved only where an element was made elsewhere', () => {
    const run = new FakeRun().add({ id: 'xs', node: 'n1', attempt: 1, sizeBytes: 1 });
    run.add({ id: 'ys', producers: ['xs'], sizeBytes: 700 });
    run.add({ id: 'sum', producers: ['ys'], node: 'n1', attempt: 1, sizeBytes: 8 });
    for (const [id, node, sizeBytes] of [
      ['ys[0]', 'n1', 300],
      ['ys[1]', 'n2', 400],
    ] as const)
      run.add({ id, producers: ['xs'], partOf: 'ys', node, attempt: 1, sizeBytes });
    const { resultBytes, movedBytes } = viewOf(run, { view: 'summary' });
    // `xs` is needed on n2, and `ys[1]` by `sum`.
    expect({ resultBytes, movedBytes }).to.deep.equal({ resultBytes: 709, movedBytes: 401 });
  });

  it('knows the nodes that need what is in parts of parts', () => {
    const run = new FakeRun().add({ id: 'e', node: 'n1', attempt: 1 }).add({ id: 'end', producers: ['e'], node: 'n2', attempt: 1 });
    run.add({ id: 'e/m', partOf: 'e' }).add({ id: 'e/m[0]', partOf: 'e/m', node: 'n1', attempt: 1, sizeBytes: 5 });
    run.add({ id: 'e/m[1]', partOf: 'e/m', node: 'n2', attempt: 1, sizeBytes: 7 });
    expect(viewOf(run, { view: 'summary' })).to.deep.include({ resultBytes: 12, movedBytes: 5 });
  });

  it('says where its time went: nodes, bytes, groups, failures', () => {
    const summary = viewOf(smallRun(), { view: 'summary' });
    expect(summary).to.deep.include({ functions: 4, attempts: 4, resultBytes: 130, moreFailures: 0, leftOut: 0 });
    expect(summary.outcomes).to.deep.equal({ succeeded: 3, failed: 1, 'timed-out': 0, cancelled: 0, lost: 0 });
    expect(summary.phases).to.deep.equal({ ...noPhases, waitMs: 1, fetchMs: 3, runMs: 36, handOverMs: 1 });
    // `read` is needed on node-2, `cut-1` on node-1.
    expect(summary.movedBytes).to.equal(110);
    expect(summary.nodes).to.deep.equal([
      { node: 'node-1', attempts: 3, slots: 2, workMs: 32, idleMs: 47, failed: 1 },
      { node: 'node-2', attempts: 1, slots: 1, workMs: 7, idleMs: 0, failed: 0 },
    ]);
    expect(summary.slowest.map(({ group }) => group)).to.deep.equal(['cut-*', 'read', 'join']);
    expect(summary.failures).to.deep.equal([{ functionId: 'join', error: { name: 'Error', message: 'no' } }]);
  });

  it('finds the critical path: back from the last success to the producer that ended last', () => {
    const run = smallRun();
    run.change('join', { state: 'waiting' }).ended({ id: 'join', attempt: 2, runMs: 4, waitMs: 3, endMs: 50 });
    const { criticalPath, criticalPhases } = viewOf(run, { view: 'summary' });
    expect(criticalPath.map(({ functionId }) => functionId)).to.deep.equal(['read', 'cut-2', 'join']);
    expect(criticalPath[1]).to.deep.equal({
      functionId: 'cut-2',
      node: 'node-1',
      startMs: 11,
      endMs: 31,
      phases: { ...noPhases, runMs: 20 },
    });
    expect(criticalPhases).to.deep.equal({ ...noPhases, runMs: 34, waitMs: 3, handOverMs: 1 });
  });

  it('leads the critical path through maps and expansions: to the part that ended last, and from a part to its expansion', () => {
    const run = new FakeRun()
      .add({ id: 'xs' })
      .add({ id: 'ys', producers: ['xs'] })
      .add({ id: 'grow' });
    run.add({ id: 'end', producers: ['ys', 'grow'] });
    for (const id of ['ys[0]', 'ys[1]']) run.add({ id, producers: ['xs'], partOf: 'ys' });
    run.add({ id: 'grow/map', partOf: 'grow' }).add({ id: 'grow/map[0]', partOf: 'grow/map' });
    for (const [at, id] of ['xs', 'grow', 'ys[1]', 'ys[0]', 'end'].entries()) run.ended({ id, runMs: 1, endMs: at });
    const pathOf = () => viewOf(run, { view: 'summary' }).criticalPath.map(({ functionId }) => functionId);
    expect(pathOf()).to.deep.equal(['xs', 'ys[0]', 'end']);
    run.ended({ id: 'grow', attempt: 2, runMs: 1, endMs: 6 }).ended({ id: 'grow/map[0]', runMs: 1, endMs: 7 });
    run.ended({ id: 'end', attempt: 2, runMs: 1, endMs: 8 });
    expect(pathOf()).to.deep.equal(['grow/map[0]', 'end']);
    run.ended({ id: 'grow/map', runMs: 1, endMs: 9 }).ended({ id: 'end', attempt: 3, runMs: 1, endMs: 10 });
    expect(pathOf()).to.deep.equal(['grow', 'grow/map', 'end']);
  });

  it('lists the last 200 functions of a long path, and counts the rest', () => {
    const run = new FakeRun().add({ id: 'f-0' });
    for (let at = 1; at < 10_000; at += 1) run.add({ id: `f-${at}`, producers: [`f-${at - 1}`] });
    for (let at = 0; at < 10_000; at += 1) run.ended({ id: `f-${at}`, runMs: 1, endMs: at });
    const { criticalPath, moreCritical, criticalPhases } = viewOf(run, { view: 'summary' });
    expect([criticalPath.length, moreCritical, criticalPhases.runMs]).to.deep.equal([200, 9800, 10_000]);
    expect(criticalPath[0]!.functionId).to.equal('f-9800');
  });

  it('lists the first 100 failures, and counts the rest', () => {
    const { failures, moreFailures } = viewOf(sizedRun({ functions: 3000, failEvery: 10 }), { view: 'summary' });
    expect([failures.length, moreFailures]).to.deep.equal([100, 200]);
    expect(failures[0]!.error.message).to.equal('cannot make stage-a-9');
  });
});
