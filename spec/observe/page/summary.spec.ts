import { expect } from 'chai';
import { notRunWords } from '../../../lib/observe/page/parts/source-words.js';
import { longestOf, stripOf } from '../../../lib/observe/page/summary/critical-strip.js';
import { failureKinds, innermostOf } from '../../../lib/observe/page/summary/failure-kinds.js';
import { adviceFor, allPhasesOf, lengthWords, madeOfWords, noPathWords, tookOf } from '../../../lib/observe/page/summary/summary-words.js';
import type { CriticalStep } from '../../../lib/observe/views/index.js';
import type { Phases } from '../../../lib/runner/index.js';

const phases = (some: Partial<Phases>): Phases => ({ waitMs: 0, fetchMs: 0, loadMs: 0, runMs: 0, packMs: 0, handOverMs: 0, ...some });
const step = (functionId: string, runMs: number): CriticalStep => ({
  ...{ functionId, node: 'n', startMs: 0, endMs: runMs },
  phases: phases({ runMs }),
});

describe('the words of a summary', () => {
  it('say how many functions did not run, and why', () => {
    const progress = { total: 1040, waiting: 0, ready: 0, running: 0, resting: 0, succeeded: 40, failed: 0, skipped: 0, cancelled: 0 };
    expect(notRunWords({ progress })).to.equal(undefined);
    expect(notRunWords({ progress, notRun: { journal: 0, cache: 37 } })).to.equal('37 of 1,040 did not run (remembered)');
    expect(notRunWords({ progress, notRun: { journal: 3, cache: 37 } })).to.equal('40 of 1,040 did not run (37 remembered, 3 recorded)');
  });

  it('does not say that nothing has succeeded where nothing had to run', () => {
    const progress = { total: 2, waiting: 0, ready: 0, running: 0, resting: 0, succeeded: 0, failed: 0, skipped: 0, cancelled: 0 };
    expect(noPathWords({ progress }).title).to.equal('No function has succeeded');
    expect(noPathWords({ progress: { ...progress, succeeded: 2 } }).title).to.equal('Nothing had to run');
  });

  it('say what the critical path was made of: at most three phases, the longest first, none that is small', () => {
    expect(madeOfWords(phases({ runMs: 62, waitMs: 30, handOverMs: 8 }))).to.equal(
      '62 % of the critical path was running, 30 % waiting for room and 8 % on the way to a slot and back',
    );
    expect(madeOfWords(phases({ runMs: 96, waitMs: 4 }))).to.equal('96 % of the critical path was running');
    expect(madeOfWords(phases({ fetchMs: 30, loadMs: 25, packMs: 25, runMs: 20 }))).to.equal(
      '30 % of the critical path was fetching values, 25 % loading code and arguments and 25 % packing results',
    );
    expect(madeOfWords(phases({}))).to.equal('The critical path took no time');
  });

  it('advise what would shorten the run, by the phase that stands out, and nothing where none does', () => {
    expect(adviceFor(phases({ waitMs: 40, runMs: 60 }))).to.include('more nodes');
    expect(adviceFor(phases({ fetchMs: 30, runMs: 70 }))).to.include('near-data');
    expect(adviceFor(phases({ loadMs: 30, runMs: 70 }))).to.include('load');
    expect(adviceFor(phases({ packMs: 30, runMs: 70 }))).to.include('pack');
    expect(adviceFor(phases({ handOverMs: 50, runMs: 50 }))).to.include('short');
    expect(adviceFor(phases({ runMs: 90, waitMs: 10 }))).to.include('functions themselves');
    expect(adviceFor(phases({ runMs: 70, handOverMs: 30 }))).to.equal(undefined);
    expect(adviceFor(phases({}))).to.equal(undefined);
  });

  it('say how long the path is, and never that it was longer than the run', () => {
    expect(lengthWords(14, 11_800, 12_400)).to.equal('14 functions in a row took 11.8 s of the 12.4 s');
    expect(lengthWords(1, 20, 10)).to.equal('1 function took 20 ms of the 20 ms');
    const some = phases({ waitMs: 3, runMs: 4 });
    expect([allPhasesOf(some), tookOf(some)]).to.deep.equal([7, 4]);
  });
});

describe('the strip of a critical path', () => {
  it('has each function alone that can be seen, and short ones that follow each other together', () => {
    const path = [step('a', 1000), step('b', 1), step('c', 2), step('d', 500), step('e', 1)];
    expect(stripOf(path).map(({ steps, tookMs }) => [steps.map(({ functionId }) => functionId).join(), tookMs])).to.deep.equal([
      ['a', 1000],
      ['b,c', 3],
      ['d', 500],
      ['e', 1],
    ]);
  });

  it('has at most some hundred parts, however long the path is', () => {
    const path = Array.from({ length: 10_000 }, (_, at) => step(`f${at}`, at % 2 === 0 ? 1 : 1000));
    expect(stripOf(path).length).to.be.below(410);
    expect(stripOf([])).to.deep.equal([]);
  });

  it('lists the longest functions in the order of the path', () => {
    const path = [step('a', 5), step('b', 9), step('c', 1), step('d', 7)];
    expect(longestOf(path, 2).map(({ functionId }) => functionId)).to.deep.equal(['b', 'd']);
    expect(longestOf(path, 4)).to.equal(path);
  });
});

describe('failures of a summary', () => {
  const failed = (functionId: string, name: string, message: string) => ({
    functionId,
    error: {
      ...{ name: 'HandoffError', code: 'HANDOFF_FUNCTION_FAILED', message: `Function "${functionId}" failed: ${message}` },
      cause: { name, message },
    },
  });

  it('are one entry where their own errors read alike but for numbers and their ids, the most frequent first', () => {
    const kinds = failureKinds([
      failed('read-1', 'TypeError', 'row 17 of read-1 is empty'),
      failed('tile', 'RangeError', 'too far'),
      failed('read-2', 'TypeError', 'row 4 of read-2 is empty'),
      failed('tile-2', 'TypeError', 'too far'),
    ]);
    expect(kinds.map(({ functionIds }) => functionIds)).to.deep.equal([['read-1', 'read-2'], ['tile'], ['tile-2']]);
    expect(kinds[0]!.error.message).to.equal('Function "read-1" failed: row 17 of read-1 is empty');
  });

  it('are shown by the error of the function itself, not by what this package makes of it', () => {
    const { error } = failed('a', 'TypeError', 'x');
    expect(innermostOf(error)).to.equal(error.cause);
    const own = { name: 'TypeError', message: 'x', cause: { name: 'Error', message: 'deeper' } };
    expect(innermostOf(own)).to.equal(own);
    const alone = { name: 'HandoffError', code: 'HANDOFF_FUNCTION_TIMEOUT', message: 'took too long' };
    expect(innermostOf(alone)).to.equal(alone);
  });
});
