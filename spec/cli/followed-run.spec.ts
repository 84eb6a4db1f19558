import { expect } from 'chai';
import { FollowedRun } from '../../bin/followed-run.js';

describe('a run whose lines are followed', () => {
  const first = { driver: 'first', startedAtMs: 1000 };
  /** Reads lines of these times. Returns those that are new. */
  const read = (run: FollowedRun, ...timesMs: number[]): number[] => timesMs.filter((atMs) => run.isNew({ atMs }));

  it('is read once, as long as the same driver has it from the same start on', () => {
    const run = new FollowedRun();
    expect(run.begins(first)).to.equal(true);
    expect(run.begins(first), 'while it is read').to.equal(false);
    expect(run.isRead).to.equal(false);
    run.ended(true);
    expect(run.begins(first), 'when it was read').to.equal(false);
    expect(run.isRead).to.equal(true);
  });

  it('is read again from its first line on where it was out of reach, and each line is new once', () => {
    const run = new FollowedRun();
    run.begins(first);
    expect(read(run, 10, 11, 11)).to.deep.equal([10, 11, 11]);
    run.ended(false);
    expect(run.begins(first)).to.equal(true);
    expect(read(run, 10, 11, 11, 11, 12)).to.deep.equal([11, 12]);
    run.ended(false);
    run.begins(first);
    expect(read(run, 10, 11, 11, 11, 12, 12)).to.deep.equal([12]);
  });

  it('is read from its first line on with another driver, whose clock may be behind', () => {
    const run = new FollowedRun();
    run.begins(first);
    expect(read(run, 10)).to.deep.equal([10]);
    run.ended(true);
    expect(run.begins({ driver: 'heir', startedAtMs: 900 })).to.equal(true);
    expect(read(run, 5, 5)).to.deep.equal([5, 5]);
  });

  it('is read on where its driver has started anew', () => {
    const run = new FollowedRun();
    run.begins(first);
    read(run, 10);
    run.ended(true);
    expect(run.begins({ ...first, startedAtMs: 2000 })).to.equal(true);
    expect(read(run, 20)).to.deep.equal([20]);
  });
});
