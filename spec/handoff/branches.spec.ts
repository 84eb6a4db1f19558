import { expect } from 'chai';
import { Dag, functionsIn, Handoff, type HandoffError, type RunEvent } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { gate } from '../support/gate.js';
import { spyLogger } from '../support/spy-logger.js';

const forks = functionsIn<typeof import('../support/modules/forks.js')>(new URL('../support/modules/forks.js', import.meta.url));

const fail = (): never => {
  throw new RangeError('oh');
};
const list = (...all: unknown[]): unknown[] => all;

describe('branches and optional functions', () => {
  let handoff: Handoff;
  before(async () => {
    handoff = await Handoff.start({ name: 'here', capabilities: { cpu: 2 }, logger: spyLogger() });
  });
  after(() => handoff.stop());

  const run = async (dag: Dag, options: object = {}) => {
    const begun = handoff.execute(dag, { maxRetries: 0, ...options } as never);
    const events: RunEvent[] = [];
    const heard = (async () => {
      for await (const event of begun) events.push(event);
    })();
    const outcome = (await begun) as unknown as {
      results: Record<string, unknown>;
      allocations: Record<string, string>;
      failures: Record<string, HandoffError>;
      runId: string;
      dagId: string;
    };
    await heard;
    return { ...outcome, events };
  };
  const told = (events: readonly RunEvent[], type: RunEvent['type']): unknown[] =>
    events.flatMap((event) => (event.type === type && 'functionId' in event ? [event.functionId] : []));

  for (const [where, isolation] of [
    ['on the loop', 'loop'],
    ['in threads', 'thread'],
    ['in processes', 'process'],
  ] as const) {
    it(`take the branch that the value names, ${where}`, async () => {
      const at = { isolation, cost: {} } as const;
      const dag = Dag.dynamic()
        .add({ id: 'kind', code: forks.given, extraArgs: ['b'], ...at })
        .add({ id: 'a', code: forks.given, extraArgs: ['A'], when: { id: 'kind', is: 'a' }, ...at })
        .add({ id: 'b', code: forks.given, extraArgs: ['B'], when: { id: 'kind', is: 'b' }, ...at })
        .add({ id: 'notB', code: forks.given, extraArgs: [1], when: { id: 'kind', isNot: 'b' }, ...at })
        .add({ id: 'truthy', code: forks.given, extraArgs: [2], when: 'kind', ...at })
        .add({ id: 'below', code: forks.given, args: ['a'], extraArgs: [3], when: 'a', ...at })
        .add({ id: 'may', code: forks.fail, extraArgs: ['oh'], optional: true, ...at })
        .add({ id: 'all', code: forks.list, args: ['a', 'b', 'notB', 'truthy', 'below', 'may'], ...at });
      const { results, allocations, failures, events } = await run(dag as never, { collect: ['a', 'may', 'all'] });
      expect(results).to.deep.equal({ a: undefined, may: undefined, all: [undefined, 'B', undefined, 2, undefined, undefined] });
      expect(Object.keys(results)).to.have.members(['a', 'may', 'all']);
      expect(Object.keys(allocations)).to.have.members(['kind', 'b', 'truthy', 'all']);
      expect(Object.keys(failures)).to.deep.equal(['may']);
      expect(failures.may).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'may', attempts: 1 });
      expect((failures.may!.cause as Error).message).to.equal('oh');
      expect(told(events, 'function-skipped')).to.have.members(['a', 'notB', 'below']);
      expect(events.filter(({ type }) => type === 'function-skipped').every((event) => 'reason' in event && event.reason === 'not-taken'))
        .to.be.true;
      expect(told(events, 'function-failed')).to.deep.equal(['may']);
      const last = events.at(-1)!;
      expect(last.type === 'run-completed' && last.failures).to.deep.equal(failures);
    });
  }

  it('compare exactly: -0 and 0, NaN, null and undefined, true and 1, long texts', async () => {
    const long = 'x'.repeat(10_000);
    const values: readonly unknown[] = [-0, 0, Number.NaN, null, undefined, '', '1', 1, true, false, long, `${long}y`, 0n, {}, []];
    const compared: readonly (string | number | boolean | null)[] = [0, -0, null, '', '1', 1, true, false, long];
    const dag = Dag.dynamic();
    for (const [at, value] of values.entries()) {
      dag.add({ id: `v${at}`, code: () => value });
      dag.add({ id: `truthy ${at}`, code: () => 1, when: `v${at}` });
      for (const [k, is] of compared.entries()) {
        dag.add({ id: `is ${at} ${k}`, code: () => 1, when: { id: `v${at}`, is } });
        dag.add({ id: `not ${at} ${k}`, code: () => 1, when: { id: `v${at}`, isNot: is } });
      }
    }
    const { results } = await run(dag as never, { collect: 'all' });
    for (const [at, value] of values.entries()) {
      expect(results[`truthy ${at}`]).to.equal(value ? 1 : undefined);
      for (const [k, is] of compared.entries()) {
        expect(results[`is ${at} ${k}`], `${String(value)} is ${is}`).to.equal(Object.is(value, is) ? 1 : undefined);
        expect(results[`not ${at} ${k}`]).to.equal(Object.is(value, is) ? undefined : 1);
      }
    }
  });

  it('look at inputs, whatever their form', async () => {
    const dag = Dag.dynamic('of inputs')
      .input('mode')
      .input('rows')
      .add({ id: 'fast', code: list, args: [], extraArgs: ['fast'], when: { id: 'mode', is: 'fast' } })
      .add({ id: 'slow', code: list, args: [], extraArgs: ['slow'], when: { id: 'mode', isNot: 'fast' } })
      .add({ id: 'rowed', code: (rows: unknown[]) => rows.length, args: ['rows'], when: 'rows' });
    const once = await run(dag as never, { inputs: { mode: 'fast', rows: Array.from({ length: 1000 }, (_, at) => ({ at })) } });
    expect(once.results).to.deep.equal({ fast: ['fast'], slow: undefined, rowed: 1000 });
    const again = await run(dag as never, { inputs: { mode: 'x'.repeat(100), rows: null } });
    expect(again.results).to.deep.equal({ fast: undefined, slow: ['slow'], rowed: undefined });
  });

  it('hold failures under ids that an object has already', async () => {
    const dag = Dag.dynamic();
    for (const id of ['__proto__', 'constructor', 'toString']) dag.add({ id, code: fail, optional: true });
    const { failures, results, allocations } = await run(dag as never);
    expect(Object.getPrototypeOf(failures)).to.equal(Object.prototype);
    expect(Reflect.ownKeys(failures)).to.have.members(['__proto__', 'constructor', 'toString']);
    expect(Reflect.ownKeys(results)).to.have.members(['__proto__', 'constructor', 'toString']);
    expect(Object.values(Object.getOwnPropertyDescriptors(results)).map(({ value }) => value)).to.deep.equal([
      undefined,
      undefined,
      undefined,
    ]);
    expect(allocations).to.deep.equal({});
  });

  it('give a condition the value undefined, and a value is kept that is asked for after the run', async () => {
    const dag = Dag.dynamic('kept')
      .add({ id: 'o', code: fail, optional: true })
      .add({ id: 'unless', code: () => 'there', when: { id: 'o', isNot: 1 } })
      .add({ id: 'if', code: () => 'never', when: 'o' });
    const { results, dagId } = await run(dag as never, { collect: 'all' });
    expect(results).to.deep.equal({ o: undefined, unless: 'there', if: undefined });
    expect(await handoff.getResult(dagId, 'o', { timeoutMs: 1000 })).to.equal(undefined);
    expect(await handoff.getResult(dagId, 'unless')).to.equal('there');
  });

  it('end the run with the error of a function that is not optional, and tell what was skipped by it and what was not taken', async () => {
    const dag = Dag.dynamic()
      .add({ id: 'o', code: fail, optional: true })
      .add({ id: 'bad', code: fail })
      .add({ id: 'below', code: list, args: ['bad'] })
      .add({ id: 'other', code: list, args: ['o'] })
      .add({ id: 'no', code: list, when: 'o' });
    const error = await caught(handoff.execute(dag, { maxRetries: 0, onFailure: 'continue', collect: 'all' } as never) as never);
    expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'bad' });
    const { results, failures } = error as unknown as { results: object; failures: HandoffError[] };
    expect(results).to.deep.equal({ o: undefined, other: [undefined], no: undefined });
    expect(failures.map(({ functionId }) => functionId)).to.deep.equal(['bad']);
  });

  it('decide before anything else, whether an argument has failed before or fails later', async () => {
    for (const isFirst of [true, false]) {
      const first = gate();
      const go = gate();
      const when = isFirst ? go : first;
      const arg = isFirst ? first : go;
      const dag = Dag.dynamic()
        .add({ id: 'no', code: () => when.pass().then(() => false) })
        .add({ id: 'bad', code: () => arg.pass().then(fail) })
        .add({ id: 'a', code: list, args: ['bad'], when: 'no' })
        .map({ id: 'm', over: 'bad', code: list, when: 'no' })
        .add({ id: 'below', code: list, args: ['a', 'm'] })
        .add({ id: 'taken', code: list, args: ['bad'], when: { id: 'no', is: false } });
      const started = handoff.execute(dag, { maxRetries: 0, onFailure: 'continue', collect: 'all' } as never);
      const skipped: string[] = [];
      const watched = (async () => {
        for await (const event of started) {
          if (event.type === 'function-skipped') skipped.push(`${event.functionId} ${event.reason}`);
          if ((event.type === 'function-succeeded' && event.functionId === 'no') || event.type === 'function-failed') go.open();
        }
      })();
      first.open();
      const error = (await caught(started as never)) as unknown as { results: object };
      await watched;
      expect(error.results, `argument first: ${isFirst}`).to.deep.equal({
        no: false,
        a: undefined,
        m: undefined,
        below: [undefined, undefined],
      });
      expect(skipped.sort()).to.deep.equal(['a not-taken', 'm not-taken', 'taken producer-failed']);
    }
  });

  it('run what an optional function needs, and fail with that', async () => {
    const dag = Dag.dynamic()
      .add({ id: 'bad', code: fail })
      .add({ id: 'o', code: list, args: ['bad'], optional: true });
    expect(await caught(handoff.execute(dag, { maxRetries: 0 } as never) as never)).to.include({ functionId: 'bad' });
  });

  it('try an optional function as often as any', async () => {
    let times = 0;
    const dag = Dag.dynamic().add({
      id: 'o',
      code: () => {
        times += 1;
        if (times < 3) throw new Error('not yet');
        return times;
      },
      optional: true,
      maxRetries: 2,
      retry: { initialDelayMs: 0 },
    });
    const { results, failures } = await run(dag as never);
    expect([results, failures]).to.deep.equal([{ o: 3 }, {}]);
  });
});
