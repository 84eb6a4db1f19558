import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import {
  type CallOutcome,
  guardedIsolation,
  type IsolationCall,
  type IsolationRunner,
  type RunningCall,
} from '../../lib/executor/index.js';
import { StoredValue } from '../../lib/value/index.js';
import { spyLogger } from '../support/spy-logger.js';
import { settled, testClock } from '../support/test-clock.js';

const reason = new HandoffError('HANDOFF_RUN_CANCELLED', 'enough');
const one = StoredValue.live(1, 8);
const step = { code: () => 1, inputs: [], asList: false, extra: undefined } as const;
const call: IsolationCall = {
  context: { dagId: 'd', runId: 'r', functionId: 'f', attempt: 1, node: 'here' },
  steps: [
    { ...step, role: 'inline', functionId: 'i', wanted: false },
    { ...step, role: 'function', functionId: 'f', wanted: true },
  ],
};

describe('an isolation of a user’s own, guarded', () => {
  const clock = testClock();
  const logger = spyLogger();
  /** Starts the call in an isolation that does so. */
  const guard = (start: IsolationRunner['start'], close: () => Promise<number> = async () => 0) => {
    const outcomes: CallOutcome[] = [];
    const isolation = guardedIsolation('own', { start, close }, { clock, logger, freeze: true, root: '/' });
    const running = isolation.start(call, (outcome) => outcomes.push(outcome));
    return { isolation, running, outcomes };
  };
  const never: RunningCall = { stop() {} };
  const messageOf = (outcome: CallOutcome | undefined): string => ((outcome as { error?: Error }).error as Error).message;
  const broke = 'Cannot run function "f": isolation "own" broke its contract: ';

  it('passes on what it settles with, once', () => {
    const { outcomes } = guard((_call, settle) => {
      settle({ type: 'succeeded', values: [one], tookMs: 1 });
      settle({ type: 'stopped' });
      return never;
    });
    expect(outcomes).to.deep.equal([{ type: 'succeeded', values: [one], tookMs: 1 }]);
  });

  it('passes on what it says of its phases; what it leaves out took no time', () => {
    const { outcomes } = guard((_call, settle) => {
      settle({ type: 'succeeded', values: [one], tookMs: 9, phases: { runMs: 5, packMs: 2, waitMs: 7 } } as never);
      return never;
    });
    expect(outcomes).to.deep.equal([{ type: 'succeeded', values: [one], tookMs: 9, phases: { loadMs: 0, runMs: 5, packMs: 2 } }]);
  });

  it('fails a call that could not be started, to be tried again', () => {
    const { outcomes, running } = guard(() => {
      throw new RangeError('no more');
    });
    expect(messageOf(outcomes[0])).to.equal(`${broke}start has thrown: no more`);
    expect(outcomes[0]).to.have.property('final', false);
    expect(() => running.stop(reason, 0)).not.to.throw();
  });

  for (const [what, outcome] of [
    ['settled with what is no outcome', undefined],
    ['settled with what is no outcome', { type: 'done' }],
    ['settled without a value for each of the 1 wanted steps', { type: 'succeeded', values: [one, one], tookMs: 1 }],
    ['settled with a value that is no StoredValue', { type: 'succeeded', values: [1], tookMs: 1 }],
    ['settled without tookMs', { type: 'succeeded', values: [one] }],
    ['settled with phases that are no numbers of milliseconds', { type: 'succeeded', values: [one], tookMs: 1, phases: { runMs: -1 } }],
    ['settled with phases that are no numbers of milliseconds', { type: 'failed', error: 1, final: true, phases: 'long' }],
    ['settled a failure without final', { type: 'failed', error: 1 }],
    ['settled as blocked without whenOver', { type: 'stopped', blocked: {} }],
  ] as const) {
    it(`fails a call for good that it ${what}: ${JSON.stringify(outcome, ['type', 'error', 'blocked', 'phases', 'runMs'])}`, () => {
      const { outcomes } = guard((_call, settle) => {
        settle(outcome as never);
        return never;
      });
      expect(messageOf(outcomes[0])).to.equal(`${broke}${what}`);
      expect(outcomes[0]).to.have.property('final', true);
    });
  }

  it('fails a call whose start gives a promise that rejects, and survives one of stop', async () => {
    const { outcomes } = guard((async () => {
      throw new RangeError('no more');
    }) as never);
    const other = guard(() => ({
      async stop() {
        throw new Error('cannot');
      },
    }));
    other.running.stop(reason, 0);
    await settled();
    expect(messageOf(outcomes[0])).to.equal(`${broke}start has thrown: no more`);
    expect(logger.lines.at(-1)).to.have.property('message', 'an isolation could not stop a call');
  });

  it('fails a call that is settled as stopped though nothing stopped it: nothing else would end it', () => {
    const { outcomes } = guard((_call, settle) => {
      settle({ type: 'stopped' });
      return never;
    });
    expect(messageOf(outcomes[0])).to.equal(`${broke}settled as stopped what nothing had stopped`);
  });

  it('fails a call that it settles with a Proxy of a value, or with an object that only looks like one', () => {
    for (const value of [new Proxy(one, {}), Object.create(StoredValue.prototype) as StoredValue]) {
      const { outcomes } = guard((_call, settle) => {
        settle({ type: 'succeeded', values: [value], tookMs: 1 });
        return never;
      });
      expect(messageOf(outcomes[0])).to.equal(`${broke}settled with a value that is no StoredValue`);
    }
  });

  it('passes on an outcome as it was when it was settled, whatever its getters say later', () => {
    let reads = 0;
    const outcome = {
      get type() {
        reads += 1;
        return reads === 1 ? 'succeeded' : expect.fail();
      },
      values: [one],
      tookMs: 1,
    };
    const { outcomes } = guard((_call, settle) => {
      settle(outcome as never);
      outcome.values.length = 0;
      return never;
    });
    expect(outcomes).to.deep.equal([{ type: 'succeeded', values: [one], tookMs: 1 }]);
  });

  it('says once that a blocked call is over, and survives that it cannot say when', async () => {
    const told: string[] = [];
    const whenOvers: ((told: () => void) => unknown)[] = [
      (over) => {
        over();
        over();
      },
      () => expect.fail('sync'),
      async () => expect.fail('later'),
    ];
    for (const whenOver of whenOvers) {
      const { outcomes } = guard((_call, settle) => {
        settle({ type: 'failed', error: 1, final: true, blocked: { what: 'x', whenOver: whenOver as never } });
        return never;
      });
      (outcomes[0] as { blocked: { whenOver: (told: () => void) => void } }).blocked.whenOver(() => told.push('over'));
    }
    await settled();
    expect(told).to.deep.equal(['over']);
    expect(logger.lines.slice(-2).map(({ message }) => message)).to.deep.equal(
      new Array(2).fill('an isolation could not say when a blocked call is over'),
    );
  });

  it('gives its isolation a call of its own, which it may change', () => {
    const before = structuredClone(call.context);
    guard(({ context, steps }) => {
      Object.assign(context, { functionId: 'zz' });
      (steps as unknown[]).length = 0;
      return never;
    });
    expect(call.context).to.deep.equal(before);
    expect(call.steps).to.have.length(2);
  });

  it('gives up a call that it does not end ten seconds after its grace, and says when that is over', () => {
    let end!: (outcome: CallOutcome) => void;
    const { running, outcomes } = guard((_call, settle) => {
      end = settle;
      return {
        stop() {
          throw new Error('cannot');
        },
      };
    });
    running.stop(reason, 1000);
    running.stop(reason, 60_000);
    clock.advance(10_999);
    expect(outcomes).to.have.length(0);
    clock.advance(1);
    expect(outcomes[0]).to.have.property('type', 'stopped');
    const told: string[] = [];
    const { whenOver } = (outcomes[0] as { blocked: { whenOver: (told: () => void) => void } }).blocked;
    whenOver(() => told.push('over'));
    expect(told).to.deep.equal([]);
    end({ type: 'stopped' });
    expect(told).to.deep.equal(['over']);
    whenOver(() => told.push('at once'));
    expect(told).to.deep.equal(['over', 'at once']);
    expect(outcomes).to.have.length(1);
  });

  for (const [how, close] of [
    ['hangs', () => new Promise<number>(() => {})],
    ['throws', (): never => expect.fail('no')],
    ['gives what is no number', async () => 'none' as never],
  ] as const) {
    it(`closes, and ends what runs, also where closing ${how}`, async () => {
      const { isolation, outcomes } = guard(() => never, close);
      const closed = isolation.close();
      await settled();
      clock.advance(2000);
      expect(await closed).to.equal(how === 'gives what is no number' ? 0 : 1);
      expect(outcomes).to.deep.equal([{ type: 'stopped' }]);
    });
  }
});
