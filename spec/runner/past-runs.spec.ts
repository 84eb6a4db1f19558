import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { compile } from '../../lib/dag/index.js';
import { Dag } from '../../lib/index.js';
import { newRunState } from '../../lib/runner/brain/run-state.js';
import { AttemptColumns } from '../../lib/runner/observed/attempt-columns.js';
import { type LiveRun, ObservedDagRun } from '../../lib/runner/observed/observed-dag-run.js';
import { observedErrorOf } from '../../lib/runner/observed/observed-error.js';
import { PastRuns } from '../../lib/runner/observed/past-runs.js';
import { testClock } from '../support/test-clock.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** An ended run that takes so much of what is kept. */
const ended = (runId: string, weight: number): ObservedDagRun => ({ runId, weight }) as ObservedDagRun;

describe('ended runs that may be looked at', () => {
  it('are kept as long as each is retained, and no longer', () => {
    const clock = testClock();
    const past = new PastRuns(clock);
    past.add(ended('a', 10), 5000);
    past.add(ended('b', 10), 1000);
    past.add(ended('none', 10), 0);
    const known = (): string[] => ['a', 'b', 'none'].filter((runId) => past.get(runId));
    expect(known()).to.deep.equal(['a', 'b']);
    clock.advance(1000);
    expect(known()).to.deep.equal(['a']);
    clock.advance(3999);
    expect(known()).to.deep.equal(['a']);
    clock.advance(1);
    expect(known()).to.deep.equal([]);
    expect(clock.pending).to.equal(0);
  });

  it('make room for later ones, the oldest first; the last one stays however large it is', () => {
    const past = new PastRuns(testClock());
    for (let at = 0; at < 12; at += 1) past.add(ended(`r${at}`, 99_000), 60_000);
    expect(Array.from({ length: 12 }, (_, at) => past.get(`r${at}`) !== undefined)).to.deep.equal([
      ...[false, false],
      ...new Array(10).fill(true),
    ]);
    past.add(ended('huge', 3_000_000), 60_000);
    expect(past.get('r11')).to.equal(undefined);
    expect(past.get('huge')).to.include({ weight: 3_000_000 });
    past.add(ended('small', 1), 60_000);
    expect(past.get('huge')).to.equal(undefined);
  });

  it('are the last hundred, however small', () => {
    const past = new PastRuns(testClock());
    for (let at = 0; at < 150; at += 1) past.add(ended(`r${at}`, 3), 60_000);
    const kept = Array.from({ length: 150 }, (_, at) => at).filter((at) => past.get(`r${at}`));
    expect([kept.length, kept[0]]).to.deep.equal([100, 50]);
  });

  it('are one run each, also if a durable run ends here again', () => {
    const past = new PastRuns(testClock());
    for (let at = 0; at < 30; at += 1) past.add(ended('again', 400_000), 60_000);
    past.add(ended('other', 400_000), 60_000);
    expect(past.get('again')).to.include({ weight: 400_000 });
  });
});

describe('an error as text', () => {
  it('is bounded, with its nearest causes, whatever was thrown', () => {
    expect(observedErrorOf('text')).to.deep.equal({ name: 'Thrown', message: 'text' });
    expect(observedErrorOf(undefined)).to.include({ name: 'Thrown' });
    const circle = new Error('x'.repeat(50_000));
    circle.cause = circle;
    const text = observedErrorOf(circle);
    expect(text.message.length).to.be.below(11_000);
    expect(text.stack!.length).to.be.below(11_000);
    expect(text.cause).to.equal(undefined);
    let chain = new Error('last');
    for (let at = 0; at < 100; at += 1) chain = new Error(`${at}`, { cause: chain });
    let depth = 0;
    for (let one = observedErrorOf(chain).cause; one; one = one.cause) depth += 1;
    expect(depth).to.equal(9);
    const short = observedErrorOf(chain, true);
    expect(short).to.not.have.property('stack');
    expect(short.cause).to.not.have.property('cause');
  });
});

describe('what is left of a run that has ended', () => {
  it('holds neither its tables nor its functions, and still tells what they were', async () => {
    const { seen, weak } = endedRun();
    // What is looked at stays until the end of the turn.
    for (let turn = 0; turn < 5; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      collect();
    }
    expect(weak.map((one) => one.deref() === undefined)).to.deep.equal([true, true, true]);
    expect([seen.codeOf(0), seen.isolationOf(0), seen.stateOf(1), seen.indexOf('b'), seen.state]).to.deep.equal([
      ...['makesLarge', 'loop', 'waiting', 1, 'completed'],
    ]);
    expect([seen.producersOf(1), seen.consumersOf(0), seen.waitOf(1), seen.errorOf(1)]).to.deep.equal([[0], [1], undefined, undefined]);
  });
});

const noAttempts = (): AttemptColumns => new AttemptColumns(() => '');

/** Nothing of the run is reachable from the caller but what is seen of it. */
function endedRun(): { readonly seen: ObservedDagRun; readonly weak: readonly WeakRef<object>[] } {
  const large = { of: new Array(1000).fill('x') };
  const makesLarge = (): object => large;
  const plan = compile(
    Dag.dynamic('d')
      .add({ id: 'a', code: makesLarge })
      .add({ id: 'b', code: () => 1, args: ['a'] }),
  );
  const state = newRunState('r', plan.shape, { maxRetries: 0, onFailure: 'abort', collected: new Uint8Array(2), stopGraceMs: 0 });
  const columns = { sizes: new Float64Array(2), readyMs: new Float64Array(2), askedMs: new Float64Array(2), rows: new Int32Array(2) };
  const live: LiveRun = {
    ...{ state, plan, key: undefined, driver: 'n', clock: testClock(), attempts: noAttempts(), maxConcurrency: 1 },
    ...{ ...columns, changes: 1, lines: undefined, lackingFor: () => [], lackingThere: () => undefined, missedNode: () => undefined },
  };
  const seen = new ObservedDagRun(live);
  seen.end(undefined);
  return { seen, weak: [new WeakRef(large), new WeakRef(makesLarge), new WeakRef(live)] };
}
