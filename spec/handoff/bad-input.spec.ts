import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Dag, type DynamicDag, functionsIn, Handoff, HandoffError } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { spyLogger } from '../support/spy-logger.js';

const root = fileURLToPath(new URL('../executor/modules/', import.meta.url));
const tasks = functionsIn<typeof import('../executor/modules/tasks.js')>(new URL('../executor/modules/tasks.js', import.meta.url));
const elsewhere = functionsIn(new URL('../support/modules/tasks.js', import.meta.url));
const throwing = functionsIn(new URL('../executor/modules/throws.js', import.meta.url));
const one = (spec: Omit<Parameters<DynamicDag['add']>[0], 'id'>): DynamicDag => Dag.dynamic('one').add({ id: 'f', maxRetries: 0, ...spec });

describe('bad input', () => {
  let handoff: Handoff;
  before(async () => {
    handoff = await Handoff.start({ name: 'here', capabilities: { cpu: 2 }, root, threadHeapMiB: 64, threads: 2, logger: spyLogger() });
  });
  after(() => handoff.stop());
  afterEach('the node goes on working, and nothing is left over', async () => {
    expect((await handoff.execute(one({ code: tasks.add, extraArgs: [1, 2] }))).results.f).to.equal(3);
    const [node] = await handoff.nodes();
    expect(node).to.deep.include({ used: { cpu: 0 }, running: 0 });
  });

  const failure = async (dag: DynamicDag): Promise<HandoffError> => {
    const error = await caught(handoff.execute(dag));
    expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'f', dagId: 'one', attempts: 1 });
    return error as unknown as HandoffError;
  };

  for (const isolation of ['thread', 'loop'] as const) {
    describe(`of a function in isolation ${isolation}`, () => {
      const cases: readonly [string, Omit<Parameters<DynamicDag['add']>[0], 'id'>, (cause: unknown) => void][] = [
        [
          'an export that does not exist',
          { code: { ...tasks.add, name: 'nowhere' } },
          (cause) => expect(cause).to.include({ code: 'HANDOFF_CODE_NOT_FOUND', node: 'here' }),
        ],
        [
          'a module that does not exist',
          { code: { module: './nowhere.js', name: 'f' } },
          (cause) => expect(cause).to.include({ code: 'HANDOFF_CODE_NOT_FOUND', path: './nowhere.js' }),
        ],
        [
          'a module that throws while loading',
          { code: throwing.anything! },
          (cause) => {
            expect(cause).to.include({ code: 'HANDOFF_CODE_NOT_FOUND' });
            expect((cause as HandoffError).cause)
              .to.be.instanceOf(Error)
              .with.property('message', 'thrown while loading');
          },
        ],
        ['a module outside the root', { code: elsewhere.add! }, (cause) => expect(cause).to.include({ code: 'HANDOFF_CODE_NOT_FOUND' })],
        [
          'a result that is no value',
          { code: tasks.notAValue },
          (cause) => expect(cause).to.include({ code: 'HANDOFF_NOT_SERIALIZABLE', path: 'result.rows[1].callback' }),
        ],
        ['a thrown text', { code: tasks.throwText }, (cause) => expect(cause).to.equal('only text')],
        ['nothing thrown', { code: tasks.throwNothing }, (cause) => expect(cause).to.equal(undefined)],
        ['two rejections', { code: tasks.rejectTwice }, (cause) => expect(cause).to.have.property('message', 'first')],
        [
          'a promise that never settles',
          { code: tasks.never, timeoutMs: 20 },
          (cause) => expect(cause).to.include({ code: 'HANDOFF_FUNCTION_TIMEOUT', functionId: 'f' }),
        ],
      ];
      for (const [what, spec, isCause] of cases) {
        it(`fails with its cause: ${what}`, async () => {
          const error = await failure(one({ ...spec, isolation }));
          isCause(error.cause);
        });
      }

      it('fails a function that mutates its frozen input', async () => {
        const dag = Dag.dynamic('one')
          .add({ id: 'list', code: tasks.list, extraArgs: [1, 2], isolation })
          .add({ id: 'f', code: tasks.pushTo, args: ['list'], isolation, maxRetries: 0 });
        expect((await failure(dag)).cause).to.be.instanceOf(TypeError);
      });

      it('does not try again what will fail again', async () => {
        for (const code of [tasks.notAValue, { ...tasks.add, name: 'nowhere' }, tasks.failForGood]) {
          const error = await caught(handoff.execute(one({ code, isolation, maxRetries: 5, retry: { initialDelayMs: 60_000 } })));
          expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', attempts: 1 });
        }
      });
    });
  }

  it('ends only the attempt that calls process.exit, throws outside or runs out of memory, which may be tried again', async () => {
    for (const [code, text] of [
      [tasks.throwOutside, 'thrown outside'],
      [tasks.rejectOutside, 'rejected outside'],
      [tasks.devour, 'the function ran out of memory: the heap of its thread is limited to 64 MiB'],
    ] as const)
      expect((await failure(one({ code }))).cause).to.have.property('message', text);
    const error = await caught(handoff.execute(one({ code: tasks.exit, extraArgs: [7], maxRetries: 1, retry: { initialDelayMs: 0 } })));
    expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', attempts: 2 });
    expect(error.cause).to.have.property('message', 'the function ended its thread: process.exit(7)');
  });

  it('ends a loop without end in time, and frees what it held', async () => {
    const error = await failure(one({ code: tasks.spin, extraArgs: [new Int32Array(1)], timeoutMs: 300, cost: { cpu: 2 } }));
    expect(error.cause).to.include({ code: 'HANDOFF_FUNCTION_TIMEOUT' });
  });

  it('names every fault of a DAG at once', async () => {
    const dag = Dag.dynamic('faulty')
      .add({ id: 'a', code: () => 1, args: ['b', 'missing'] })
      .add({ id: 'b', code: () => 1, args: ['a'] })
      .add({ id: 'c', code: () => 1, cost: { cpu: -1 }, maxRetries: Number.NaN });
    const error = (await caught(handoff.execute(dag))) as unknown as HandoffError;
    expect(error.code).to.equal('HANDOFF_INVALID_DAG');
    expect(error.faults!.map(({ kind }) => kind).sort()).to.deep.equal(['cycle', 'invalid-cost', 'invalid-option', 'missing-function']);
  });

  it('refuses ids that are taken, as they are added', () => {
    expect(() =>
      Dag.dynamic()
        .add({ id: 'a', code: () => 1 })
        .add({ id: 'a', code: () => 2 }),
    )
      .to.throw(HandoffError)
      .with.property('code', 'HANDOFF_INVALID_DAG');
  });

  it('refuses inputs and constants that are no values, with the path', async () => {
    const dag = Dag.dynamic('one')
      .input('x')
      .add({ id: 'f', code: tasks.list, args: ['x'], maxRetries: 0 });
    expect(await caught(handoff.execute(dag, { inputs: { x: { f: () => 1 } } }))).to.include({
      code: 'HANDOFF_NOT_SERIALIZABLE',
      path: 'inputs.x.f',
    });
    const error = await caught(handoff.execute(one({ code: tasks.list, extraArgs: [1, { s: Symbol('s') }] })));
    expect((error.cause ?? error) as object).to.include({ code: 'HANDOFF_NOT_SERIALIZABLE', path: 'extraArgs[1].s' });
  });

  it('is told apart from what is missing: inputs', async () => {
    const dag = Dag.dynamic('one')
      .input('x')
      .input('y')
      .add({ id: 'f', code: tasks.list, args: ['x', 'y'] });
    const error = (await caught(handoff.execute(dag, { inputs: { x: 1 } }))) as unknown as HandoffError;
    expect(error.faults).to.have.length(1);
    expect(error.faults![0]).to.include({ kind: 'missing-input' });
  });
});

