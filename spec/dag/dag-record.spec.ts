import { expect } from 'chai';
import { doAtOnce, HandoffError } from '../../lib/base/index.js';
import { OPTION_FIELDS } from '../../lib/dag/build/function-spec.js';
import {
  arg,
  collocatedWith,
  compile,
  Dag,
  type DagLike,
  type DagRecord,
  type DynamicDag,
  dagOfRecord,
  isSameDag,
  onDriver,
  type PlanRecord,
  recordDag,
  recordPlan,
} from '../../lib/dag/index.js';
import { ConstantColumn, pack, unpack } from '../../lib/value/index.js';

const ref = (name: string) => ({ module: './tasks.js', name });

function recordOf(dag: DagLike): PlanRecord {
  const deps = { nameOf: (module: string) => module, contentOf: () => '1', inputDigest: (id: string) => id };
  return doAtOnce(recordPlan(compile(dag), { ...deps, constants: new ConstantColumn(), epoch: 1 }));
}

/** Both records, as they come from a disk. */
const written = (dag: DagLike): { readonly plan: PlanRecord; readonly dag: DagRecord } =>
  unpack(pack({ plan: recordOf(dag), dag: doAtOnce(recordDag(compile(dag))) }, { where: 'record' }), { freeze: false }) as never;

function madeAgain(dag: DagLike): DynamicDag {
  const read = written(dag);
  return doAtOnce(dagOfRecord(read.plan, read.dag));
}

