import { expect } from 'chai';
import { Dag, type DynamicDag, functionsIn, HandoffError } from '../../lib/index.js';
import { TestCluster } from '../../lib/testing/index.js';
import { caught } from '../support/caught.js';

const tasks = functionsIn<typeof import('../support/modules/cluster-tasks.js')>(
  new URL('../support/modules/cluster-tasks.js', import.meta.url),
);
const loop = { isolation: 'loop' } as const;
const KIB = 1024;
const MIB = 1024 * KIB;

/** So many functions on `n1`. */
function made(count: number): { readonly dag: DynamicDag; readonly ids: string[] } {
  const dag = Dag.dynamic('long');
  const ids = Array.from({ length: count }, (_, index) => `${index}`);
  for (const id of ids) dag.add({ id, code: tasks.same, extraArgs: [1], node: 'n1', ...loop });
  return { dag, ids };
}

describe('what is long goes from node to node, or whoever sends it is told', function () {
  this.timeout(60_000);
  let cluster: TestCluster;
  before(async () => {
    cluster = await TestCluster.start({ nodes: [{ capabilities: {} }, { capabilities: {} }, { capabilities: {} }], transport: 'memory' });
  });
  after(() => cluster.stop());

  for (const [count, argumentInclusion] of [
    [60_000, 'variadic'],
    [100_000, 'as-list'],
  ] as const) {
    it(`a join of ${count} results, ${argumentInclusion}`, async () => {
      const { dag, ids } = made(count);
      const code = argumentInclusion === 'as-list' ? tasks.sum : tasks.sumOf;
      dag.add({ id: 'join', code, args: ids, argumentInclusion, node: 'n2', ...loop });
      const { results } = await cluster.node('n1').execute(dag, { collect: ['join'] as never });
      expect(results).to.deep.equal({ join: count });
    });
  }

  it('a join of 10,000 results of inline functions', async () => {
    const dag = Dag.dynamic('inline');
    const ids = Array.from({ length: 10_000 }, (_, index) => `${index}`);
    for (const id of ids) dag.add({ id, code: tasks.same, extraArgs: [1], type: 'inline', ...loop } as never);
    dag.add({ id: 'join', code: tasks.sumOf, args: ids, node: 'n2', ...loop });
    const outcome = await caught(
      cluster
        .node('n1')
        .execute(dag, { collect: ['join'] as never })
        .then(({ results }) => Promise.reject(results)),
    );
    if (HandoffError.is(outcome)) expect(outcome.message).to.match(/Cannot send "run-attempt"|at most/);
    else expect(outcome).to.deep.equal({ join: 10_000 });
  });

  for (const length of [64 * KIB - 1, 64 * KIB, 64 * KIB + 1, MIB]) {
    it(`an id of ${length} characters`, async () => {
      const id = 'i'.repeat(length);
      const dag = Dag.dynamic(id)
        .add({ id, code: tasks.bytes, extraArgs: [100_000], node: 'n2', ...loop })
        .add({ id: 'far', code: tasks.lengths, args: [id], node: 'n3', ...loop });
      const { results } = await cluster.node('n1').execute(dag, { collect: ['far'] as never });
      expect(results).to.deep.equal({ far: [100_000] });
    });
  }

  it('an id that is longer than a message may be is refused, at once, with the limit', async () => {
    const id = 'i'.repeat(33 * MIB);
    const dag = Dag.dynamic('x').add({ id, code: tasks.bytes, extraArgs: [1], node: 'n2', ...loop });
    const error = await caught(cluster.node('n1').execute(dag, { maxRetries: 0 }));
    expect(error.code).to.equal('HANDOFF_FUNCTION_FAILED');
    expect((error.cause as Error).message).to.match(/Cannot send .*"run-attempt": it has \d+ bytes, a message at most 33554432/s);
  });

  for (const size of [0, 1, 64 * KIB - 17, 64 * KIB - 16, 64 * KIB - 15, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 128 * KIB + 1, 5 * MIB]) {
    it(`values, inputs and extraArgs of ${size} bytes`, async () => {
      const dag = Dag.dynamic('sizes')
        .input('input')
        .add({ id: 'made', code: tasks.bytes, extraArgs: [size], node: 'n2', ...loop })
        .add({ id: 'far', code: tasks.lengths, args: ['made', 'input'], node: 'n3', ...loop })
        .add({ id: 'extra', code: tasks.lengths, args: ['made'], extraArgs: [new Uint8Array(size).fill(7)], node: 'n3', ...loop });
      const { results } = await cluster.node('n1').execute(dag, { inputs: { input: new Uint8Array(size).fill(7) } as never });
      expect((results as Record<string, { length: number }>).made!.length).to.equal(size);
      expect(results).to.deep.include({ far: [size, size], extra: [size, size] });
    });
  }

  it('30 inputs of 60 KB, of which not all can ride along with one function', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `input ${index}`);
    const dag = names.reduce((all, name) => all.input(name), Dag.dynamic('inputs'));
    dag.add({ id: 'far', code: tasks.lengths, args: names, node: 'n2', ...loop });
    const inputs = Object.fromEntries(names.map((name) => [name, new Uint8Array(60_000).fill(7)]));
    const { results } = await cluster.node('n1').execute(dag, { inputs: inputs as never });
    expect(results).to.deep.equal({ far: Array(30).fill(60_000) });
  });

  it('an error with a message of 5 MB, and a reason to cancel of 5 MB', async () => {
    const message = 'm'.repeat(5_000_000);
    const failed = Dag.dynamic('fails').add({ id: 'f', code: tasks.fails, extraArgs: [message], node: 'n2', ...loop });
    const error = await caught(cluster.node('n1').execute(failed, { maxRetries: 0 }));
    expect((error.cause as Error).message.slice(0, 1000)).to.equal(message.slice(0, 1000));
    const held = Dag.dynamic('held').add({ id: 'h', code: tasks.held, extraArgs: ['never'], node: 'n2', ...loop });
    const run = cluster.node('n1').execute(held, {});
    const ended = caught(run);
    for await (const { type } of run) if (type === 'function-started') break;
    await run.cancel(new Error(message));
    expect((await ended).code).to.equal('HANDOFF_RUN_CANCELLED');
  });

  it('capabilities of 1,000 names', async () => {
    const capabilities = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`resource ${index}`, index + 1]));
    await cluster.node('n1').registerNode('n2', capabilities);
    expect(Object.keys((await cluster.node('n3').discoverNodes()).n2!)).to.have.length(1000);
    expect((await cluster.node('n1').status()).nodes[1]!.capabilities).to.deep.equal(capabilities);
    const dag = Dag.dynamic('costly').add({ id: 'f', code: tasks.where, cost: capabilities, ...loop });
    const { results } = await cluster.node('n1').execute(dag, {});
    expect(results).to.deep.equal({ f: 'n2' });
    await cluster.node('n1').registerNode('n2', {});
  });

  it('a module name of 1 MiB, which nobody has', async () => {
    const code = { module: `./${'m'.repeat(MIB)}.js`, name: 'f' };
    const error = await caught(
      cluster.node('n1').execute(Dag.dynamic('no module').add({ id: 'f', code, node: 'n2', ...loop }), { maxRetries: 0 }),
    );
    expect(error.code).to.equal('HANDOFF_FUNCTION_FAILED');
  });

  it('what a function prints, 5 MB at once', async () => {
    const dag = Dag.dynamic('prints').add({ id: 'f', code: tasks.say, extraArgs: ['x'.repeat(5_000_000)], node: 'n2', ...loop });
    expect((await cluster.node('n1').execute(dag, {})).results).to.deep.equal({ f: 'n2' });
  });
});
