import { expect } from 'chai';
import { Allocator, type AllocatorClient, amounts, type ClaimClass, Ledger, strategies } from '../../lib/allocator/index.js';
import { testClock } from '../support/test-clock.js';

const kind: ClaimClass = { slot: 'loop', costs: { cpu: 1 }, cost: amounts({ cpu: 1 }), pinnedTo: undefined, group: undefined };

describe('grants together', () => {
  it('come when all is done, but for who must know at once; an error within loses none', () => {
    const ledger = new Ledger({ cpu: 2 }, { thread: 10, loop: 10 });
    const table = new Allocator({ name: 'a', isSelf: true, isOpen: true, capacity: ledger }, testClock());
    const granted: number[] = [];
    const run: AllocatorClient = {
      ...{ runId: 'r', dagId: 'd', takesAnyRoom: true, maxConcurrency: 10, strategy: strategies['first-available']() },
      functionId: (index) => `f${index}`,
      compare: (a, b) => a - b,
      granted: (index) => void granted.push(index),
      refused: () => {},
      isReady: () => true,
      wait: () => {},
    };
    table.addRun(run);
    for (let index = 0; index < 6; index += 1) table.request('r', index, kind);
    table.pump();
    expect(granted).to.deep.equal([0, 1]);
    table.together(() => {
      table.free('r', 'a', kind);
      table.pump();
      table.together(() => table.pump());
      expect(granted).to.deep.equal([0, 1]);
      table.free('r', 'a', kind);
      table.pump();
    });
    expect(granted).to.deep.equal([0, 1, 2, 3]);
    table.together(() => {
      table.free('r', 'a', kind);
      table.pumpNow();
      expect(granted).to.deep.equal([0, 1, 2, 3, 4]);
    });
    const fail = (): void => {
      table.free('r', 'a', kind);
      table.pump();
      throw new Error('within');
    };
    expect(() => table.together(fail)).to.throw('within');
    expect(granted).to.deep.equal([0, 1, 2, 3, 4, 5]);
  });
});
