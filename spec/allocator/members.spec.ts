import { expect } from 'chai';
import { Ledger } from '../../lib/allocator/capacity/ledger.js';
import { UsageEstimate } from '../../lib/allocator/capacity/usage-estimate.js';
import type { UsageReport } from '../../lib/allocator/capacity/usage-report.js';
import type { PlacementClient } from '../../lib/allocator/placement/placer.js';
import type { ClaimClass, CollocationGroup, PlacementNode } from '../../lib/allocator/queue/claim-class.js';
import { ClaimQueue } from '../../lib/allocator/queue/claim-queue.js';
import { strategies } from '../../lib/allocator/strategies/index.js';
import type { Capabilities } from '../../lib/allocator/strategy.js';
import { slotAmounts } from '../support/slots.js';
import { asker, kindOf, placeAll } from './claims.js';

const usage = (capabilities: Capabilities, used: Capabilities = {}): UsageReport => {
  return { capabilities: { ...capabilities, ...slotAmounts({ thread: 100, loop: 100 }) }, used, usedByYou: {} };
};
const self = (capabilities: Capabilities) => ({
  name: 'self',
  isSelf: true,
  isOpen: true,
  capacity: new Ledger(capabilities, { thread: 100, loop: 100 }),
});
const other = (name: string, capabilities: Capabilities, used: Capabilities = {}) => ({
  name,
  isSelf: false,
  isOpen: true,
  capacity: new UsageEstimate(usage(capabilities, used)),
});

/** An allocation over these, with one run `r` that asks for `count` of a kind. */
function asked(members: readonly PlacementNode[], kind: ClaimClass, count: number, over: Partial<PlacementClient> = {}) {
  const allocation = new ClaimQueue<PlacementClient>(members);
  allocation.addRun(asker('r', over));
  for (let index = 0; index < count; index += 1) allocation.request('r', index, kind);
  const pump = (nowMs: number): string[] =>
    placeAll(allocation, nowMs).map((answer) =>
      answer.type === 'granted' ? `${answer.index}@${answer.node}${answer.mayQueue ? ' may queue' : ''}` : 'refused',
    );
  return { allocation, pump };
}
const one = kindOf({ cpu: 1 });