describe('many and few', () => {
  it('run: a chain of 20,000 functions, and 20,000 side by side', async function () {
    this.timeout(480_000);
    await using handoff = await Handoff.start({ name: 'here', capabilities: { cpu: 2 }, logger: spyLogger() });
    const chain = Dag.dynamic();
    for (let at = 0; at < 20_000; at += 1)
      chain.add({ id: `f${at}`, code: at === 0 ? () => 0 : (n: number) => n + 1, args: at === 0 ? [] : [`f${at - 1}`] });
    expect((await handoff.execute(chain, { collect: 'sinks' })).results).to.deep.equal({ f19999: 19_999 });
    const wide = Dag.dynamic();
    for (let at = 0; at < 20_000; at += 1) wide.add({ id: `f${at}`, code: async () => at });
    const { results } = await handoff.execute(wide);
    expect(Object.keys(results)).to.have.length(20_000);
  });

  it('run: a hundred DAGs at once on two threads', async () => {
    await using handoff = await Handoff.start({ name: 'here', capabilities: { cpu: 2 }, root, threads: 2, logger: spyLogger() });
    const runs = Array.from({ length: 100 }, (_, at) =>
      handoff.execute(
        new Dag(`d${at}`).add({ id: 'a', code: tasks.add, extraArgs: [at, 1] }).add({ id: 'b', code: (a: number) => a * 2, args: ['a'] }),
      ),
    );
    expect((await Promise.all(runs)).map(({ results }) => results.b)).to.deep.equal(runs.map((_, at) => (at + 1) * 2));
  });
});
