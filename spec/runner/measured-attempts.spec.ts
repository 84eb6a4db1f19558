import { expect } from 'chai';
import { doAtOnce, HandoffError } from '../../lib/base/index.js';
import { compile, Dag, remainingPaths } from '../../lib/dag/index.js';
import type { RunCommand, RunHappening } from '../../lib/runner/brain/messages.js';
import { newRunState, newStateColumns } from '../../lib/runner/brain/run-state.js';
import { stepRun } from '../../lib/runner/brain/run-step.js';
import { MeasuredAttempts } from '../../lib/runner/run/measured-attempts.js';
import { newRunColumns } from '../../lib/runner/run/run-columns.js';
import { thrownData } from '../../lib/value/index.js';

const NOTHING = { waitMs: 0, fetchMs: 0, loadMs: 0, runMs: 0, packMs: 0, handOverMs: 0 };

type Words = Partial<Extract<RunHappening, { type: 'attempt-failed' }>>;

/** A run of functions that need nothing, under a clock that the spec moves. It is fed as its table feeds it. */
class Timed {
  nowMs = 1000;
  readonly measured: MeasuredAttempts;
  readonly #state;
  readonly #ids: readonly string[];
  /** By function, the row that was told with its last end. */
  readonly told = new Map<string, number>();

  constructor(...ids: string[]) {
    const dag = Dag.dynamic('d');
    for (const id of ids) dag.add({ id, code: () => 1 });
    const plan = compile(dag);
    this.#ids = plan.ids;
    const known = { paths: doAtOnce(remainingPaths(plan, () => 1)), positions: undefined, meanMs: 1 };
    const columns = doAtOnce(newRunColumns(plan.size, known, doAtOnce(newStateColumns(plan.shape))));
    const policy = { maxRetries: 9, onFailure: 'continue', collected: new Uint8Array(plan.size), stopGraceMs: 0 } as const;
    this.#state = newRunState('r', plan.shape, policy, columns.state);
    this.measured = new MeasuredAttempts(this.#state, columns, { seeRows: () => {} });
    this.feed({ type: 'run-begun' });
  }

  feed(happening: RunHappening): void {
    const out: RunCommand[] = [];
    this.measured.nowMs = this.nowMs;
    this.measured.see(happening);
    stepRun(this.#state, happening, { nowMs: this.nowMs, wallMs: 0 }, out);
    for (const command of out) {
      if (command.type === 'request-claim') this.measured.requested(command.index);
      if (command.type === 'announce' && command.of !== undefined) this.told.set(this.#ids[command.of]!, this.measured.rowFor(command));
    }
  }

  after(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  place(id: string, node = 'n'): this {
    this.feed({ type: 'function-placed', index: this.#ids.indexOf(id), node, mayQueue: true });
    return this;
  }

  start(id: string): this {
    this.feed({ type: 'attempt-started', ...this.#name(id) });
    return this;
  }

  succeed(id: string, tookMs: number, words: Words = {}): this {
    const { slot, phases } = words;
    this.start(id);
    const receipt = { node: 'n', sizeBytes: 1, tookMs, isHere: true, ...(slot !== undefined && { slot }), ...(phases && { phases }) };
    this.feed({ type: 'attempt-succeeded', ...this.#name(id), receipt });
    return this;
  }

  fail(id: string, words: Words = {}): this {
    this.start(id);
    const error = thrownData(new Error('boom'));
    this.feed({ type: 'attempt-failed', ...this.#name(id), error, final: false, random: 0, ...words });
    return this;
  }

  /** Ends it in another way. */
  end(id: string, type: 'attempt-stopped' | 'attempt-lost' | 'attempt-declined' | 'function-rested'): this {
    this.feed({ type, ...this.#name(id) });
    return this;
  }

  rows(): unknown[] {
    const { history } = this.measured;
    return Array.from({ length: history.count }, (_, number) => {
      const { index, attempt, node, slot, outcome, endMs, phases } = history.row(number);
      const spent = Object.fromEntries(Object.entries(phases).filter(([, ms]) => ms > 0));
      return [`${this.#ids[index]} ${attempt} ${node} ${slot} ${outcome} at ${endMs}`, spent];
    });
  }

  #name(id: string): { index: number; attempt: number } {
    const index = this.#ids.indexOf(id);
    return { index, attempt: this.#state.attempts[index]! };
  }
}

describe('the attempts of a run, as its driver measures them', () => {
  it('last from when the function is ready: it waits, runs, and the rest is handing over', () => {
    const run = new Timed('f').after(5).place('f').after(1).start('f').after(9).succeed('f', 7, { slot: 3 });
    expect(run.rows()).to.deep.equal([['f 1 n 3 succeeded at 15', { waitMs: 5, runMs: 7, handOverMs: 3 }]]);
    expect(run.told.get('f')).to.equal(0);
  });

  it('have what their node has measured, and what it queued them is a part of their wait', () => {
    const phases = { waitMs: 2, fetchMs: 4, loadMs: 8, runMs: 16, packMs: 32 };
    const run = new Timed('f').after(5).place('f').after(70).succeed('f', 56, { phases });
    expect(run.rows()).to.deep.equal([
      ['f 1 n 0 succeeded at 75', { waitMs: 7, fetchMs: 4, loadMs: 8, runMs: 16, packMs: 32, handOverMs: 8 }],
    ]);
  });

  it('add up also where the clock of their node is faster', () => {
    const phases = { waitMs: 10, fetchMs: 20, loadMs: 30, runMs: 40, packMs: 100 };
    const run = new Timed('f', 'g').after(5).place('f').place('g').after(20).succeed('f', 56, { phases }).succeed('g', 1e9);
    expect(run.rows()).to.deep.equal([
      ['f 1 n 0 succeeded at 25', { waitMs: 6, fetchMs: 2, loadMs: 3, runMs: 4, packMs: 10 }],
      ['g 1 n 0 succeeded at 25', { waitMs: 5, runMs: 20 }],
    ]);
  });

  it('are each measured by itself when a function is tried again', () => {
    const run = new Timed('f')
      .after(1)
      .place('f')
      .after(2)
      .fail('f', { phases: { loadMs: 0, runMs: 1, packMs: 0 } });
    expect(run.told.get('f')).to.equal(0);
    run.after(1000).end('f', 'function-rested').after(3).place('f', 'm').after(4).succeed('f', 4);
    expect(run.rows()).to.deep.equal([
      ['f 1 n 0 failed at 3', { waitMs: 1, runMs: 1, handOverMs: 1 }],
      ['f 2 m 0 succeeded at 1010', { waitMs: 3, runMs: 4 }],
    ]);
    expect(run.told.get('f')).to.equal(1);
  });

  it('have timed out where it was their own time-out, not one that they passed on', () => {
    const timeOut = (functionId: string) =>
      thrownData(new HandoffError('HANDOFF_FUNCTION_TIMEOUT', 'too late', { functionId, runId: 'r' }));
    const run = new Timed('f', 'g').place('f').place('g').after(9);
    run.fail('f', { error: timeOut('f'), phases: { loadMs: 0, runMs: 8, packMs: 0 } }).fail('g', { error: timeOut('other') });
    expect(run.rows()).to.deep.equal([
      ['f 1 n 0 timed-out at 9', { runMs: 8, handOverMs: 1 }],
      ['g 1 n 0 failed at 9', { handOverMs: 9 }],
    ]);
  });

  it('that were lost are told of, and the next one waits anew', () => {
    const run = new Timed('f').after(1).place('f').start('f').after(50).end('f', 'attempt-lost').after(6).place('f', 'm').after(2);
    run.succeed('f', 2);
    expect(run.rows()).to.deep.equal([
      ['f 1 n 0 lost at 51', { waitMs: 1, runMs: 50 }],
      ['f 2 m 0 succeeded at 59', { waitMs: 6, runMs: 2 }],
    ]);
  });

  it('that were stopped ran until then, and those that had not started are none', () => {
    const run = new Timed('f', 'g').after(1).place('f').place('g').start('f').after(40);
    run.feed({ type: 'run-ending', error: thrownData(new Error('enough')), graceMs: 0 });
    run.after(2).end('f', 'attempt-stopped').end('g', 'attempt-stopped');
    expect(run.rows()).to.deep.equal([['f 1 n 0 cancelled at 43', { waitMs: 1, runMs: 42 }]]);
  });

  it('that a node declined are none, and the function has waited all the time', () => {
    const run = new Timed('f').after(4).place('f').after(3).end('f', 'attempt-declined').after(2).place('f', 'm').after(1).succeed('f', 1);
    expect(run.rows()).to.deep.equal([['f 1 m 0 succeeded at 10', { waitMs: 9, runMs: 1 }]]);
  });

  it('are not measured twice where an answer comes again, or for one that is over', () => {
    const run = new Timed('f', 'g').place('f').after(1).succeed('f', 1);
    run.feed({ type: 'attempt-succeeded', index: 0, attempt: 1, receipt: { node: 'n', sizeBytes: 1, tookMs: 1, isHere: true } });
    run.place('g').fail('g').after(1000).end('g', 'function-rested').place('g');
    run.feed({ type: 'attempt-lost', index: 1, attempt: 1 });
    expect(run.rows()).to.have.length(2);
  });

  it('that were taken over from an earlier driver count from the beginning of the run', () => {
    const dag = Dag.dynamic('d').add({ id: 'f', code: () => 1 });
    const plan = compile(dag);
    const paths = doAtOnce(remainingPaths(plan, () => 1));
    const columns = doAtOnce(newRunColumns(1, { paths, positions: undefined, meanMs: 1 }, doAtOnce(newStateColumns(plan.shape))));
    const policy = { maxRetries: 0, onFailure: 'abort', collected: new Uint8Array(1), stopGraceMs: 0, journal: 'batched' } as const;
    const state = newRunState('r', plan.shape, policy, columns.state);
    const measured = new MeasuredAttempts(state, columns, { seeRows: () => {} });
    const feed = (happening: RunHappening, nowMs: number): void => {
      measured.nowMs = nowMs;
      measured.see(happening);
      stepRun(state, happening, { nowMs, wallMs: 0 }, []);
    };
    const adopted = [{ index: 0, attempt: 2, node: 'm' }];
    feed({ type: 'run-begun', recalled: { successes: [], reasons: [], tells: 'all', adopted } }, 5000);
    feed({ type: 'attempt-started', index: 0, attempt: 2 }, 5020);
    const receipt = { node: 'm', sizeBytes: 1, tookMs: 900, isHere: true, slot: 1 };
    feed({ type: 'attempt-succeeded', index: 0, attempt: 2, receipt }, 5030);
    expect(measured.history.row(0)).to.deep.equal({
      ...{ index: 0, attempt: 2, node: 'm', slot: 1, outcome: 'succeeded', endMs: 30 },
      phases: { ...NOTHING, runMs: 30 },
    });
  });
});
