import { expect } from 'chai';
import { doAtOnce } from '../../lib/base/index.js';
import {
  appendToShape,
  compile,
  Dag,
  type DynamicDag,
  ExpandedDag,
  type GrowingPlan,
  growingPlanOf,
  remainingPaths,
} from '../../lib/dag/index.js';
import { growState } from '../../lib/runner/brain/growth/grow-state.js';
import type { RunHappening } from '../../lib/runner/brain/messages.js';
import { newRunState, newStateColumns, type RunState } from '../../lib/runner/brain/run-state.js';
import { RunGrowth } from '../../lib/runner/run/growth/run-growth.js';
import { newRunColumns, type RunColumns } from '../../lib/runner/run/run-columns.js';
import { claimClasses } from '../../lib/runner/runs/claim-classes.js';

const code = (name: string) => ({ module: './m.js', name });
const terms = { node: 'n', local: false, threadCost: { cpu: 1 } };

/** A map `m`, and an expansion `e` that `z` needs. */
const mapAndExpansion = (): DynamicDag =>
  Dag.dynamic('d')
    .input('i')
    .map({ id: 'm', over: 'i', code: code('m'), cost: { gpu: 1 } })
    .expand({ id: 'e', code: code('e') })
    .add({ id: 'z', code: code('z'), args: ['e'] });

/** A run of a DAG; its parts are told to the brain by hand. */
class Grown {
  readonly plan: GrowingPlan;
  readonly kinds;
  readonly columns: RunColumns;
  readonly state: RunState;
  readonly growth: RunGrowth;
  readonly happenings: RunHappening[] = [];

  constructor(dag = mapAndExpansion()) {
    const plan = compile(dag);
    this.plan = doAtOnce(growingPlanOf(plan));
    this.kinds = [...doAtOnce(claimClasses(plan, terms))];
    const paths = doAtOnce(remainingPaths(plan, () => 10));
    this.columns = doAtOnce(
      newRunColumns(plan.size, { paths, positions: Float64Array.from(plan.ids.keys()), meanMs: 1 }, doAtOnce(newStateColumns(plan.shape))),
    );
    const policy = { maxRetries: 0, onFailure: 'abort', collected: new Uint8Array(plan.size), stopGraceMs: 0 } as const;
    this.state = newRunState('r', this.plan.shape, policy, this.columns.state);
    const { kinds, columns } = this;
    this.growth = new RunGrowth({ plan: this.plan, kinds, columns, feed: (happening) => this.happenings.push(happening) });
  }

  /** The brain hears of what is on its way, and takes it unless it is for a plan of another size. */
  apply(): void {
    for (const happening of this.happenings.splice(0)) {
      if (happening.type !== 'functions-added') throw new Error(happening.type);
      const { added } = happening;
      if (added.from === this.plan.size) {
        appendToShape(this.state.plan, added);
        growState(this.state, added.from);
      }
      this.growth.applied(added);
    }
  }

  get idsInOrder(): readonly string[] {
    const { ids } = this.plan;
    const positions = this.columns.positions!;
    return [...ids.keys()].sort((a, b) => positions[a]! - positions[b]!).map((index) => ids[index]!);
  }

  get pathsById(): Record<string, number> {
    return Object.fromEntries(this.plan.ids.map((id, index) => [id, this.columns.paths[index]!]));
  }
}