describe('allocation over several members', () => {
  it('fills the own node first, then the others by name, and no more than fits', () => {
    const { pump } = asked([self({ cpu: 1 }), other('b', { cpu: 2 }, { cpu: 1 }), other('c', { cpu: 1 })], one, 5);
    expect(pump(0)).to.deep.equal(['0@self', '1@b', '2@c', '3@b may queue']);
    expect(pump(0)).to.deep.equal([]);
  });

  it('lets a function queue on the only node that could hold it', () => {
    const { pump } = asked([self({}), other('b', { cpu: 1 }), other('c', { cpu: 0.5 })], one, 1);
    expect(pump(0)).to.deep.equal(['0@b may queue']);
    const pinned = asked([self({ cpu: 1 }), other('b', { cpu: 1 })], kindOf({ cpu: 1 }, { pinnedTo: 'b' }), 1);
    expect(pinned.pump(0)).to.deep.equal(['0@b may queue']);
  });

  it('queues nowhere what its strategy lets wait, though others fill a node', () => {
    const members = () => [self({ cpu: 1 }), other('b', { cpu: 1 }, { cpu: 1 })];
    const strategy = { name: 'never', place: () => undefined };
    expect(asked(members(), one, 1, { strategy, takesAnyRoom: false }).pump(0)).to.deep.equal([]);
    // Where no node has room, no strategy is asked.
    expect(asked([self({}), ...members().slice(1)], one, 1, { strategy, takesAnyRoom: false }).pump(0)).to.deep.equal(['0@b may queue']);
  });

  it('asks nobody who is not open', () => {
    const b = { ...other('b', { cpu: 1 }), isOpen: false };
    const { pump } = asked([self({}), b], one, 1);
    expect(pump(0)).to.deep.equal([]);
    expect(pump(5000)).to.deep.equal([]);
    b.isOpen = true;
    expect(pump(5001)).to.deep.equal(['0@b may queue']);
  });

  it('sends one to wait where others leave no room, the first in the order of the run, and the next when that has its turn', () => {
    const b = other('b', { cpu: 2 }, { cpu: 2 });
    const { allocation, pump } = asked([self({}), b], one, 3);
    expect(pump(0)).to.deep.equal(['0@b may queue']);
    expect(pump(0), 'one waits there already').to.deep.equal([]);
    b.capacity.applyReport({ ...usage({ cpu: 2 }, { cpu: 2 }), usedByYou: { cpu: 1 } });
    expect(pump(1)).to.deep.equal(['1@b may queue']);
    allocation.free('r', 'b', one);
    allocation.free('r', 'b', one);
    b.capacity.applyReport(usage({ cpu: 2 }));
    expect(pump(2)).to.deep.equal(['2@b may queue']);
  });

  it('waits with the driver where only its own runs leave no room', () => {
    const { allocation, pump } = asked([self({ cpu: 1 }), other('b', { cpu: 1 })], one, 3);
    expect(pump(0)).to.deep.equal(['0@self', '1@b']);
    expect(pump(999)).to.deep.equal([]);
    allocation.free('r', 'b', one);
    expect(pump(999)).to.deep.equal(['2@b']);
  });

  it('keeps room for what has waited a second on the node that is nearest to having it, if only its own runs fill that', () => {
    const [three, four] = [kindOf({ cpu: 3 }), kindOf({ cpu: 4 })];
    const { pump, allocation } = asked([self({ cpu: 1 }), other('b', { cpu: 4 }), other('c', { cpu: 8 })], three, 3);
    expect(pump(0)).to.deep.equal(['0@b', '1@c', '2@c']);
    allocation.request('r', 3, four);
    expect(pump(1)).to.deep.equal([]);
    expect(pump(1000)).to.deep.equal([]);
    for (const index of [4, 5]) allocation.request('r', index, one);
    expect(pump(1001), 'c keeps its two').to.deep.equal(['4@self', '5@b']);
    allocation.free('r', 'c', three);
    expect(pump(1002)).to.deep.equal(['3@c']);
  });

  it('sends what has waited a second to wait there, if others fill that, and one only', () => {
    const b = other('b', { cpu: 4 }, { cpu: 3 });
    const { pump, allocation } = asked([self({}), b], kindOf({ cpu: 1 }), 1);
    expect(pump(0)).to.deep.equal(['0@b may queue']);
    const large = kindOf({ cpu: 4 });
    allocation.request('r', 1, large);
    allocation.request('r', 2, large);
    expect(pump(1)).to.deep.equal(['1@b may queue']);
    for (let nowMs = 2; nowMs < 9000; nowMs += 100) expect(pump(nowMs)).to.deep.equal([]);
  });

  it('piles nothing up where only its own runs leave no room: a node that joins gets it', () => {
    const members = [self({ cpu: 1 }), other('b', { cpu: 20 })];
    const { pump, allocation } = asked(members, one, 60);
    expect(pump(0)).to.have.length(21);
    for (let nowMs = 100; nowMs < 9000; nowMs += 100) expect(pump(nowMs)).to.deep.equal([]);
    allocation.changed([...members, other('c', { cpu: 39 })]);
    expect(pump(9000)).to.have.length(39);
  });

  it('keeps room on the own node for what has waited a second, if that is nearest', () => {
    const { allocation, pump } = asked([self({ cpu: 2 }), other('b', { cpu: 2 }, {})], kindOf({ cpu: 1 }), 4);
    expect(pump(0)).to.have.length(4);
    const [own, far] = [kindOf({ cpu: 2 }, { pinnedTo: 'self' }), kindOf({ cpu: 1 })];
    allocation.request('r', 4, own);
    expect(pump(1)).to.deep.equal([]);
    allocation.request('r', 5, far);
    allocation.free('r', 'self', one);
    expect(pump(1001), 'the free cpu is kept').to.deep.equal([]);
    allocation.free('r', 'b', one);
    expect(pump(1002)).to.deep.equal(['5@b']);
    allocation.free('r', 'self', one);
    expect(pump(1003)).to.deep.equal(['4@self may queue']);
  });

  it('believes a node that declines, and goes elsewhere', () => {
    const b = other('b', { cpu: 1 });
    const { allocation, pump } = asked([self({}), b, other('c', { cpu: 1 })], one, 1);
    expect(pump(0)).to.deep.equal(['0@b']);
    b.capacity.applyReport(usage({ cpu: 1 }, { cpu: 1 }));
    allocation.free('r', 'b', one);
    allocation.request('r', 0, one);
    expect(pump(1)).to.deep.equal(['0@c']);
  });

  it('places by the bytes that have to move', () => {
    const bytesToMove = (index: number, node: string): number => (node === (index === 0 ? 'c' : 'b') ? 0 : 1000);
    const strategy = strategies['near-data']();
    const { pump } = asked([self({ cpu: 9 }), other('b', { cpu: 1 }), other('c', { cpu: 9 })], one, 2, {
      strategy,
      takesAnyRoom: false,
      whereabouts: { bytesToMove, kin: () => 0, placed: () => {} },
    });
    expect(pump(0)).to.deep.equal(['0@c', '1@b']);
  });

  it('says where it has placed one before it places the next, in the same turn', () => {
    const placed: string[] = [];
    const kin = (_index: number, node: string): number => placed.filter((one) => one === node).length;
    const whereabouts = { bytesToMove: () => 0, kin, placed: (_index: number, node: string) => void placed.push(node) };
    const strategy = strategies['near-data']();
    const members = [self({ cpu: 2 }), other('b', { cpu: 4 }), other('c', { cpu: 2 })];
    const { pump } = asked(members, one, 6, { strategy, whereabouts });
    expect(pump(0)).to.deep.equal(['0@b', '1@b', '2@b', '3@b', '4@self', '5@self']);
  });

  it('keeps a group together on another node, and places it anew when that is gone', () => {
    const group: CollocationGroup = { claims: [], node: undefined };
    const small = kindOf({ cpu: 1 }, { group });
    group.claims.push(small, kindOf({ cpu: 2 }, { group }));
    const members = [self({ cpu: 1 }), other('b', { cpu: 2 }), other('c', { cpu: 2 })];
    const { allocation, pump } = asked(members, small, 2);
    expect(pump(0)).to.deep.equal(['0@b', '1@b may queue']);
    allocation.changed([members[0]!, members[2]!]);
    allocation.request('r', 0, small);
    expect(pump(1)).to.deep.equal(['0@c may queue']);
  });

  it('forgets no turn when another run leaves', () => {
    const allocation = new ClaimQueue<PlacementClient>([self({ cpu: 1, gpu: 9 })]);
    for (const runId of ['a', 'b']) {
      allocation.addRun(asker(runId));
      for (let index = 0; index < 10; index += 1) allocation.request(runId, index, one);
    }
    const served: string[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      allocation.addRun(asker('passer-by'));
      const [answer] = placeAll(allocation, 0);
      served.push(answer!.client.runId);
      allocation.removeRun('passer-by');
      allocation.free(answer!.client.runId, 'self', one);
    }
    expect(served).to.deep.equal(['a', 'b', 'a', 'b', 'a', 'b']);
  });
});
