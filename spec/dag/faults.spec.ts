import { expect } from 'chai';
import { type DagFault, doAtOnce } from '../../lib/base/index.js';
import { arg, collocatedWith, compile, Dag, type DynamicDag, executionFaults, invalidDag, onDriver } from '../../lib/dag/index.js';
import { faultsOf, thrownBy } from './thrown.js';

const one = () => 1;
const reference = { module: './m.js', name: 'f' };
/** A DAG with one function that has these fields. */
const having = (fields: object): DynamicDag => Dag.dynamic().add({ id: 'f', code: reference, ...fields } as never);
const withoutMessages = (faults: readonly DagFault[]) => faults.map(({ message: _, ...fault }) => fault);

describe('The faults of a DAG', () => {
  it('are none in an empty DAG, a chain, or where a consumer was added before its producer', () => {
    expect(faultsOf(Dag.dynamic())).to.deep.equal([]);
    expect(
      faultsOf(
        Dag.dynamic()
          .add({ id: 'b', code: one, args: ['a', 'i', 'a'] })
          .add({ id: 'a', code: one })
          .input('i'),
      ),
    ).to.deep.equal([]);
  });

  it('name each argument that is neither function nor input, once per consumer', () => {
    const dag = Dag.dynamic('d')
      .add({ id: 'f', code: one, args: ['no', arg('no', {}), 'nor'] })
      .add({ id: 'g', code: one, args: ['no'], type: 'inline' });
    expect(withoutMessages(faultsOf(dag))).to.deep.equal([
      { kind: 'missing-function', functionId: 'f', missing: 'no' },
      { kind: 'missing-function', functionId: 'f', missing: 'nor' },
      { kind: 'missing-function', functionId: 'g', missing: 'no' },
    ]);
    expect(faultsOf(dag)[0]!.message).to.equal('Cannot run function "f": its argument "no" is neither a function nor an input');
  });

  const wrongOptions: [field: string, fields: object][] = [
    ['maxRetries', { maxRetries: -1 }],
    ['maxRetries', { maxRetries: 0.5 }],
    ['maxRetries', { maxRetries: '3' }],
    ['retry', { retry: 3 }],
    ['retry', { retry: [] }],
    ['retry.delayMs', { retry: { delayMs: 1 } }],
    ['retry.initialDelayMs', { retry: { initialDelayMs: -1 } }],
    ['retry.factor', { retry: { factor: Number.NaN } }],
    ['retry.maxDelayMs', { retry: { maxDelayMs: Infinity } }],
    ['retry.jitter', { retry: { jitter: 1.01 } }],
    ['timeoutMs', { timeoutMs: 0 }],
    ['timeoutMs', { timeoutMs: Infinity }],
    ['timeoutMs', { timeoutMs: null }],
    ['isolation', { isolation: '' }],
    ['isolation', { isolation: 3 }],
    ['isolation', { isolation: 'thread', code: one }],
    ['isolation', { isolation: 'process', code: one }],
    ['priority', { priority: Infinity }],
    ['estimateMs', { estimateMs: -1 }],
    ['version', { version: 1 }],
    ['version', { version: null }],
    ['cache', { cache: 1 }],
    ['cache', { cache: null }],
    ['cache', { cache: [] }],
    ['cache.ttl', { cache: { ttl: 1 } }],
    ['cache.ttlMs', { cache: { ttlMs: -1 } }],
    ['cache.ttlMs', { cache: { ttlMs: Infinity } }],
    ['cache.ttlMs', { cache: { ttlMs: '1' } }],
    ['cache', { cache: true, code: one }],
    ['cache', { cache: {}, code: one, type: 'inline' }],
    ['node', { node: '' }],
    ['node', { node: 3 }],
    ['node', { node: {} }],
    ['node', { node: { onDriver: false } }],
    ['node', { node: { onDriver: true, also: 1 } }],
    ['node', { node: { collocatedWith: '' } }],
    ['extraArgs', { extraArgs: 'x' }],
    ['extraArgs', { extraArgs: null }],
    ['argumentInclusion', { argumentInclusion: 'list' }],
    ['type', { type: 'lazy' }],
  ];
  for (const [field, fields] of wrongOptions) {
    it(`name ${field} where it is ${JSON.stringify(fields)}`, () => {
      const faults = faultsOf(having(fields));
      expect(withoutMessages(faults)).to.deep.equal([{ kind: 'invalid-option', functionId: 'f', field }]);
      expect(faults[0]!.message).to.match(new RegExp(`^Cannot run function "f": ${field.replace('.', '\\.')} is .*, needs [^.]+$`));
    });
  }

  const wrongCosts: [field: string, cost: unknown][] = [
    ['cost', 3],
    ['cost', null],
    ['cost', new Map()],
    ['cost.cpu', { cpu: -1 }],
    ['cost.cpu', { cpu: Number.NaN }],
    ['cost.cpu', { cpu: Infinity }],
    ['cost.cpu', { cpu: '1' }],
    ['cost.', { '': 1 }],
  ];
  for (const [i, [field, cost]] of wrongCosts.entries()) {
    it(`name ${field} where the cost is wrong (${i + 1})`, () => {
      expect(withoutMessages(faultsOf(having({ cost })))).to.deep.equal([{ kind: 'invalid-cost', functionId: 'f', field }]);
    });
  }

  it('are not what is at the edge of the allowed', () => {
    const options = {
      cost: { cpu: 0, gpu: 0.1 },
      maxRetries: 0,
      retry: { initialDelayMs: 0, factor: 0, maxDelayMs: 0, jitter: 1 },
      timeoutMs: 0.1,
      priority: -5,
      estimateMs: 0,
      version: '',
      cache: { ttlMs: 0 },
      node: 'n',
      isolation: 'loop',
    };
    expect(faultsOf(having(options))).to.deep.equal([]);
    expect(faultsOf(having({ isolation: 'process' }))).to.deep.equal([]);
    expect(faultsOf(having({ cost: {}, retry: {}, isolation: 'thread', node: onDriver() }))).to.deep.equal([]);
  });

  it('name an inline function that has a node, whatever the node is', () => {
    for (const node of ['n1', onDriver(), collocatedWith('nobody'), 3]) {
      const faults = faultsOf(having({ type: 'inline', node }));
      expect(withoutMessages(faults)).to.deep.equal([{ kind: 'inline-with-node', functionId: 'f' }]);
      expect(faults[0]!.message).to.include('"f"').and.include('node must not be given');
    }
  });

  it('are all reported at once, those of functions first, in the order of adding', () => {
    const dag = Dag.dynamic('all')
      .add({ id: 'a', code: one, args: ['nobody'], cost: { cpu: -1, gpu: -2 }, timeoutMs: -1 })
      .add({ id: 'b', code: one, args: ['c'], type: 'inline', node: 'n' })
      .add({ id: 'c', code: one, args: ['b'] })
      .add({ id: 'd', code: reference, node: collocatedWith('nobody') })
      .add({ id: 'e', code: reference, node: collocatedWith('f') })
      .add({ id: 'f', code: reference, node: collocatedWith('e') });
    expect(faultsOf(dag).map(({ kind, functionId }) => `${kind} ${functionId}`)).to.deep.equal([
      'missing-function a',
      'invalid-cost a',
      'invalid-cost a',
      'invalid-option a',
      'inline-with-node b',
      'cycle b',
      'collocation-missing d',
      'collocation-cycle e',
    ]);
  });

  it('are carried by one error, which spells out ten of them', () => {
    const dag = Dag.dynamic('d');
    for (let i = 0; i < 12; i++) dag.add({ id: `f${i}`, code: one, args: ['no'] });
    const error = thrownBy(() => dag.validate());
    expect(error).to.include({ code: 'HANDOFF_INVALID_DAG', dagId: 'd' });
    expect(error.faults).to.have.length(12);
    expect(error.message)
      .to.match(/^Cannot use DAG "d": 12 faults: .*"f9".*; and 2 more$/)
      .and.not.include('"f10"');
    expect(invalidDag('d', error.faults!.slice(0, 1)).message).to.match(/: 1 fault: Cannot run function "f0"/);
  });

  it('are found anew after each addition', () => {
    const dag = Dag.dynamic().add({ id: 'b', code: one, args: ['a'] });
    expect(faultsOf(dag)).to.have.length(1);
    expect(faultsOf(dag.add({ id: 'a', code: one }))).to.deep.equal([]);
    expect(faultsOf(dag.add({ id: 'c', code: one, args: ['no'] }))).to.have.length(1);
  });
});

