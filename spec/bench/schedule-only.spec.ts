import { expect } from 'chai';
import { strategyNames } from '../../lib/allocator/index.js';
import { scheduleOnly } from './schedule-only.js';

describe('the brains alone, on virtual time', () => {
  for (const strategy of strategyNames) {
    it(`end a run of which thousands can begin at once, near to what no schedule can undercut: ${strategy}`, () => {
      const { makespanMs, boundMs } = scheduleOnly({ nodes: 20, cpusEach: 8, functions: 9000, width: 3000, strategy });
      expect(makespanMs / boundMs).to.be.within(1, 1.1);
    });
  }
});
