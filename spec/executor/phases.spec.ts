import { expect } from 'chai';
import fc from 'fast-check';
import type { AnyFunction } from '../../lib/dag/index.js';
import type { CallStep, NodePhases } from '../../lib/executor/attempts/attempt.js';
import { checkedPhases } from '../../lib/executor/attempts/checked-phases.js';
import { AttemptScope } from '../../lib/executor/attempts/current-function.js';
import { SlotNumbers } from '../../lib/executor/attempts/slot-numbers.js';
import { type StepHost, StepsRun } from '../../lib/executor/attempts/steps-run.js';
import { type CallOutcome, Executor, loopIsolation } from '../../lib/executor/index.js';
import { StoredValue } from '../../lib/value/index.js';
import { FakeIsolation } from '../support/fake-isolation.js';
import { spyLogger } from '../support/spy-logger.js';
import { type TestClock, testClock } from '../support/test-clock.js';

/** Takes so long, by the clock of a spec. */
const spend = <T>(clock: TestClock, ms: number, value: T): T => {
  clock.advance(ms);
  return value;
};

const context = { dagId: 'd', runId: 'r', functionId: 'f', attempt: 1, node: 'here' };
const stepOf = (code: AnyFunction, inputs: CallStep['inputs'] = [], wanted = true): CallStep => ({
  ...{ role: 'function', functionId: 'f', asList: false, extra: undefined },
  ...{ code, inputs, wanted },
});

/** Runs steps on a node's own loop, under a clock that counts its readings. */
async function onLoop(steps: readonly CallStep[], clock = testClock()): Promise<{ outcome: CallOutcome; readings: number }> {
  let readings = 0;
  const now = (): number => {
    readings += 1;
    return clock.now();
  };
  const isolation = loopIsolation({
    ...{ node: 'here', root: '/', threads: 1, loopConcurrency: 4, threadHeapMiB: 100, freeze: true },
    ...{ logger: spyLogger(), clock: { ...clock, now }, onOutput: () => {} },
  });
  const outcome = await new Promise<CallOutcome>((resolve) => isolation.start({ context, steps }, resolve));
  await isolation.close();
  return { outcome, readings };
}

