import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import type { CallOutcome, IsolationOptions } from '../../lib/executor/index.js';
import { beginCall, keyAfter, NextCalls } from '../../lib/executor/isolations/next-calls.js';
import type { Work } from '../../lib/executor/isolations/pool-worker.js';
import { PooledIsolation } from '../../lib/executor/isolations/pooled.js';
import type { HostEvents } from '../../lib/executor/isolations/worker-host.js';
import type { FromWorker } from '../../lib/executor/isolations/worker-messages.js';
import { WorkerPool } from '../../lib/executor/isolations/worker-pool.js';
import { Caller } from '../support/calls.js';
import { spyLogger } from '../support/spy-logger.js';
import { testClock } from '../support/test-clock.js';

const enough = new HandoffError('HANDOFF_RUN_CANCELLED', 'enough');
const context = { dagId: 'd', runId: 'r', functionId: 'f', attempt: 1, node: 'here' };
const succeeded = (key: number): FromWorker => ({ type: 'succeeded', key, values: [], tookMs: 0 });

/** A thread in which call 1 runs, and at which call 2 lies. What it sends last is heard when it has ended. */
function thread() {
  const next = new NextCalls();
  const last: FromWorker[] = [];
  const told: string[] = [];
  let events!: HostEvents;
  const workers = new WorkerPool(1, {
    noun: 'thread',
    makeHost(given) {
      events = given;
      return { id: 1, next, send() {}, ref() {}, unref() {}, end() {}, drain: () => void last.map((message) => events.heard(message)) };
    },
    threadSetup: undefined,
    clock: testClock(),
    logger: spyLogger(),
    heardLine() {},
    together: (work) => work(),
  });
  const work = (key: number): Work => ({
    ...{ key, context, needsFreshWorker: false, endsWorker: false, notStarted() {} },
    takenBy: () => ({ type: 'call', key, ...context, steps: [] }),
    begun: () => void told.push(`${key} begun`),
    answered: ({ type }) => void told.push(`${key} ${type}`),
    died: ({ exiting }) => void told.push(`${key} died by ${exiting?.blame ?? 'nobody'}`),
  });
  const [one, two] = [work(1), work(2)];
  workers.run(one);
  events.heard({ type: 'ready' });
  workers.lie(two);
  const exit = (...messages: FromWorker[]): void => {
    last.push(...messages);
    events.exited(1);
  };
  return { told, exit, begin: () => beginCall(next.words, 0, 2), takeBack: () => workers.takeBack(two) };
}

describe('a call that has begun at its thread, which has not been heard', () => {
  it('runs there when there is room, and is stopped there: no end is told before it has ended', () => {
    const next = new NextCalls();
    const sent: unknown[] = [];
    const happened: string[] = [];
    let events!: HostEvents;
    const makeHost = (given: HostEvents) => {
      events = given;
      return { id: 1, next, send: (message: unknown) => void sent.push(message), ref() {}, unref() {}, end() {}, drain() {} };
    };
    let pool!: PooledIsolation;
    const make = (options: IsolationOptions) => {
      pool = new PooledIsolation('thread', options, { makeHost, endsWithGroup: false });
      return pool;
    };
    const caller = new Caller(make, { threads: 1 });
    caller.begin('add');
    events.heard({ type: 'ready' });
    const code = { module: './tasks.ts', name: 'add' };
    const step = { role: 'function', functionId: 'f', code, inputs: [], asList: false, extra: undefined, wanted: true } as const;
    const settle = ({ type }: CallOutcome): void => void happened.push(type);
    const lying = pool.startAhead!({ context, steps: [step] }, settle, () => happened.push('begun'));
    expect(beginCall(next.words, 0, 2)).to.equal(true);
    lying.promote();
    lying.stop(enough, 60_000);
    expect(happened).to.deep.equal(['begun']);
    events.heard(succeeded(1));
    expect(sent.at(-1)).to.include({ type: 'abort', key: 2 });
    events.heard(succeeded(2));
    expect(happened).to.deep.equal(['begun', 'stopped']);
  });
});

describe('a call that lies at a thread that ends', () => {
  it('has died with it if it had begun, though the answer before it is heard after the end', () => {
    const { told, exit, begin, takeBack } = thread();
    expect(begin()).to.equal(true);
    exit(succeeded(1), { type: 'exiting', code: 3, blame: 'own' });
    expect(told).to.deep.equal(['1 succeeded', '2 begun', '2 died by own']);
    expect(takeBack(), 'it lies nowhere').to.equal(false);
  });

  it('has answered if it had, though both answers are heard after the end', () => {
    const { told, exit, begin } = thread();
    expect(begin()).to.equal(true);
    exit(succeeded(1), succeeded(2), { type: 'exiting', code: 3, blame: 'other' });
    expect(told).to.deep.equal(['1 succeeded', '2 begun', '2 succeeded']);
  });

  it('waits for room if it had not begun', () => {
    const { told, exit, begin, takeBack } = thread();
    exit(succeeded(1), { type: 'exiting', code: 3, blame: 'other' });
    expect(told).to.deep.equal(['1 succeeded']);
    expect(begin(), 'it cannot begin there any more').to.equal(false);
    expect(takeBack()).to.equal(true);
  });
});

describe('the keys of calls that lie', () => {
  it('are what a word of memory holds, however many calls there were', () => {
    const next = new NextCalls();
    let key = 2 ** 31 - 3;
    for (let calls = 0; calls < 5; calls += 1) {
      key = keyAfter(key);
      const place = next.allow(key);
      expect(next.takeBack(place, key), `${key} is back`).to.equal(true);
      expect(beginCall(next.words, next.allow(key), key), `${key} begins`).to.equal(true);
      expect(next.hasBegun(place, key)).to.equal(true);
      next.free(place);
    }
  });
});
