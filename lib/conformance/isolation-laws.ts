import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { HandoffError, LIB_FOLDER } from '../base/index.js';
import type { CallOutcome, CallStep, IsolationFactory } from '../executor/index.js';
import { StoredValue } from '../value/index.js';
import { IsolationCaller } from './isolation-caller.js';
import { declareLaws, type Laws, type SuiteOptions } from './suite.js';

const MODULES = fileURLToPath(new URL('conformance/modules/', LIB_FOLDER));
const MODULE = './tasks.mjs';
const CONTEXT = { dagId: 'd', runId: 'r', attempt: 1, node: 'here' } as const;
const reason = new HandoffError('HANDOFF_RUN_CANCELLED', 'enough');

const step = (role: CallStep['role'], functionId: string, name: string, inputs: CallStep['inputs'], wanted: boolean): CallStep => ({
  role,
  functionId,
  code: { module: MODULE, name },
  inputs,
  asList: false,
  extra: undefined,
  wanted,
});

/** The laws of an isolation. */
export function isolationLaws(suite: IsolationSuite): void {
  let caller!: IsolationCaller;
  const made = (): IsolationCaller => new IsolationCaller(suite.make, { root: MODULES });
  const run = (functionId: string, steps: readonly CallStep[]): Promise<CallOutcome> =>
    new Promise((resolve) => caller.isolation.start({ context: { ...CONTEXT, functionId }, steps }, resolve));
  const opened = (outcome: CallOutcome): unknown[] => {
    assert.equal(outcome.type, 'succeeded');
    return outcome.type === 'succeeded' ? outcome.values.map((value) => value.open(false)) : [];
  };
  /** Begins what says that it has begun, and waits for that. */
  const begun = async (name: string, by = caller) => {
    by.heard.splice(0);
    const call = by.begin(name);
    await by.nextLine();
    return call;
  };

  const declareHooks = (): void => {
    suite.before(async () => {
      caller = made();
    });
    suite.after(async () => {
      await caller.isolation.close();
    });
  };

  const laws: Laws = {
    'has room for one call at least': () => {
      const { slots = 1 } = caller.isolation;
      assert.ok(Number.isSafeInteger(slots) && slots >= 1);
    },

    'passes what came in, in order, then the constants': async () => {
      const { outcome } = caller.begin('list', [caller.result(1), caller.result('two')], { extra: [{ three: 3 }] });
      assert.deepEqual(opened(await outcome), [[1, 'two', { three: 3 }]]);
    },

    'passes all as one list where that is asked for': async () => {
      const inputs = [caller.result(1), caller.result(2)];
      const extra = StoredValue.live(['more'], 0, 'caller');
      assert.deepEqual(opened(await run('list', [{ ...step('function', 'list', 'list', inputs, true), asList: true, extra }])), [
        [[1, 2], 'more'],
      ]);
    },

    'feeds one step to the next, and gives the values that are wanted': async () => {
      const outcome = await run('f', [
        step('inline', 'a', 'add', [caller.result(1), caller.result(2)], false),
        step('inline', 'b', 'later', [0], true),
        step('function', 'f', 'add', [0, 1], true),
      ]);
      assert.deepEqual(opened(outcome), [3, 6]);
    },

    'gives the same value where its elements or its gist are wanted, and says nothing wrong of it': async () => {
      for (const list of [[1, 'two', { three: [3] }, [], undefined], [], 'no list']) {
        const asked = { ...step('function', 'f', 'later', [caller.result(list)], true), shape: 'split', gist: 9 } as const;
        const outcome = await run('f', [asked]);
        assert.deepEqual(opened(outcome), [list]);
        const { facts } = outcome as Extract<CallOutcome, { type: 'succeeded' }>;
        if (facts?.gist) assert.equal(facts.gist.isTruthy, true);
        if (facts?.split) assert.deepEqual(facts.split, Array.isArray(list) ? { count: list.length } : { not: 'a string' });
      }
    },

    'says who failed when it was not the function itself': async () => {
      const outcome = await run('f', [
        step('inline', 'a', 'fail', [caller.result('oh')], false),
        step('function', 'f', 'later', [0], true),
      ]);
      assert.equal(outcome.type, 'failed');
      const { error } = outcome as { error: HandoffError };
      assert.deepEqual([error.code, error.functionId], ['HANDOFF_FUNCTION_FAILED', 'a']);
      assert.ok(error.cause instanceof RangeError);
      assert.equal(error.cause.message, 'oh');
    },

    'awaits what is promised': async () => assert.deepEqual(await caller.value('later', { a: [1] }), { a: [1] }),

    'measures how long it took': async () => {
      const outcome = await caller.call('add', 1, 2);
      assert.ok(outcome.type === 'succeeded' && outcome.tookMs >= 0);
    },

    'may say how long the parts of a call took, in milliseconds': async () => {
      const { type, phases } = (await caller.call('later', { a: [1] })) as Extract<CallOutcome, { type: 'succeeded' }>;
      assert.equal(type, 'succeeded');
      for (const ms of [phases?.loadMs, phases?.runMs, phases?.packMs]) assert.ok(ms === undefined || (Number.isFinite(ms) && ms >= 0));
    },

    'fails with the function’s own error, its fields kept': async () => {
      const { error, final } = await caller.failure('fail', 'oh');
      assert.ok(error instanceof RangeError);
      assert.deepEqual([error.message, error.code, error.detail, final], ['oh', 'E_OWN', { n: 1 }, false]);
      assert.match(error.stack!, /tasks\.mjs/);
    },

    'fails with what is rejected, and with the first of two rejections': async () => {
      assert.ok((await caller.failure('failLater', 'later')).error instanceof TypeError);
      assert.equal((await caller.failure('rejectTwice')).error.message, 'first');
    },

    'fails with what is thrown, even if it is no error': async () => {
      assert.equal((await caller.failure('throwText')).error, 'only text');
      assert.equal((await caller.failure('throwNothing')).error, undefined);
    },

    'calls a failure final that says it cannot be retried': async () => {
      const { error, final } = await caller.failure('failForGood');
      assert.deepEqual([error.name, error.message, final], ['NonRetryableError', 'never again', true]);
    },

    'refuses a result that is no value, with the path': async () => {
      const { error, final } = await caller.failure('notAValue');
      assert.deepEqual([error.code, error.path, final], ['HANDOFF_NOT_SERIALIZABLE', 'result.rows[1].callback', true]);
    },

    'names module and node when there is no such module, export or function, or it throws while loading': async () => {
      for (const [module, name, why] of [
        ['./nowhere.mjs', 'f', 'there is no file nowhere.mjs'],
        [MODULE, 'nothing', 'it has no export "nothing"'],
        [MODULE, 'toString', 'it has no export "toString"'],
        [MODULE, 'notAFunction', 'is not a function'],
        ['./throws.mjs', 'anything', 'thrown while loading'],
        ['../index.js', 'f', 'it lies outside root'],
      ] as const) {
        const outcome = await caller.begin(name, [], { module }).outcome;
        assert.ok(outcome.type === 'failed' && outcome.final, why);
        const error = outcome.error as HandoffError;
        assert.deepEqual([error.code, error.node, error.path], ['HANDOFF_CODE_NOT_FOUND', 'here', module], why);
        assert.ok(error.message.includes(why), error.message);
      }
      assert.equal(await caller.value('add', 1, 2), 3);
    },

    'gives results frozen, and so fails a function that mutates its argument': async () => {
      const { error } = await caller.failure('pushTo', [1, 2]);
      assert.ok(error instanceof TypeError);
    },

    'does not freeze what is the caller’s': async () => {
      const { outcome } = caller.begin('pushTo', [StoredValue.live([1, 2], 0, 'caller')]);
      assert.equal((await outcome).type, 'succeeded');
    },

    'tells the function who it is, also after it has waited': async () => {
      assert.deepEqual(await caller.value('who'), { ...CONTEXT, functionId: 'who' });
      assert.deepEqual(await caller.value('whoLater'), { ...CONTEXT, functionId: 'whoLater' });
    },

    'passes on, line by line and before the end, what the function writes': async () => {
      caller.heard.splice(0);
      assert.equal(await caller.value('say', 'one\ntwo', 'three'), 2);
      const lines = (stream: string) => caller.heard.filter((line) => line.stream === stream);
      assert.deepEqual(
        lines('stdout'),
        ['one', 'two', 'three', 'unfinished'].map((text) => ({ functionId: 'say', stream: 'stdout', text })),
      );
      assert.deepEqual(lines('stderr'), [{ functionId: 'say', stream: 'stderr', text: 'to stderr' }]);
    },

    'runs as many calls at once as it has slots': async () => {
      const { slots = 2 } = caller.isolation;
      const count = Math.min(slots, 2);
      const calls = [];
      for (let at = 0; at < count; at += 1) calls.push(await begun('untilAborted'));
      for (const { running } of calls) running.stop(reason, 60_000);
      for (const { outcome } of calls) assert.deepEqual(await outcome, { type: 'stopped' });
    },

    'aborts the signal when it is stopped, and is stopped when the code has ended': async () => {
      const { outcome, running } = await begun('untilAborted');
      running.stop(reason, 60_000);
      assert.deepEqual(await outcome, { type: 'stopped' });
    },

    'is stopped after the grace when the code does not end, and the next call is served': async () => {
      const { outcome, running } = await begun('never');
      running.stop(reason, 60_000);
      running.stop(reason, 1);
      running.stop(reason, 60_000);
      assert.equal((await outcome).type, 'stopped');
      assert.equal(await caller.value('add', 1, 2), 3);
    },

    'is stopped before it has begun': async () => {
      const { outcome, running } = caller.begin('never');
      running.stop(reason, 0);
      assert.equal((await outcome).type, 'stopped');
    },

    'throws nothing when it is stopped after its end': async () => {
      const { outcome, running } = caller.begin('add', [caller.result(1), caller.result(2)]);
      assert.deepEqual(opened(await outcome), [3]);
      running.stop(reason, 0);
      assert.equal(await caller.value('add', 2, 3), 5);
    },

    'ends what runs when it is closed': async () => {
      const other = made();
      const { outcome } = await begun('never', other);
      // A busy machine may take longer than half a second; what is blocked does not end at all.
      while ((await other.isolation.close()) > 0);
      assert.equal((await outcome).type, 'stopped');
    },
  };
  declareLaws('an isolation', suite, laws, declareHooks);
}

/** What `isolationLaws` takes. */
export interface IsolationSuite extends SuiteOptions {
  /** The isolation, as it is given to `Handoff.start`; made once for most laws together. */
  readonly make: IsolationFactory;
}
