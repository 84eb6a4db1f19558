import { expect } from 'chai';
import { Allocator, type AllocatorClient, amounts, type ClaimClass, Ledger, strategies } from '../../lib/allocator/index.js';
import { testClock } from '../support/test-clock.js';

const cost = amounts({ cpu: 1 });
const kind: ClaimClass = { slot: 'thread', costs: { cpu: 1 }, cost, pinnedTo: undefined, group: undefined };
const lent: ClaimClass = { ...kind, slot: 'loop' };

/** A node with a cpu, and a run that has asked for so many functions, which may lie. */
function node(cpu: number, count: number) {
  const ledger = new Ledger({ cpu }, { thread: 10, loop: 10 });
  const table = new Allocator(
    { name: 'a', isSelf: true, isOpen: true, capacity: ledger },
    testClock(),
    undefined,
    undefined,
    new Set(['thread']),
  );
  const told: string[] = [];
  const claimless = new Set<number>();
  const run: AllocatorClient = {
    ...{ runId: 'r', dagId: 'd', takesAnyRoom: true, maxConcurrency: 10, strategy: strategies['first-available']() },
    functionId: (index) => `f${index}`,
    compare: (a, b) => a - b,
    granted: (index) => void told.push(`${index} ${claimless.has(index) ? 'lies' : 'runs'}`),
    refused: () => {},
    isReady: () => true,
    wait: () => {},
    ahead: {
      isPossible: true,
      isWorthMoving: () => true,
      mayLie: (_index, behind) => behind === 0,
      lies: (index) => void claimless.add(index),
      promoted: (index) => {
        told.push(`${index} promoted`);
        return claimless.delete(index);
      },
      recalled: (index) => {
        told.push(`${index} recalled`);
        claimless.delete(index);
        table.freeAhead('r', index);
        table.request('r', index, kind);
      },
    },
  };
  table.addRun(run);
  for (let index = 0; index < count; index += 1) table.request('r', index, kind);
  return { table, ledger, told, claimless, run };
}

describe('the table of an allocator, where functions lie', () => {
  it('gives a lent claim back before anything that lies begins', () => {
    const { table, ledger, told } = node(2, 9);
    ledger.hold(lent);
    table.lend(lent);
    expect(told.splice(0)).to.deep.equal(['0 runs', '1 runs', '2 lies', '3 lies']);
    let isBack = false;
    table.takeBack(lent, () => {
      isBack = true;
    });
    expect(told.splice(0)).to.deep.equal(['2 recalled', '3 recalled']);
    table.free('r', 'a', kind);
    table.pump();
    expect(isBack).to.equal(true);
    expect(ledger.used).to.include({ cpu: 2 });
    expect(told.splice(0), 'nothing waits for a claim any more').to.deep.equal(['2 lies']);
  });

  it('frees the claim of what was to begin, and is over meanwhile', () => {
    const { table, ledger, told, claimless, run } = node(1, 3);
    table.pump();
    expect(told.splice(0)).to.deep.equal(['0 runs', '1 lies']);
    table.addRun({
      ...run,
      runId: 's',
      takesAnyRoom: false,
      ahead: undefined,
      strategy: {
        name: 'ends the function of another run',
        place: () => {
          if (claimless.delete(1)) table.freeAhead('r', 1);
          return undefined;
        },
      },
    });
    table.request('s', 0, { ...lent, cost: amounts({}), costs: {} });
    table.free('r', 'a', kind);
    table.pump();
    expect(told).to.deep.equal(['1 promoted', '2 lies', '2 promoted']);
    expect(ledger.used).to.include({ cpu: 1 });
  });
});
