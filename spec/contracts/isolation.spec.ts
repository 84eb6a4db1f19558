import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import { guardedIsolation, type IsolationFactory, isolations } from '../../lib/executor/index.js';
import { StoredValue } from '../../lib/value/index.js';
import { Caller } from '../support/calls.js';

const reason = new HandoffError('HANDOFF_RUN_CANCELLED', 'enough');

/** Each as it is built in, and as one that a user gives. */
const makers: readonly (readonly [string, IsolationFactory])[] = [...isolations].flatMap(([name, make]) => [
  [name, make],
  [`${name}, given by a user`, (options) => guardedIsolation('own', make(options), options)],
]);

for (const [name, make] of makers) {
  describe(`an isolation: ${name}`, () => {
    let caller: Caller;
    before(() => {
      caller = new Caller(make);
    });
    beforeEach(() => caller.heard.splice(0));
    after(() => caller.isolation.close());

    it('passes what came in, in order, then the constants', async () => {
      const { outcome } = caller.begin('list', [caller.result(1), caller.result('two')], { extra: [{ three: 3 }] });
      const ended = await outcome;
      expect(ended.type === 'succeeded' && ended.values[0]!.open(false)).to.deep.equal([1, 'two', { three: 3 }]);
    });

    it('passes all as one list where that is asked for', async () => {
      const outcome = await new Promise((resolve) =>
        caller.isolation.start(
          {
            context: { dagId: 'd', runId: 'r', functionId: 'list', attempt: 1, node: 'here' },
            steps: [
              {
                role: 'function',
                functionId: 'list',
                code: { module: './tasks.ts', name: 'list' },
                inputs: [caller.result(1), caller.result(2)],
                asList: true,
                extra: StoredValue.live(['more'], 0, 'caller'),
                wanted: true,
              },
            ],
          },
          (ended) => resolve(ended.type === 'succeeded' && ended.values[0]!.open(false)),
        ),
      );
      expect(outcome).to.deep.equal([[1, 2], 'more']);
    });

    it('feeds one step to the next, and gives the values that are wanted', async () => {
      const step = { role: 'inline', asList: false, extra: undefined } as const;
      const outcome = await new Promise((resolve) =>
        caller.isolation.start(
          {
            context: { dagId: 'd', runId: 'r', functionId: 'f', attempt: 1, node: 'here' },
            steps: [
              {
                ...step,
                functionId: 'a',
                code: { module: './tasks.ts', name: 'add' },
                inputs: [caller.result(1), caller.result(2)],
                wanted: false,
              },
              { ...step, functionId: 'b', code: { module: './tasks.ts', name: 'later' }, inputs: [0], wanted: true },
              { ...step, role: 'function', functionId: 'f', code: { module: './tasks.ts', name: 'add' }, inputs: [0, 1], wanted: true },
            ],
          },
          (ended) => resolve(ended.type === 'succeeded' && ended.values.map((value) => value.open(false))),
        ),
      );
      expect(outcome).to.deep.equal([3, 6]);
    });

    it('says who failed when it was not the function itself', async () => {
      const step = { asList: false, extra: undefined, wanted: false } as const;
      const outcome = await new Promise<{ error?: HandoffError }>((resolve) =>
        caller.isolation.start(
          {
            context: { dagId: 'd', runId: 'r', functionId: 'f', attempt: 1, node: 'here' },
            steps: [
              { ...step, role: 'inline', functionId: 'a', code: { module: './tasks.ts', name: 'fail' }, inputs: [caller.result('oh')] },
              { ...step, role: 'function', functionId: 'f', code: { module: './tasks.ts', name: 'later' }, inputs: [0], wanted: true },
            ],
          },
          (ended) => resolve(ended as { error?: HandoffError }),
        ),
      );
      expect(outcome.error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'a' });
      expect(outcome.error?.cause).to.be.instanceOf(RangeError).with.property('message', 'oh');
    });

    it('awaits what is promised', async () => expect(await caller.value('later', { a: [1] })).to.deep.equal({ a: [1] }));

    it('measures how long it took', async () =>
      expect(await caller.call('add', 1, 2))
        .to.have.property('tookMs')
        .that.is.at.least(0));

    it('fails with the function’s own error, its fields kept', async () => {
      const { error, final } = await caller.failure('fail', 'oh');
      expect(error).to.be.instanceOf(RangeError).and.include({ message: 'oh', code: 'E_OWN' });
      expect(error.detail).to.deep.equal({ n: 1 });
      expect(error.stack).to.contain('tasks.ts');
      expect(final).to.equal(false);
    });

    it('fails with what is rejected, and with the first of two rejections', async () => {
      expect((await caller.failure('failLater', 'later')).error).to.be.instanceOf(TypeError);
      expect((await caller.failure('rejectTwice')).error.message).to.equal('first');
    });

    it('fails with what is thrown, even if it is no error', async () => {
      expect((await caller.failure('throwText')).error).to.equal('only text');
      expect((await caller.failure('throwNothing')).error).to.equal(undefined);
    });

    it('calls a failure final that says it cannot be retried', async () => {
      const { error, final } = await caller.failure('failForGood');
      expect(error).to.include({ name: 'NonRetryableError', message: 'never again' });
      expect(final).to.equal(true);
    });

    it('refuses a result that is no value, with the path', async () => {
      const { error, final } = await caller.failure('notAValue');
      expect(error).to.include({ code: 'HANDOFF_NOT_SERIALIZABLE', path: 'result.rows[1].callback' });
      expect(final).to.equal(true);
    });

    it('names module and node when there is no such module, export or function, or it throws while loading', async () => {
      for (const [module, name, why] of [
        ['./nowhere.ts', 'f', 'there is no file nowhere.ts'],
        ['./tasks.ts', 'nothing', 'it has no export "nothing"'],
        ['./tasks.ts', 'toString', 'it has no export "toString"'],
        ['./tasks.ts', 'notAFunction', 'is not a function'],
        ['./throws.ts', 'anything', 'thrown while loading'],
        ['../../house/text.spec.ts', 'f', 'it lies outside root'],
      ] as const) {
        const outcome = await caller.begin(name, [], { module }).outcome;
        expect(outcome).to.include({ type: 'failed', final: true });
        const { error } = outcome as { error: HandoffError };
        expect(error, why).to.include({ code: 'HANDOFF_CODE_NOT_FOUND', node: 'here', path: module });
        expect(error.message).to.contain(why);
      }
      expect(await caller.value('add', 1, 2)).to.equal(3);
    });

    it('finds sources where what is compiled from them is asked for', async () => {
      const outcome = await caller.begin('add', [caller.result(1), caller.result(2)], { module: './tasks.js' }).outcome;
      expect(outcome.type).to.equal('succeeded');
    });

    it('gives results frozen, and so fails a function that mutates its argument', async () => {
      const { error } = await caller.failure('pushTo', [1, 2]);
      expect(error).to.be.instanceOf(TypeError);
    });

    it('does not freeze what is the caller’s', async () => {
      const { outcome } = caller.begin('pushTo', [StoredValue.live([1, 2], 0, 'caller')]);
      expect((await outcome).type).to.equal('succeeded');
    });

    it('tells the function who it is, also after it has waited', async () => {
      const expected = { dagId: 'd', runId: 'r', attempt: 1, node: 'here' };
      expect(await caller.value('who')).to.deep.equal({ ...expected, functionId: 'who' });
      expect(await caller.value('whoLater')).to.deep.equal({ ...expected, functionId: 'whoLater' });
    });

    it('passes on, line by line and before the end, what the function writes', async () => {
      expect(await caller.value('say', 'one\ntwo', 'three')).to.equal(2);
      const line = (stream: string, text: string) => ({ functionId: 'say', stream, text });
      expect(caller.heard.filter(({ stream }) => stream === 'stdout')).to.deep.equal(
        ['one', 'two', 'three', 'unfinished'].map((text) => line('stdout', text)),
      );
      expect(caller.heard).to.deep.include(line('stderr', 'to stderr'));
    });

    it('aborts the signal when it is stopped, and is stopped when the code has ended', async () => {
      const { outcome, running } = caller.begin('untilAborted');
      await caller.nextLine();
      running.stop(reason, 60_000);
      expect(await outcome).to.deep.equal({ type: 'stopped' });
    });

    it('is stopped after the grace when the code does not end, and the next call is served', async () => {
      const { outcome, running } = caller.begin('never');
      await caller.nextLine();
      running.stop(reason, 60_000);
      running.stop(reason, 1);
      running.stop(reason, 60_000);
      expect(await outcome).to.deep.equal({ type: 'stopped' });
      expect(await caller.value('add', 1, 2)).to.equal(3);
    });

    it('is stopped before it has begun', async () => {
      const { outcome, running } = caller.begin('never');
      running.stop(reason, 0);
      expect(await outcome).to.deep.equal({ type: 'stopped' });
    });

    it('ends what runs when it is closed', async () => {
      const closed = new Caller(make);
      const { outcome } = closed.begin('never');
      await closed.nextLine();
      await closed.isolation.close();
      expect(await outcome).to.deep.equal({ type: 'stopped' });
    });
  });
}
