import { expect } from 'chai';
import fc from 'fast-check';
import { doAtOnce } from '../../lib/base/index.js';
import { compile, Dag } from '../../lib/dag/index.js';
import { depthFirstPositions } from '../../lib/dag/plan/depth-first.js';
import { type Edges, randomGraph } from './graphs.js';

const code = { module: './m.js', name: 'f' };

/** The ids of functions in depth-first order, which are added in the order given, with what each takes. */
function inOrder(specs: Readonly<Record<string, string>>): readonly string[] {
  const dag = Dag.dynamic('d');
  for (const [id, args] of Object.entries(specs)) dag.add({ id, code, args: args.split(' ').filter(Boolean) });
  const { ids, positions } = compile(dag);
  return [...ids.keys()].sort((a, b) => (positions ? positions[a]! - positions[b]! : a - b)).map((index) => ids[index]!);
}

/** The most values held at once where one function runs after the other: each until all that take it have run. */
function mostHeld(edges: Edges, positions: Int32Array | undefined): number {
  const users = edges.map((_, index) => edges.filter((needs) => needs.includes(index)).length);
  const left = [...users];
  let held = 0;
  let most = 0;
  for (const index of [...edges.keys()].sort((a, b) => (positions ? positions[a]! - positions[b]! : a - b))) {
    if (users[index]! > 0) held += 1;
    most = Math.max(most, held);
    for (const need of new Set(edges[index])) {
      left[need]! -= 1;
      if (left[need] === 0) held -= 1;
    }
  }
  return most;
}

function positionsOf(edges: Edges): Int32Array | undefined {
  const dag = Dag.dynamic('d');
  for (const [index, needs] of edges.entries()) dag.add({ id: `f${index}`, code, args: needs.map((need) => `f${need}`) });
  return compile(dag).positions;
}

describe('the depth-first order of a plan', () => {
  it('finishes each chain before the next one begins, however they were added', () => {
    expect(inOrder({ e1: '', e2: '', t1: 'e1', t2: 'e2', l1: 't1', l2: 't2' })).to.deep.equal(['e1', 't1', 'l1', 'e2', 't2', 'l2']);
    expect(inOrder({ l2: 't2', t2: 'e2', e1: '', l1: 't1', e2: '', t1: 'e1' })).to.deep.equal(['e2', 't2', 'l2', 'e1', 't1', 'l1']);
  });

  it('is the order of adding where nothing tells functions apart, and takes no memory then', () => {
    expect(compile(Dag.dynamic('d').add({ id: 'b', code }).add({ id: 'a', code })).positions).to.equal(undefined);
    expect(positionsOf([[], [0], [1], []])).to.equal(undefined);
    expect(inOrder({ b: '', a: '', joined: 'b a' })).to.deep.equal(['b', 'a', 'joined']);
  });

  it('begins with the longest path, counted in functions; of paths as long with the one that was added first', () => {
    expect(inOrder({ b: '', a: '', y: 'a', m1: '', m2: 'm1', m3: 'm2', z1: '', z2: 'z1', c: '' })).to.deep.equal([
      ...['m1', 'm2', 'm3', 'a', 'y', 'z1', 'z2', 'b', 'c'],
    ]);
    expect(inOrder({ last: 'l2', mid: 'm1', l2: 'l1', m1: '', l1: '' })).to.deep.equal(['l1', 'l2', 'last', 'm1', 'mid']);
  });

  it('lets what uses a value up go before what makes another', () => {
    const report = { h1: '', h2: '', p1: 'h1', p2: 'h2', report: 'p1 p2', t1: 'h1', t2: 'h2', l1: 't1', l2: 't2' };
    expect(inOrder(report)).to.deep.equal(['h1', 'p1', 't1', 'l1', 'h2', 'p2', 'report', 't2', 'l2']);
  });

  it('holds one value for each level of a tree of pairs', () => {
    const edges: number[][] = Array.from({ length: 64 }, () => []);
    for (let from = 0, count = 64; count > 1; from += count, count /= 2) {
      for (let at = 0; at < count; at += 2) edges.push([from + at, from + at + 1]);
    }
    expect(mostHeld(edges, positionsOf(edges))).to.be.at.most(8);
    expect(mostHeld(edges, undefined)).to.be.at.least(64);
  });

  it('gives each function of any DAG a place of its own, after those that it takes', () => {
    fc.assert(
      fc.property(randomGraph({ acyclic: true }), (edges) => {
        const positions = positionsOf(edges) ?? Int32Array.from(edges.keys());
        expect([...positions].sort((a, b) => a - b)).to.deep.equal([...edges.keys()]);
        for (const [index, needs] of edges.entries()) for (const need of needs) expect(positions[need]).to.be.below(positions[index]!);
      }),
    );
  });

  it('takes as many steps as there are functions and arguments: a million chains of three, one chain, one fan', () => {
    const size = 999_999;
    const steps = (need: (index: number) => number): number => {
      const start = new Int32Array(size + 1);
      const items = new Int32Array(size);
      const back = new Int32Array(size + 1);
      let count = 0;
      for (let index = 0; index < size; index += 1) {
        if (need(index) >= 0) {
          items[count++] = need(index);
          back[need(index) + 1]! += 1;
        }
        start[index + 1] = count;
      }
      for (let index = 0; index < size; index += 1) back[index + 1]! += back[index]!;
      const dependents = new Int32Array(count);
      const filled = back.slice();
      for (let index = 0; index < size; index += 1) if (need(index) >= 0) dependents[filled[need(index)]!++] = index;
      const sinks = Int32Array.from({ length: size }, (_, index) => index).filter((index) => back[index] === back[index + 1]);
      const work = depthFirstPositions({
        size,
        producers: { start, items: items.slice(0, count) },
        dependents: { start: back, items: dependents },
        sinks,
      });
      let taken = 0;
      const left = work[Symbol.iterator]();
      while (!left.next().done) taken += 1;
      return taken;
    };
    const third = size / 3;
    const atMost = (5 * size) / 4096;
    expect(steps((index) => (index < third ? -1 : index - third))).to.be.at.most(atMost);
    expect(steps((index) => index - 1)).to.be.at.most(atMost);
    expect(steps((index) => (index === 0 ? -1 : 0))).to.be.at.most(atMost);
  });

  it('is there at once for a small DAG', () => {
    const producers = { start: Int32Array.of(0, 0, 1), items: Int32Array.of(0) };
    const dependents = { start: Int32Array.of(0, 1, 1), items: Int32Array.of(1) };
    expect(doAtOnce(depthFirstPositions({ size: 2, producers, dependents, sinks: Int32Array.of(1) }))).to.equal(undefined);
  });
});
