import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { scheduled } from './order.bench.js';
import { chainsOfThree } from './order-shapes.js';
import { USUAL_FOLDER, workflowsAt } from './workflows.js';

const mean = (ratios: readonly number[]): number => Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);

describe('the order of functions, by the brains alone', () => {
  it('holds two values or three for each slot of chains of three, however many there are, in the time of a list schedule', () => {
    for (const slots of [2, 4, 16]) {
      for (const workflow of [chainsOfThree(300), chainsOfThree(300, true)]) {
        const engine = scheduled(workflow, slots, 'engine', 'unknown');
        const list = scheduled(workflow, slots, 'longest path', 'unknown');
        expect(engine.peakBytes / 1e6).to.be.at.most(3 * slots);
        expect(list.peakBytes / 1e6).to.be.at.least(300);
        expect(engine.makespanMs / list.makespanMs).to.be.at.most(1.02);
      }
    }
  });

  for (const belief of ['known', 'unknown'] as const) {
    it(`holds at most 1.2 times what depth first holds, and takes at most 1.05 times a list schedule, of recorded workflows: ${belief}`, function () {
      this.timeout(60_000);
      if (!existsSync(USUAL_FOLDER)) this.skip();
      const peaks: number[] = [];
      const makespans: number[] = [];
      for (const workflow of workflowsAt([])) {
        for (const slots of [2, 4, 16, 48]) {
          const engine = scheduled(workflow, slots, 'engine', belief);
          peaks.push(engine.peakBytes / scheduled(workflow, slots, 'depth first', belief).peakBytes);
          makespans.push(engine.makespanMs / scheduled(workflow, slots, 'longest path', belief).makespanMs);
        }
      }
      expect(mean(peaks)).to.be.at.most(1.2);
      expect(mean(makespans)).to.be.at.most(1.05);
    });
  }
});
