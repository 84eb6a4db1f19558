import { expect } from 'chai';
import { Scheduler, SimulationStuck } from '../../lib/testing/simulation/scheduler.js';
import { caught } from '../support/caught.js';

const HOUR_MS = 3_600_000;

describe('the scheduler of simulations', () => {
  it('notices that time stands still where too much happens at one moment, and counts anew at the next', async () => {
    const scheduler = new Scheduler(() => 0, HOUR_MS, 2000);
    const { clock } = scheduler;
    let count = 0;
    const turn = (): void => {
      count += 1;
      if (count === 500) clock.after(13_376.47, turn);
      // A delay that is lost in rounding.
      else clock.after(count < 500 ? 0 : 1e-13, turn);
    };
    scheduler.defer(turn);
    const error = await caught(scheduler.until(new Promise(() => {})));
    expect(error).to.be.instanceOf(SimulationStuck);
    expect((error as Error).message).to.equal(
      'virtual time stands still: at 13376.47 ms, 2,000 things have happened, so something goes in a circle',
    );
    expect(count).to.equal(2500);
  });

  it('notices it also in what is left at the end', async () => {
    const scheduler = new Scheduler(() => 0, HOUR_MS, 2000);
    const turn = (): void => void scheduler.defer(turn);
    turn();
    expect(((await caught(scheduler.rest())) as Error).message).to.match(/stands still: at 0.00 ms/);
  });

  it('says that nothing can happen any more, and that it takes too long', async () => {
    const never = new Promise(() => {});
    expect(((await caught(new Scheduler(() => 0, HOUR_MS).until(never))) as Error).message).to.equal('nothing is left that could happen');
    const slow = new Scheduler(() => 0, HOUR_MS);
    slow.after(HOUR_MS + 1, () => {});
    expect(((await caught(slow.until(never))) as Error).message).to.equal('it has not ended within 60 virtual minutes');
  });
});
