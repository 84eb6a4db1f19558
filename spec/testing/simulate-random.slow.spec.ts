import { expect } from 'chai';
import { simulate } from '../../lib/testing/index.js';
import { simulateDriver } from '../simulation/simulate-driver.js';
import { simulateRun } from '../simulation/simulate-run.js';

const lapse = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('simulate, with random faults', function () {
  this.timeout(480_000);

  it('does the same with random faults', async () => {
    for (const mode of ['safety', 'liveness'] as const) {
      const runs = [];
      for (const seed of [11, 11, 12]) runs.push((await simulateRun(seed, { faults: 'random', mode })).trace.join('\n'));
      expect(runs[1], mode).to.equal(runs[0]);
      expect(runs[2], mode).to.not.equal(runs[0]);
    }
  });

  for (const mode of ['safety', 'liveness'] as const) {
    it(`under random faults ends right, or gives up with an error that its losses explain: ${mode}`, async () => {
      const ends: Record<string, number> = {};
      let again = 0;
      for (let seed = 1001; seed <= 1020; seed += 1) {
        const { result } = await simulateRun(seed, { faults: 'random', mode });
        ends[result.end] = (ends[result.end] ?? 0) + 1;
        again += result.again;
      }
      expect(ends.right, JSON.stringify(ends)).to.be.at.least(10);
      expect(again, 'attempts that were made again').to.be.greaterThan(0);
    });
  }

  it('with drivers that die and come back ends right, the same each time, and runs nothing again that is recorded', async () => {
    const [first, second] = [await simulateDriver(6, { faults: 'random' }), await simulateDriver(6, { faults: 'random' })];
    expect(second.trace.join('\n')).to.equal(first.trace.join('\n'));
    let [deaths, recalled] = [0, 0];
    for (let seed = 1001; seed <= 1008; seed += 1) {
      const { result } = await simulateDriver(seed, { faults: seed % 3 === 0 ? 'none' : 'random' });
      deaths += result.deaths;
      recalled += result.recalled;
    }
    expect(deaths).to.be.greaterThan(3);
    expect(recalled).to.be.greaterThan(3);
  });

  it('without faults ends as it is to, each function once', async () => {
    for (let seed = 1021; seed <= 1034; seed += 1) {
      const { result } = await simulateRun(seed, { faults: 'none', mode: 'safety' });
      expect(result.again).to.equal(0);
      expect(result.end).to.not.equal('gave-up');
    }
  });

  it('lets random faults happen, and none where none are asked for', async () => {
    const harm = /^\d+\.\d (kill|restart|pause|resume|partition|heal|link|crash) /m;
    const faulty = await simulate({ seed: 14, faults: 'random' }, () => lapse(120_000));
    expect(faulty.trace.filter((line) => harm.test(line)).length).to.be.greaterThan(10);
    const calm = await simulate({ seed: 14 }, () => lapse(120_000));
    expect(calm.trace.filter((line) => harm.test(line))).to.deep.equal([]);
  });

  it('stops faults after a while in liveness, mended; not in safety', async () => {
    const lastMs = async (mode: 'safety' | 'liveness'): Promise<number> => {
      const { result, trace } = await simulate({ seed: 15, faults: 'random', mode }, async (cluster) => {
        await lapse(10 * 60_000);
        return [performance.now(), cluster.living.length] as const;
      });
      const [endMs, living] = result;
      if (mode === 'liveness') expect(living).to.equal(3);
      const harms = trace.filter((line) => /^\d+\.\d (kill|pause|partition|crash) /.test(line)).map((line) => Number.parseFloat(line));
      return Math.max(...harms.filter((atMs) => atMs < endMs));
    };
    expect(await lastMs('liveness')).to.be.below(100_000);
    expect(await lastMs('safety')).to.be.greaterThan(9 * 60_000);
  });
});