describe('the growth of a run', () => {
  it('gives every column an entry for each element, which has the claims of its map and its place in the order', () => {
    const run = new Grown();
    const { plan, kinds, columns, state } = run;
    run.growth.appendElements({ index: 0, from: 0, count: 3, total: 3 });
    expect(plan.size).to.equal(3);
    run.apply();
    expect(plan.ids.slice(3)).to.deep.equal(['m[0]', 'm[1]', 'm[2]']);
    expect(kinds.slice(3)).to.deep.equal([kinds[0], kinds[0], kinds[0]]);
    expect(run.pathsById).to.include({ 'm[0]': 10, 'm[2]': 10 });
    for (const index of [3, 4, 5]) {
      expect([columns.handles[index], columns.members[index]]).to.deep.equal([undefined, undefined]);
      expect([columns.tookMs[index], columns.sizes[index], state.states[index]]).to.deep.equal([Number.NaN, 0, 'waiting']);
    }
    expect(columns.handles.length).to.equal(6);
  });

  it('orders the elements of a pipeline so that what was begun is finished, and lets all its stages be as urgent', () => {
    const stages = Dag.dynamic('d')
      .input('i')
      .map({ id: 'a', over: 'i', code: code('a') })
      .map({ id: 'b', over: 'a', code: code('b') })
      .map({ id: 'c', over: 'b', code: code('c') })
      .map({ id: 'apart', over: 'a', args: ['a'], code: code('apart') });
    const run = new Grown(stages);
    for (const index of [0, 1, 2, 3]) {
      run.growth.appendElements({ index, from: 0, count: 2, total: 2 });
      run.apply();
    }
    expect(run.pathsById).to.include({ 'a[0]': 30, 'b[0]': 30, 'c[0]': 30, 'apart[0]': 10 });
    const inOrder = ['a[0]', 'b[0]', 'c[0]', 'a[1]', 'b[1]', 'c[1]', 'a', 'b', 'c', 'apart[0]', 'apart[1]', 'apart'];
    expect(run.idsInOrder).to.deep.equal(inOrder);
    expect(run.kinds.map(({ growsMemory }) => growsMemory).slice(0, 4)).to.deep.equal([true, false, false, true]);
  });

  it('orders insides as the DAG that they are of, right before their expansion, however deep', () => {
    const run = new Grown();
    const inner = compile(
      Dag.dynamic('s')
        .add({ id: 'b', code: code('b'), args: ['a'] })
        .add({ id: 'a', code: code('a') })
        .expand({ id: 'f', code: code('f'), args: ['b'] }),
    );
    const inside = { kinds: doAtOnce(claimClasses(inner, terms)), paths: doAtOnce(remainingPaths(inner, () => 1)) };
    run.growth.addInsides(1, new ExpandedDag(inner, 'e'), 0, 3, inside);
    run.apply();
    run.growth.addInsides(run.plan.indexOf.get('e/f')!, new ExpandedDag(inner, 'e/f'), 0, 3, inside);
    run.apply();
    run.growth.appendElements({ index: 0, from: 0, count: 1, total: 1 });
    run.apply();
    expect(run.idsInOrder).to.deep.equal(['m[0]', 'm', 'e/a', 'e/b', 'e/f/a', 'e/f/b', 'e/f/f', 'e/f', 'e', 'z']);
  });

  it('goes on from the end of insides as from that of their expansion, however deep', () => {
    const run = new Grown();
    const inner = compile(
      Dag.dynamic('s')
        .add({ id: 'b', code: code('b'), args: ['a'], cost: { gpu: 2 } })
        .add({ id: 'a', code: code('a') })
        .expand({ id: 'f', code: code('f'), args: ['a'] }),
    );
    const inside = { kinds: doAtOnce(claimClasses(inner, terms)), paths: doAtOnce(remainingPaths(inner, () => 1)) };
    run.growth.addInsides(1, new ExpandedDag(inner, 'e'), 0, 3, inside);
    run.apply();
    run.growth.addInsides(run.plan.indexOf.get('e/f')!, new ExpandedDag(inner, 'e/f'), 0, 3, inside);
    run.apply();
    // After `e` comes `z`, which takes 10.
    expect(run.pathsById).to.deep.equal({ m: 10, e: 20, z: 10, 'e/a': 12, 'e/b': 11, 'e/f': 11, 'e/f/a': 12, 'e/f/b': 11, 'e/f/f': 11 });
    expect(run.kinds[run.plan.indexOf.get('e/b')!]!.costs).to.deep.equal({ gpu: 2 });
    expect(run.kinds[run.plan.indexOf.get('e/f/a')!]!.costs).to.deep.equal({ cpu: 1 });
  });

  it('leaves out what the brain does not take, as something else came first', () => {
    const run = new Grown();
    run.growth.appendElements({ index: 0, from: 0, count: 2, total: 2 });
    const [late] = run.happenings.splice(0);
    run.growth.appendElements({ index: 0, from: 0, count: 1, total: 2 });
    run.apply();
    if (late?.type !== 'functions-added') throw new Error('nothing was told');
    run.growth.applied(late.added);
    expect([run.plan.size, run.plan.specs.length, run.columns.handles.length, run.kinds.length]).to.deep.equal([4, 4, 4, 4]);
  });
});
