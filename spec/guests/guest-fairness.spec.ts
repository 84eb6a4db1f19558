import { expect } from 'chai';
import { slotAmounts } from '../support/slots.js';
import { asks, guestNode } from './guests.js';

describe('several drivers on one node', () => {
  it('are served in turn, however much each asks for', () => {
    const { guests, isolation, ledger } = guestNode({ cpu: 2 });
    for (const driver of ['a', 'c']) {
      for (let at = 0; at < 10; at += 1) guests.heard(driver, asks(`${driver}/${driver}${at}`));
    }
    const served: string[] = [];
    for (let turn = 0; turn < 20; turn += 1) {
      expect(isolation.running).to.have.length(turn < 19 ? 2 : 1);
      expect(ledger.used.cpu).to.be.at.most(2);
      served.push(isolation.running[0]!);
      isolation.calls[0]!.succeed(1);
    }
    expect(served.slice(0, 2), 'who came first had the node to itself').to.deep.equal(['a0', 'a1']);
    const shared = served.slice(2, 18).map((id) => id[0]);
    for (let at = 0; at < shared.length; at += 2) expect(new Set(shared.slice(at, at + 2)).size, shared.join('')).to.equal(2);
    expect(ledger.isFree).to.equal(true);
  });

  it('each have their functions run in the order in which they asked', () => {
    const { guests, isolation } = guestNode({ cpu: 1 });
    for (const id of ['first', 'second', 'third']) {
      guests.heard('a', asks(`r/${id}`));
      guests.heard('c', asks(`s/${id}`));
    }
    const served: Record<string, string[]> = { r: [], s: [] };
    while (isolation.calls.length > 0) {
      const { runId, functionId } = isolation.calls[0]!.context;
      served[runId]!.push(functionId);
      isolation.calls[0]!.succeed(1);
    }
    expect(served).to.deep.equal({ r: ['first', 'second', 'third'], s: ['first', 'second', 'third'] });
  });

  it('cannot keep a large claim of another waiting for more than a second', () => {
    const { guests, isolation, clock, nextTurn, heard } = guestNode({ cpu: 2 });
    for (let at = 0; at < 3000; at += 1) guests.heard('a', asks(`r/${at}`));
    guests.heard('c', asks('s/large', { cost: [['cpu', 2]] }));
    heard();
    for (let nowMs = 0; nowMs < 1100; nowMs += 10) {
      clock.advance(10);
      isolation.calls[0]!.succeed(1);
      nextTurn();
      if (heard().includes('c: started large')) {
        expect(clock.now()).to.be.within(1000, 1030);
        return;
      }
    }
    expect.fail('it was starved');
  });

  it('are each told what is theirs of what is in use', () => {
    const { guests } = guestNode({ cpu: 4, gpu: 1 });
    guests.heard('a', asks('r/f', { cost: Object.entries({ cpu: 1, gpu: 1 }) }));
    guests.heard('a', asks('s/g', { cost: Object.entries({ cpu: 0.5 }) }));
    guests.heard('c', asks('t/h', { cost: Object.entries({ cpu: 2 }) }));
    guests.heard('c', asks('t/waits', { cost: Object.entries({ cpu: 2 }) }));
    const use = [...guests.use()].map(([driver, used]) => ({ driver, used: Object.fromEntries(used) }));
    expect(use).to.deep.equal([
      { driver: 'a', used: { cpu: 1.5, gpu: 1, ...slotAmounts({ loop: 2 }) } },
      { driver: 'c', used: { cpu: 2, ...slotAmounts({ loop: 1 }) } },
    ]);
  });

  it('share the places on the loop as well', () => {
    const { guests, isolation } = guestNode({}, 2);
    for (const driver of ['a', 'c']) {
      for (let at = 0; at < 4; at += 1) guests.heard(driver, asks(`${driver}/${driver}${at}`, { cost: [] }));
    }
    isolation.calls[0]!.succeed(1);
    isolation.calls[0]!.succeed(1);
    expect(isolation.running.map((id) => id[0])).to.have.members(['a', 'c']);
  });
});
