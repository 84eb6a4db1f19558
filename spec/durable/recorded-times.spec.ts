import { expect } from 'chai';
import { GroupBuffer } from '../../lib/journal/index.js';
import { RecordedAttempts } from '../../lib/runner/durable/observed/recorded-attempts.js';
import { RecordedSuccesses } from '../../lib/runner/durable/record/recorded-successes.js';
import { type AttemptTimes, readEntries, writeNode, writeSuccess, writeTimes } from '../../lib/runner/durable/record/records.js';
import type { Phases } from '../../lib/runner/index.js';
import { StoredValue } from '../../lib/value/index.js';

const phases: Phases = { waitMs: 1.5, fetchMs: 0, loadMs: 0.25, runMs: 3.125, packMs: 0.001, handOverMs: 12_345.678 };
const { waitMs, fetchMs, loadMs, runMs, packMs, handOverMs } = phases;
const times: AttemptTimes = {
  hasTimes: () => true,
  addTimes: (index, group) => writeTimes(group, 1.7e12 + index + 0.25, 7, waitMs, fetchMs, loadMs, runMs, packMs, handOverMs),
};

/** What is read of successes that were written one after the other. */
function readBack(write: (group: GroupBuffer) => void, withTimes = true): RecordedSuccesses {
  const group = new GroupBuffer();
  writeNode(group, 0, 'here');
  write(group);
  const bytes = group.take();
  const successes = new RecordedSuccesses(3, withTimes);
  const nobody = (): void => {};
  readEntries(bytes, {
    ...{ opening: nobody, node: nobody, grown: nobody, failure: nobody },
    success: (reader) => successes.read(reader, reader.index, bytes, 1, new Map([[0, 'here']])),
  });
  return successes;
}

describe('the times of recorded successes', () => {
  const receipt = { node: 'here', sizeBytes: 8, tookMs: 3.125, isHere: true };
  const write = (group: GroupBuffer, index: number, given: AttemptTimes | undefined): void =>
    writeSuccess(group, index, 1, receipt as never, 0, StoredValue.live(index * 11, 8), given);

  it('are read as they were written, to a microsecond, beside the value', () => {
    const read = readBack((group) => [0, 1].forEach((index) => void write(group, index, times)));
    expect(read.timesOf(1)).to.deep.equal({ endedAtMs: 1.7e12 + 1.25, slot: 7, phases });
    expect([0, 1].map((index) => read.valueOf(index).open(false))).to.deep.equal([0, 11]);
    expect([read.attemptOf(1), read.nodeOf(1), read.tookMsOf(1), read.sizeOf(1)]).to.deep.equal([1, 'here', 3.125, 8]);
  });

  it('are missing where they were not known, and in records of older versions, which say nothing of them', () => {
    const read = readBack((group) => {
      write(group, 0, undefined);
      write(group, 1, { ...times, hasTimes: () => false });
    });
    expect([read.timesOf(0), read.timesOf(1)]).to.deep.equal([undefined, undefined]);
    expect(read.valueOf(1).open(false)).to.equal(11);
  });

  it('stay when the same success is recorded once more, with its file', () => {
    const read = readBack((group) => {
      write(group, 0, times);
      write(group, 0, undefined);
    });
    expect(read.timesOf(0)).to.have.property('slot', 7);
  });
});

describe('the columns of recorded times', () => {
  const receipt = { node: 'here', sizeBytes: 8, tookMs: 3.125, isHere: true };
  const write = (group: GroupBuffer, index: number, given: AttemptTimes | undefined, attempt = 1): void =>
    writeSuccess(group, index, attempt, receipt as never, 0, StoredValue.live(index * 11, 8), given);

  it('are kept for who looks at a run alone: a run that goes on reads over them, and has the values', () => {
    const read = readBack((group) => [0, 1].forEach((index) => void write(group, index, times)), false);
    expect([0, 1].map((index) => read.timesOf(index))).to.deep.equal([undefined, undefined]);
    expect([0, 1].map((index) => read.valueOf(index).open(false))).to.deep.equal([0, 11]);
  });

  it('move with their function, and leave nothing behind for the one that takes its number', () => {
    const read = readBack((group) => {
      write(group, 0, times);
      write(group, 1, undefined);
    });
    const moved = read.renumbered(2, (index) => 1 - index);
    expect([0, 1].map((index) => moved.timesOf(index)?.endedAtMs)).to.deep.equal([undefined, 1.7e12 + 0.25]);
    moved.move(0, 1);
    expect(moved.timesOf(1)).to.equal(undefined);
  });

  it('are those of the latest attempt: of one without times there are none', () => {
    const read = readBack((group) => {
      write(group, 0, times);
      write(group, 0, undefined, 2);
    });
    expect(read.timesOf(0)).to.equal(undefined);
  });
});

describe('the attempts of a recorded run', () => {
  it('without times are in the totals of their groups, before those that have them', () => {
    const ids = ['old-1', 'old-2', 'new-1'];
    const attempts = new RecordedAttempts((index) => ids[index]!);
    attempts.addUntimed(0, 5);
    attempts.addUntimed(1, 7);
    attempts.addTimed(2, 1, 'here', 3, 250, phases);
    expect([attempts.first, attempts.count, attempts.nodes]).to.deep.equal([2, 3, ['here']]);
    expect(attempts.row(2)).to.include({ index: 2, node: 'here', slot: 3, endMs: 250, outcome: 'succeeded' });
    const seen: number[][] = [];
    attempts.each(0, 3, (row, index) => seen.push([row, index]));
    expect(seen).to.deep.equal([[2, 2]]);
    expect(attempts.totals()).to.deep.equal([
      {
        group: 'old-*',
        attempts: 2,
        outcomes: { succeeded: 2, failed: 0, 'timed-out': 0, cancelled: 0, lost: 0 },
        phases: { waitMs: 0, fetchMs: 0, loadMs: 0, runMs: 12, packMs: 0, handOverMs: 0 },
      },
    ]);
    expect(() => attempts.row(1)).to.throw(RangeError);
  });
});
