import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import type { BuiltInRunner, CallOutcome, LyingCall } from '../../lib/executor/index.js';
import { threadPool } from '../../lib/executor/isolations/thread.js';
import { StoredValue } from '../../lib/value/index.js';
import { Caller } from '../support/calls.js';

const enough = new HandoffError('HANDOFF_RUN_CANCELLED', 'enough');

/** A call that lies, and what has happened to it. */
interface Lying {
  readonly call: LyingCall;
  readonly outcome: Promise<CallOutcome>;
  readonly happened: string[];
}

describe('a call that lies at a thread', function () {
  this.timeout(480_000);
  let caller: Caller;
  let pool: BuiltInRunner;
  const start = (threads: number): void => {
    caller = new Caller(
      (options) => {
        pool = threadPool(options);
        return pool;
      },
      { threads },
    );
  };
  afterEach(() => caller.isolation.close());

  const lie = (name: string, given: readonly unknown[] = [], happened: string[] = []): Lying => {
    const inputs = given.map((value) => (StoredValue.is(value) ? value : caller.result(value)));
    const code = { module: './tasks.ts', name };
    const step = { role: 'function', functionId: name, code, inputs, asList: false, extra: undefined, wanted: true } as const;
    const context = { dagId: 'd', runId: 'r', functionId: name, attempt: 1, node: 'here' };
    let settle!: (outcome: CallOutcome) => void;
    const outcome = new Promise<CallOutcome>((resolve) => {
      settle = (ended) => {
        happened.push(`${name} ${ended.type}`);
        resolve(ended);
      };
    });
    const call = pool.startAhead!({ context, steps: [step] }, settle, () => happened.push(`${name} begun`));
    return { call, outcome, happened };
  };

  /** A call that runs until it is stopped. */
  const held = async (happened: string[] = []) => {
    const { outcome, running } = caller.begin('untilAborted');
    await caller.nextLine();
    void outcome.then(({ type }) => happened.push(`held ${type}`));
    return { end: () => running.stop(enough, 60_000), outcome };
  };

  const openedOf = (outcome: CallOutcome): unknown => (outcome.type === 'succeeded' ? outcome.values[0]!.open(false) : outcome);

  it('begins when the one before it ends, and is told to have begun before it has ended', async () => {
    start(1);
    const { end } = await held();
    const { outcome, happened } = lie('add', [1, 2]);
    expect(happened).to.deep.equal([]);
    end();
    expect(openedOf(await outcome)).to.equal(3);
    expect(happened).to.deep.equal(['add begun', 'add succeeded']);
  });

  it('never runs once it is back, and another may lie there instead', async () => {
    start(1);
    const { end } = await held();
    const back = lie('say', ['never said']);
    expect(back.call.takeBack()).to.equal(true);
    expect(back.call.takeBack(), 'once').to.equal(false);
    const { outcome } = lie('say', ['said']);
    end();
    await outcome;
    expect(caller.heard.map(({ text }) => text).filter((text) => /said|begun/.test(text))).to.deep.equal(['begun', 'said']);
    expect(back.happened).to.deep.equal([]);
  });

  it('ends as stopped when it is stopped, and never runs', async () => {
    start(1);
    const { end } = await held();
    const stopped = lie('say', ['never said']);
    stopped.call.stop(enough, 0);
    expect(await stopped.outcome).to.deep.equal({ type: 'stopped' });
    end();
    expect(await caller.value('add', 1, 2)).to.equal(3);
    expect(stopped.happened).to.deep.equal(['say stopped']);
    expect(caller.heard.map(({ text }) => text)).to.deep.equal(['begun']);
  });

  it('begins in its turn where several lie, whichever of them are taken back', async () => {
    start(1);
    const happened: string[] = [];
    const { end } = await held();
    const all = ['a', 'b', 'c', 'd', 'e', 'f'].map((text) => lie('say', [text], happened));
    for (const at of [0, 2]) expect(all[at]!.call.takeBack()).to.equal(true);
    const late = lie('say', ['g'], happened);
    end();
    await all[3]!.outcome;
    for (const { call } of [all[4]!, all[5]!, late]) call.promote();
    await Promise.all([all[1]!, all[4]!, all[5]!, late].map(({ outcome }) => outcome));
    // Four lie at the thread; what comes when there is no place waits on the loop.
    const said = caller.heard.map(({ text }) => text).filter((text) => text.length === 1);
    expect(said.slice(0, 3)).to.deep.equal(['b', 'd', 'g']);
    expect(said).to.have.members(['b', 'd', 'g', 'e', 'f']);
    expect(happened.filter((what) => what === 'say begun')).to.have.length(5);
  });

  it('runs once elsewhere, with all that lie behind it, when the one before it ends their thread', async () => {
    start(1);
    const { outcome } = caller.begin('exit', [caller.result(3)]);
    const happened: string[] = [];
    const all = [1, 2, 3, 4].map((number) => lie('add', [number, 0], happened));
    expect(await outcome).to.include({ type: 'failed' });
    expect(happened).to.deep.equal([]);
    for (const { call } of all) call.promote();
    expect((await Promise.all(all.map(({ outcome: ended }) => ended))).map(openedOf)).to.deep.equal([1, 2, 3, 4]);
  });

  it('runs once each, in order, however fast one follows the other', async () => {
    start(1);
    const happened: string[] = [];
    const { end } = await held(happened);
    const outcomes: Promise<CallOutcome>[] = [];
    let last = lie('add', [0, 0]);
    end();
    for (let number = 1; number < 300; number += 1) {
      outcomes.push(last.outcome);
      // Some lie behind one that runs, others find the thread free, as it happens.
      if (last.happened.length === 0) await (number % 3 === 0 ? last.outcome : Promise.resolve());
      const next = lie('add', [number, 0]);
      if (number % 7 === 0 && next.call.takeBack()) next.call.stop(enough, 0);
      else {
        await last.outcome;
        next.call.promote();
        last = next;
      }
    }
    for (const outcome of await Promise.all(outcomes)) expect(outcome.type).to.equal('succeeded');
  });

  it('begins elsewhere when there is room for it', async () => {
    start(2);
    const { end, outcome } = await held();
    const { call, outcome: moved } = lie('add', [1, 2]);
    call.promote();
    expect(openedOf(await moved)).to.equal(3);
    end();
    expect(await outcome).to.deep.equal({ type: 'stopped' });
  });

  it('does not go down with its thread, and waits for room', async () => {
    start(1);
    const { outcome } = caller.begin('exit', [caller.result(3)]);
    const { call, outcome: lain, happened } = lie('add', [1, 2]);
    expect(await outcome).to.include({ type: 'failed' });
    expect(happened).to.deep.equal([]);
    call.promote();
    expect(openedOf(await lain)).to.equal(3);
    expect(happened).to.deep.equal(['add begun', 'add succeeded']);
  });

  it('does not go down with a call that is ended by force', async () => {
    start(1);
    const { outcome, running } = caller.begin('spin', [StoredValue.live(new Int32Array(1), 4, 'caller')]);
    await caller.nextLine();
    const { call, outcome: lain } = lie('add', [1, 2]);
    running.stop(enough, 0);
    expect(await outcome).to.deep.equal({ type: 'stopped' });
    call.promote();
    expect(openedOf(await lain)).to.equal(3);
  });

  it('fails when it begins if what it is given cannot cross', async () => {
    start(1);
    const { call, outcome, happened } = lie('add', [StoredValue.live({ deep: [() => 1] }, 1, 'caller')]);
    expect(happened).to.deep.equal([]);
    call.promote();
    expect(await outcome).to.include({ type: 'failed', final: true });
  });

  it('is stopped when the isolation is closed', async () => {
    start(1);
    await held();
    const { outcome } = lie('add', [1, 2]);
    await caller.isolation.close();
    expect(await outcome).to.deep.equal({ type: 'stopped' });
  });
});
