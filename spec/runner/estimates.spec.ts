import { expect } from 'chai';
import { doAtOnce } from '../../lib/base/index.js';
import { appendToShape, compile, Dag, elementsOf, growingPlanOf } from '../../lib/dag/index.js';
import { DURATIONS_KEPT, Estimates } from '../../lib/runner/runs/estimates.js';

const code = (name: string) => ({ module: 'm.js', name });
const planOf = (id: string, functions: readonly { readonly name: string; readonly estimateMs?: number }[]) => {
  const dag = Dag.dynamic(id);
  for (const [at, { name, estimateMs }] of functions.entries()) {
    dag.add({ id: `f${at}`, code: code(name), ...(estimateMs !== undefined && { estimateMs }) });
  }
  return compile(dag);
};
const three = (id = 'd') => planOf(id, [{ name: 'a' }, { name: 'b' }, { name: 'c' }]);

describe('estimates of durations', () => {
  it('are all alike where nothing is known, so that depth decides', () => {
    expect([...doAtOnce(new Estimates().of(three()))]).to.deep.equal([1, 1, 1]);
  });

  it('are what the last run of the DAG id took, function by function', () => {
    const estimates = new Estimates();
    doAtOnce(estimates.learn(three(), Float64Array.of(9, 9, 9)));
    doAtOnce(estimates.learn(three(), Float64Array.of(1, 20, 300)));
    expect([...doAtOnce(estimates.of(three()))]).to.deep.equal([1, 20, 300]);
  });

  it('are what the user says, before everything that was learnt', () => {
    const estimates = new Estimates();
    doAtOnce(estimates.learn(three(), Float64Array.of(1, 20, 300)));
    expect([...doAtOnce(estimates.of(planOf('d', [{ name: 'a', estimateMs: 7 }, { name: 'b' }])))]).to.deep.equal([7, 20]);
  });

  it('are the mean of the same code in another DAG; of what is not known at all, the mean of what is known beside it', () => {
    const estimates = new Estimates();
    doAtOnce(estimates.learn(planOf('other', [{ name: 'a' }, { name: 'a' }, { name: 'b' }]), Float64Array.of(10, 30, 40)));
    expect([...doAtOnce(estimates.of(three()))]).to.deep.equal([20, 40, 30]);
  });

  it('are learnt of elements by reference alone: the next run may have others', () => {
    const estimates = new Estimates();
    const mapped = (id: string) =>
      compile(
        Dag.dynamic(id)
          .input('xs')
          .map({ id: 'ys', over: 'xs', code: code('a') }),
      );
    const plan = doAtOnce(growingPlanOf(mapped('d')));
    const part = elementsOf(plan, 0, 0, 2, 2);
    appendToShape(plan.shape, part.fragment);
    plan.extend(part);
    doAtOnce(estimates.learn(plan, Float64Array.of(Number.NaN, 20, 40)));
    expect([...doAtOnce(estimates.of(mapped('d')))]).to.deep.equal([30]);
    const named = Dag.dynamic('d').add({ id: 'ys[0]', code: code('x') });
    expect([...doAtOnce(estimates.of(compile(named)))]).to.deep.equal([1]);
  });

  it('learn nothing from a function that did not succeed', () => {
    const estimates = new Estimates();
    doAtOnce(estimates.learn(three(), Float64Array.of(10, Number.NaN, 30)));
    expect([...doAtOnce(estimates.of(three()))]).to.deep.equal([10, 20, 30]);
  });

  it('forget the DAGs that ran longest ago once there are too many', () => {
    const estimates = new Estimates();
    const size = DURATIONS_KEPT / 4;
    const large = (id: string) =>
      planOf(
        id,
        Array.from({ length: size }, (_, at) => ({ name: `${id} ${at}` })),
      );
    const took = new Float64Array(size).fill(5);
    doAtOnce(estimates.learn(three(), Float64Array.of(1, 20, 300)));
    for (const id of ['p', 'q', 'r']) doAtOnce(estimates.learn(large(id), took));
    expect([...doAtOnce(estimates.of(three()))]).to.deep.equal([1, 20, 300]);
    doAtOnce(estimates.learn(large('s'), took));
    expect([...doAtOnce(estimates.of(planOf('d', [{ name: 'x' }, { name: 'y' }])))]).to.deep.equal([1, 1]);
  });
});