describe('the phases of a call', () => {
  it('take no reading of the clock for what takes no time: a function of scalars has its beginning and its end', async () => {
    const scalar = await onLoop([stepOf((a: number) => a + 1, [StoredValue.live(1, 8)])]);
    expect(scalar.outcome).to.not.have.property('phases');
    expect(scalar.readings).to.equal(2);
    const nothing = await onLoop([stepOf(() => undefined)]);
    expect(nothing.readings).to.equal(2);
    // A live object was checked when it was made.
    const opened = await onLoop([stepOf((of: { a: number }) => of.a, [StoredValue.live({ a: 1 }, 8)])]);
    expect(opened.readings).to.equal(2);
  });

  it('take one more reading to check a result that is an object, and none twice', async () => {
    const { readings } = await onLoop([stepOf(() => ({ a: 1 }))]);
    expect(readings).to.equal(3);
  });

  it('say how long it took to unpack, to run and to pack', async () => {
    const clock = testClock();
    const steps: CallStep<string>[] = [{ ...stepOf((x: unknown) => spend(clock, 10, [x]), [], true), inputs: ['packed'], extra: 'packed' }];
    const place: StepHost<string, string> = {
      now: () => clock.now(),
      peek: () => undefined,
      load: async () => () => 1,
      open: () => spend(clock, 4, [1]),
      opensAtOnce: () => false,
      keepsAtOnce: () => false,
      freezes: false,
      keep: () => spend(clock, 7, 'kept'),
      digest: () => ({}),
      keepDag: () => 'dag',
      copier: () => undefined,
    };
    const ends: unknown[] = [];
    const scope = new AttemptScope(context, () => {});
    const end = {
      succeeded: (values: readonly string[], tookMs: number, _facts: unknown, phases: NodePhases | undefined) =>
        void ends.push([values, tookMs, phases]),
      failed: (error: unknown) => void ends.push(error),
    };
    new StepsRun(steps, scope, place, end).next();
    expect(ends).to.deep.equal([[['kept'], 25, { loadMs: 8, runMs: 10, packMs: 7 }]]);
  });

  it('say how long a module took to load, which is no part of tookMs, and where a failure came from', async () => {
    const clock = testClock();
    const failing = { opens: false, keeps: false, loads: false };
    const oops = (isFailing: boolean): void => {
      if (isFailing) throw new Error('oops');
    };
    const place: StepHost<string, string> = {
      now: () => clock.now(),
      peek: () => undefined,
      load: async () => {
        clock.advance(100);
        oops(failing.loads);
        return () => spend(clock, 10, {});
      },
      open: () => {
        clock.advance(4);
        oops(failing.opens);
        return 1;
      },
      opensAtOnce: () => false,
      keepsAtOnce: () => false,
      freezes: false,
      keep: () => {
        clock.advance(7);
        oops(failing.keeps);
        return 'kept';
      },
      digest: () => ({}),
      keepDag: () => 'dag',
      copier: () => undefined,
    };
    const run = (): Promise<unknown> =>
      new Promise((resolve) => {
        const steps: CallStep<string>[] = [
          { ...stepOf(() => 1), code: { module: './m.js', name: 'f' }, inputs: ['packed'], extra: undefined },
        ];
        const end = {
          succeeded: (_values: readonly string[], tookMs: number, _facts: unknown, phases: NodePhases | undefined) =>
            resolve([tookMs, phases]),
          failed: (error: Error, _final: boolean, phases: NodePhases) => resolve([error.message, phases]),
        };
        new StepsRun(steps, new AttemptScope(context, () => {}), place, end as never).next();
      });
    expect(await run()).to.deep.equal([21, { loadMs: 104, runMs: 10, packMs: 7 }]);
    failing.keeps = true;
    expect(await run()).to.deep.equal(['oops', { loadMs: 104, runMs: 10, packMs: 7 }]);
    failing.opens = true;
    expect(await run()).to.deep.equal(['oops', { loadMs: 104, runMs: 0, packMs: 0 }]);
    failing.loads = true;
    expect(await run()).to.deep.equal(['oops', { loadMs: 100, runMs: 0, packMs: 0 }]);
  });

  it('are added over the isolations that an attempt passes', () => {
    const clock = testClock();
    const isolation = new FakeIsolation();
    const executor = new Executor(
      new Map([
        ['a', isolation],
        ['b', isolation],
      ]),
      clock,
    );
    const steps = [
      { ...stepOf(() => 1), isolation: 'a' },
      { ...stepOf(() => 1, [0]), isolation: 'b' },
      { ...stepOf(() => 1, [1]), isolation: 'a' },
    ];
    const value = StoredValue.live(1, 8);
    const ends: CallOutcome[] = [];
    const begin = (): void => executor.start({ context, steps, timeoutMs: undefined, stopGraceMs: 0 }).listen((end) => void ends.push(end));
    const succeed = (tookMs: number, phases?: NodePhases): void =>
      isolation.calls[0]!.end({ type: 'succeeded', values: [value], tookMs, ...(phases && { phases }) });
    begin();
    succeed(1);
    succeed(20, { loadMs: 3, runMs: 10, packMs: 7 });
    succeed(300);
    begin();
    for (const tookMs of [1, 2, 3]) succeed(tookMs);
    begin();
    succeed(5);
    isolation.calls[0]!.end({ type: 'failed', error: 'no', final: true, phases: { loadMs: 1, runMs: 2, packMs: 3 } });
    expect(ends).to.deep.equal([
      { type: 'succeeded', values: [value], tookMs: 321, phases: { loadMs: 3, runMs: 311, packMs: 7 } },
      { type: 'succeeded', values: [value], tookMs: 6 },
      { type: 'failed', error: 'no', final: true, phases: { loadMs: 1, runMs: 7, packMs: 3 } },
    ]);
  });

  it('are numbers of milliseconds, whoever reports them', () => {
    expect(checkedPhases({ loadMs: 1, runMs: 2, packMs: 3, more: 4 })).to.deep.equal({ loadMs: 1, runMs: 2, packMs: 3 });
    expect(checkedPhases({ runMs: 2 })).to.deep.equal({ loadMs: 0, runMs: 2, packMs: 0 });
    for (const wrong of [null, 1, 'x', { runMs: -1 }, { runMs: Number.NaN }, { loadMs: '1' }, { packMs: Number.POSITIVE_INFINITY }])
      expect(checkedPhases(wrong)).to.equal(undefined);
  });
});

describe('the slots of a node', () => {
  it('are numbered from 0, and the lowest that is free is taken', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(99), { maxLength: 300 }), (choices) => {
        const slots = new SlotNumbers();
        const taken: number[] = [];
        for (const choice of choices) {
          if (choice < 40 && taken.length > 0) slots.free(taken.splice(choice % taken.length, 1)[0]!);
          else {
            let lowest = 0;
            while (taken.includes(lowest)) lowest += 1;
            expect(slots.take()).to.equal(lowest);
            taken.push(lowest);
          }
        }
      }),
    );
    const many = new SlotNumbers();
    for (let slot = 0; slot < 1000; slot += 1) expect(many.take()).to.equal(slot);
    many.free(31);
    many.free(640);
    expect([many.take(), many.take(), many.take()]).to.deep.equal([31, 640, 1000]);
  });

  it('are those of the isolation of the function, and free when its code is over', () => {
    const isolations = new Map([
      ['a', new FakeIsolation()],
      ['b', new FakeIsolation()],
    ]);
    const executor = new Executor(isolations, testClock());
    const start = (isolation: string) =>
      executor.start({ context, steps: [{ ...stepOf(() => 1), isolation }], timeoutMs: undefined, stopGraceMs: 0 }).slot;
    expect([start('a'), start('a'), start('b'), start('a')]).to.deep.equal([0, 1, 0, 2]);
    isolations.get('a')!.calls[1]!.succeed(1);
    expect([start('a'), start('a')]).to.deep.equal([1, 3]);
    const overs: (() => void)[] = [];
    isolations.get('a')!.calls[0]!.end({ type: 'stopped', blocked: { what: 'thread', whenOver: (told) => void overs.push(told) } });
    expect(start('a')).to.equal(4);
    overs[0]!();
    expect(start('a')).to.equal(0);
    expect(start('there is none')).to.equal(0);
  });
});