describe('the record of a DAG', () => {
  it('tells functions apart that differ in one option, whichever it is', () => {
    const values = { cost: { cpu: 2 }, node: 'b', maxRetries: 9, retry: { factor: 9 }, timeoutMs: 9, isolation: 'process', priority: 9 };
    const all: Record<string, unknown> = { ...values, estimateMs: 9, version: '9', cache: { ttlMs: 9 } };
    expect(Object.keys(all)).to.deep.equal([...OPTION_FIELDS]);
    for (const [name, value] of Object.entries(all)) {
      const two = Dag.dynamic('d').add({ id: 'plain', code: ref('a') });
      two.add({ id: 'other', code: ref('a'), [name]: value });
      const [first, second] = JSON.parse(JSON.stringify(madeAgain(two))).functions as Record<string, unknown>[];
      expect([name, first![name], second![name]]).to.deep.equal([name, undefined, value]);
    }
  });

  const table = { rows: [1, 2, 3] };
  const dag = Dag.dynamic('d')
    .input('x')
    .input('unused')
    .add({ id: 'a', code: ref('a'), cost: { cpu: 2, gpu: 0.5 }, extraArgs: [table, 1n, new Date(0)], maxRetries: 2 })
    .add({ id: 'in', code: ref('in'), type: 'inline', args: ['x', 'a'], extraArgs: [{ b: 1, a: 2 }] })
    .add({ id: '__proto__', code: ref('b'), args: ['in', 'a', 'a'], node: onDriver(), retry: { factor: 3 }, extraArgs: [table] })
    .add({
      id: 'c',
      code: ref('c'),
      args: ['__proto__', 'x'],
      argumentInclusion: 'as-list',
      node: collocatedWith('a'),
      isolation: 'process',
    })
    .add({
      id: 'e',
      code: ref('e'),
      args: [arg('a', { serialize: ref('s'), extra: [7] }), 'c', arg('x', { deserialize: ref('t') })],
      cost: { cpu: 2, gpu: 0.5 },
      maxRetries: 2,
      timeoutMs: 5,
      priority: 1,
      estimateMs: 9,
      version: '2',
    });

  it('makes the DAG again, with all that it says of its functions', () => {
    const again = madeAgain(dag);
    expect(again.id).to.equal('d');
    expect([...again.functions.keys()].sort()).to.deep.equal([...dag.functions.keys()].sort());
    for (const [id, spec] of dag.functions) expect(again.functions.get(id), id).to.deep.equal(spec);
    expect(doAtOnce(isSameDag(recordOf(dag), recordOf(again)))).to.equal(true);
    expect(recordOf(again)).to.deep.equal(recordOf(dag));
  });

  const growing = Dag.dynamic('g')
    .input('xs')
    .add({ id: 'half', code: ref('h'), type: 'inline', args: ['m'] })
    .map({ id: 'm', over: 'xs', code: ref('m'), args: [arg('a', { serialize: ref('s') })], extraArgs: [1], concurrency: 2, optional: true })
    .add({ id: 'a', code: ref('a'), when: 'xs', optional: true, cost: { cpu: 2 } })
    .map({ id: 'n', over: 'm', code: ref('m'), when: { id: 'a', is: -0 }, version: '1' })
    .expand({ id: 'e', code: ref('e'), args: ['half'], when: { id: 'm', isNot: null }, maxRetries: 1 })
    .add({ id: 'f', code: ref('a'), when: { id: 'e', is: 'x' }, args: ['n'], argumentInclusion: 'as-list' })
    .add({ id: 'g', code: ref('a'), when: { id: 'f', is: 'x' } });

  it('makes maps, expansions, conditions and what may fail again', () => {
    const again = madeAgain(growing);
    for (const [id, spec] of growing.functions) expect(again.functions.get(id), id).to.deep.equal(spec);
    expect(again.size).to.equal(growing.size);
    expect(compile(again).growth).to.deep.equal(compile(growing).growth);
    expect(doAtOnce(isSameDag(recordOf(growing), recordOf(again)))).to.equal(true);
    expect(recordOf(growing).tests).to.deep.equal(['truthy', { is: -0 }, { isNot: null }, { is: 'x' }]);
    expect(recordOf(dag)).to.deep.include({ wires: new Int32Array(0), tests: [] });
  });

  it('holds each set of options once', () => {
    expect(written(dag).dag.options).to.have.length(5);
  });

  it('holds for each function its own options, whether it is like the one before it or not', () => {
    const sets = [{}, { priority: 1 }, { priority: 1 }, {}, {}, { priority: 2 }, { priority: 2, timeoutMs: 5 }, { priority: 1 }];
    const alike = Dag.dynamic('alike');
    for (const [at, options] of sets.entries()) alike.add({ id: `f${at}`, code: ref('f'), ...options });
    const record = written(alike).dag;
    expect(Array.from(record.option, (number) => record.options[number])).to.deep.equal(sets);
    expect(record.options).to.have.length(4);
  });

  it('keeps what functions share, and the order of keys, which no fingerprint sees', () => {
    const again = madeAgain(dag);
    expect(again.functions.get('a')!.extraArgs[0]).to.equal(again.functions.get('__proto__')!.extraArgs[0]);
    expect(Object.keys(again.functions.get('in')!.extraArgs[0] as object)).to.deep.equal(['b', 'a']);
  });

  it('makes no DAG again of plain functions, and names each', () => {
    const plain = Dag.dynamic('d')
      .add({ id: 'a', code: () => 1 })
      .add({ id: 'b', code: ref('b'), args: [arg('a', { serialize: (x: never) => x })] })
      .add({ id: 'c', code: ref('c'), args: ['b', arg('b', { deserialize: (x: never) => x })] })
      .add({ id: 'd', code: Math.abs, type: 'inline' })
      .add({ id: 'e', code: ref('e'), args: [arg('a', { serialize: ref('s') })] });
    let refused: unknown;
    try {
      madeAgain(plain);
    } catch (error) {
      refused = error;
    }
    expect(HandoffError.is(refused, 'HANDOFF_INVALID_DAG')).to.equal(true);
    const faults = (refused as HandoffError).faults!;
    expect(faults.map(({ kind, functionId }) => `${kind} ${functionId}`)).to.deep.equal(
      ['a', 'b', 'c', 'd'].map((id) => `closure-not-resumable ${id}`),
    );
    expect(faults[1]!.message).to.equal(
      'Cannot resume function "b": a serializer of its arguments is a plain function, which ended with its process',
    );
  });
});