describe('The faults of an execution', () => {
  const facts = { driver: 'here', hasInput: () => true, local: false };
  const found = (dag: DynamicDag, other: object = {}) => doAtOnce(executionFaults(compile(dag), { ...facts, ...other }));

  it('are none where all inputs have a value and plain functions stay on the driver', () => {
    const dag = Dag.dynamic()
      .input('i')
      .add({ id: 'a', code: one, args: ['i'], node: 'here' })
      .add({ id: 'b', code: one, node: onDriver() })
      .add({ id: 'c', code: reference, node: 'there' });
    expect(found(dag)).to.deep.equal([]);
  });

  it('name each input without a value that something needs, directly or through an inline function', () => {
    const dag = Dag.dynamic()
      .input('given')
      .input('missing')
      .input('through')
      .input('unused')
      .input('of nobody')
      .add({ id: 'a', code: one, args: ['given', 'missing', 'inline'] })
      .add({ id: 'inline', type: 'inline', code: one, args: [arg('through', {})] })
      .add({ id: 'idle', type: 'inline', code: one, args: ['of nobody'] });
    const faults = found(dag, { hasInput: (id: string) => id === 'given' });
    expect(withoutMessages(faults)).to.deep.equal([
      { kind: 'missing-input', functionId: 'missing' },
      { kind: 'missing-input', functionId: 'through' },
    ]);
    expect(faults[0]!.message).to.equal('Cannot start: input "missing" has no value, neither in inputs nor stored');
  });

  it('name each function that only the driver can run but another node is to, with the reason', () => {
    const pinned = { node: 'there', code: reference };
    const dag = Dag.dynamic()
      .add({ id: 'code', code: one, node: 'there' })
      .add({ id: 'serializer', ...pinned })
      .add({ id: 'consumer', code: reference, args: [arg('serializer', { serialize: one })] })
      .add({ id: 'deserializer', ...pinned, args: [arg('consumer', { deserialize: one })] })
      .add({ id: 'half', type: 'inline', code: one })
      .add({ id: 'inline', ...pinned, args: ['half'] })
      .add({ id: 'group', code: one, node: collocatedWith('remote') })
      .add({ id: 'remote', ...pinned });
    const faults = found(dag);
    expect(withoutMessages(faults)).to.deep.equal(
      ['code', 'serializer', 'deserializer', 'inline', 'group'].map((functionId) => ({ kind: 'closure-on-remote-node', functionId })),
    );
    const reasons = [
      'its code',
      'a serializer of its result',
      'a deserializer of its arguments',
      'an inline function that it needs',
      'its code',
    ];
    for (const [i, reason] of reasons.entries())
      expect(faults[i]!.message).to.include(`${reason} is a plain function`).and.include('"there"');
    expect(found(dag, { local: true })).to.deep.equal([]);
    expect(found(dag, { driver: 'there' })).to.deep.equal([]);
  });

  it('are none in a group that holds a function of the driver and no pin', () => {
    const dag = Dag.dynamic()
      .add({ id: 'a', code: reference, node: onDriver() })
      .add({ id: 'b', code: reference, node: collocatedWith('a') })
      .add({ id: 'c', code: reference, node: 'there' });
    expect(found(dag)).to.deep.equal([]);
    expect(
      found(
        Dag.dynamic()
          .add({ id: 'a', code: reference, node: collocatedWith('b') })
          .add({ id: 'b', code: one }),
      ),
    ).to.deep.equal([]);
  });
});
