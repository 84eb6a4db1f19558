import { expect } from 'chai';
import fc from 'fast-check';
import { Ledger } from '../../lib/allocator/capacity/ledger.js';
import type { ValueLoad } from '../../lib/allocator/capacity/memory.js';
import type { PlacementAnswer, PlacementClient } from '../../lib/allocator/placement/placer.js';
import type { ClaimClass, CollocationGroup } from '../../lib/allocator/queue/claim-class.js';
import { ClaimQueue } from '../../lib/allocator/queue/claim-queue.js';
import type { AllocationStrategy, Capabilities } from '../../lib/allocator/strategy.js';
import { asker, kindOf, placeAll } from './claims.js';

const member = (name: string, capabilities: Capabilities, threads = 1000) => ({
  name,
  isSelf: name === 'a',
  isOpen: true,
  capacity: new Ledger(capabilities, { thread: threads, loop: 1000 }),
});

const granted = (answers: readonly PlacementAnswer<PlacementClient>[]): string[] =>
  answers.map((answer) => `${answer.client.runId}:${answer.index}${answer.type === 'granted' ? `@${answer.node}` : ' refused'}`);

describe('allocation', () => {
  it('grants what fits, in the order of the run, and keeps the rest waiting', () => {
    const allocation = new ClaimQueue<PlacementClient>([member('a', { cpu: 2 })]);
    allocation.addRun(asker('r'));
    const one = kindOf({ cpu: 1 });
    for (const index of [3, 1, 2]) allocation.request('r', index, one);
    expect(granted(placeAll(allocation, 0))).to.deep.equal(['r:1@a', 'r:2@a']);
    expect(granted(placeAll(allocation, 1))).to.deep.equal([]);
    allocation.free('r', 'a', one);
    expect(granted(placeAll(allocation, 2))).to.deep.equal(['r:3@a']);
  });

  it('serves runs in turn, however much each asks for', () => {
    const allocation = new ClaimQueue<PlacementClient>([member('a', { cpu: 4 })]);
    const one = kindOf({ cpu: 1 });
    for (const runId of ['r', 's', 't']) {
      allocation.addRun(asker(runId));
      for (let index = 0; index < 10; index += 1) allocation.request(runId, index, one);
    }
    expect(granted(placeAll(allocation, 0))).to.deep.equal(['r:0@a', 's:0@a', 't:0@a', 'r:1@a']);
    for (let index = 0; index < 4; index += 1) allocation.free('r', 'a', one);
    expect(granted(placeAll(allocation, 1))).to.deep.equal(['s:1@a', 't:1@a', 'r:2@a', 's:2@a']);
  });

  it('lets a smaller claim pass a larger one for a second, and then nothing that needs the same resource', () => {
    const allocation = new ClaimQueue<PlacementClient>([member('a', { cpu: 2, gpu: 2 })]);
    allocation.addRun(asker('r'));
    const small = kindOf({ cpu: 1 });
    const large = kindOf({ cpu: 2 });
    const other = kindOf({ gpu: 1 });
    allocation.request('r', 0, small);
    allocation.request('r', 1, small);
    expect(granted(placeAll(allocation, 0))).to.have.length(2);
    allocation.request('r', 2, large);
    allocation.request('r', 3, small);
    placeAll(allocation, 1);
    allocation.free('r', 'a', small);
    expect(granted(placeAll(allocation, 1000))).to.deep.equal(['r:3@a']);
    allocation.request('r', 4, small);
    allocation.free('r', 'a', small);
    allocation.request('r', 5, other);
    expect(granted(placeAll(allocation, 1001)), 'what needs another resource still goes').to.deep.equal(['r:5@a']);
    allocation.free('r', 'a', small);
    expect(granted(placeAll(allocation, 1002))).to.deep.equal(['r:2@a']);
    allocation.free('r', 'a', large);
    expect(granted(placeAll(allocation, 1003))).to.deep.equal(['r:4@a']);
  });

  it('protects a large claim of one run against the small ones of another', () => {
    const allocation = new ClaimQueue<PlacementClient>([member('a', { cpu: 2 })]);
    const small = kindOf({ cpu: 1 });
    const large = kindOf({ cpu: 2 });
    allocation.addRun(asker('small'));
    allocation.addRun(asker('large'));
    for (let index = 0; index < 5000; index += 1) allocation.request('small', index, small);
    expect(granted(placeAll(allocation, 0))).to.have.length(2);
    allocation.request('large', 0, large);
    for (let nowMs = 0; nowMs < 3000; nowMs += 10) {
      if (granted(placeAll(allocation, nowMs)).includes('large:0@a')) {
        expect(nowMs).to.be.within(1000, 1020);
        return;
      }
      allocation.free('small', 'a', small);
    }
    expect.fail('the large claim was starved');
  });

  it('does not let old functions hold up a newer one that goes first and costs the same', () => {
    const allocation = new ClaimQueue<PlacementClient>([member('a', { cpu: 1 })]);
    allocation.addRun(asker('r', { compare: (a, b) => b - a }));
    const one = kindOf({ cpu: 1 });
    allocation.request('r', 1, one);
    allocation.request('r', 2, one);
    placeAll(allocation, 0);
    allocation.request('r', 3, one);
    allocation.free('r', 'a', one);
    expect(granted(placeAll(allocation, 5000))).to.deep.equal(['r:3@a']);
  });

  it('holds nothing back for a claim that has become impossible', () => {
    const self = member('a', { cpu: 2 });
    const allocation = new ClaimQueue<PlacementClient>([self]);
    allocation.addRun(asker('r'));
    allocation.request('r', 0, kindOf({ cpu: 1 }));
    placeAll(allocation, 0);
    allocation.request('r', 1, kindOf({ cpu: 2 }));
    placeAll(allocation, 0);
    self.capacity.register({ cpu: 1.5 });
    allocation.changed();
    allocation.free('r', 'a', kindOf({ cpu: 1 }));
    allocation.request('r', 2, kindOf({ cpu: 1 }));
    expect(granted(placeAll(allocation, 5000))).to.deep.equal(['r:2@a']);
  });

  it('never holds more for a run than its maxConcurrency', () => {
    const allocation = new ClaimQueue<PlacementClient>([member('a', {})]);
    allocation.addRun(asker('r', { maxConcurrency: 1 }));
    const none = kindOf({}, { slot: 'loop' });
    allocation.request('r', 0, none);
    allocation.request('r', 1, none);
    expect(granted(placeAll(allocation, 0))).to.deep.equal(['r:0@a']);
    allocation.free('r', 'a', none);
    expect(granted(placeAll(allocation, 0))).to.deep.equal(['r:1@a']);
  });

  it('counts threads and places in the loop as well', () => {
    const allocation = new ClaimQueue<PlacementClient>([member('a', {}, 2)]);
    allocation.addRun(asker('r'));
    const none = kindOf({});
    for (let index = 0; index < 3; index += 1) allocation.request('r', index, none);
    expect(granted(placeAll(allocation, 0))).to.deep.equal(['r:0@a', 'r:1@a']);
    expect(allocation.shortOf(none)).to.deep.equal({ thread: 1 });
  });

  it('asks the strategy among all nodes that could hold the function, own node first', () => {
    const seen: unknown[] = [];
    const strategy: AllocationStrategy = {
      name: 'spy',
      place: ({ nodes, functionId, cost }) => {
        seen.push({ functionId, cost, nodes: nodes.map(({ name, fits, isSelf }) => ({ name, fits, isSelf })) });
        return nodes[1]?.name;
      },
    };
    const allocation = new ClaimQueue<PlacementClient>([member('a', { cpu: 1 }), member('b', { cpu: 1 }), member('c', { cpu: 0.5 })]);
    allocation.addRun(asker('r', { strategy, takesAnyRoom: false }));
    allocation.request('r', 0, kindOf({ cpu: 1 }));
    expect(granted(placeAll(allocation, 0))).to.deep.equal(['r:0@b']);
    const nodes = [
      { name: 'a', fits: true, isSelf: true },
      { name: 'b', fits: true, isSelf: false },
    ];
    expect(seen).to.deep.equal([{ functionId: 'f0', cost: { cpu: 1 }, nodes }]);
  });

  it('asks a strategy that would rather wait again when something has changed', () => {
    let willing = false;
    const strategy: AllocationStrategy = { name: 'coy', place: ({ nodes }) => (willing ? nodes[0]!.name : undefined) };
    const allocation = new ClaimQueue<PlacementClient>([member('a', { cpu: 1 })]);
    allocation.addRun(asker('r', { strategy, takesAnyRoom: false }));
    allocation.request('r', 0, kindOf({ cpu: 1 }));
    expect(granted(placeAll(allocation, 0))).to.deep.equal([]);
    willing = true;
    expect(granted(placeAll(allocation, 1))).to.deep.equal(['r:0@a']);
  });

  it('refuses what a strategy that throws, or chooses a stranger, was asked about', () => {
    for (const place of [
      () => 'stranger',
      () => {
        throw new Error('boom');
      },
    ]) {
      const allocation = new ClaimQueue<PlacementClient>([member('a', { cpu: 1 })]);
      allocation.addRun(asker('r', { strategy: { name: 'bad', place }, takesAnyRoom: false }));
      allocation.request('r', 0, kindOf({ cpu: 1 }));
      const [answer] = placeAll(allocation, 0);
      expect(answer).to.include({ type: 'refused', index: 0 });
      expect(answer).to.have.nested.property('error.code', 'HANDOFF_ALLOCATION_FAILED');
      expect(placeAll(allocation, 1)).to.deep.equal([]);
    }
  });

  it('places a collocation group where every member could run, and the later ones where the first went', () => {
    const group: CollocationGroup = { claims: [], node: undefined };
    const small = kindOf({ cpu: 1 }, { group });
    const large = kindOf({ cpu: 4 }, { group });
    group.claims.push(small, large);
    const allocation = new ClaimQueue<PlacementClient>([member('a', { cpu: 2 }), member('b', { cpu: 4 }), member('c', { cpu: 4 })]);
    allocation.addRun(asker('r', { takesAnyRoom: false }));
    allocation.request('r', 0, small);
    expect(granted(placeAll(allocation, 0))).to.deep.equal(['r:0@b']);
    allocation.request('r', 1, large);
    expect(granted(placeAll(allocation, 0)), 'b is busy, c would be free').to.deep.equal([]);
    allocation.free('r', 'b', small);
    expect(granted(placeAll(allocation, 0))).to.deep.equal(['r:1@b']);
  });

  it('says that no node has an isolation, or not the one that a function is to run on', () => {
    const b = { name: 'b', isSelf: false, isOpen: true, capacity: new Ledger({ cpu: 1 }, { made_up: 1 }) };
    const allocation = new ClaimQueue([member('a', { cpu: 4 }), b]);
    const messageOf = (over: Partial<ClaimClass>, cpu = 1): string | undefined =>
      allocation.impossible(kindOf({ cpu }, { slot: 'made_up', ...over }), 'f')?.message;
    expect(messageOf({})).to.equal(undefined);
    expect(messageOf({ slot: 'unknown' })).to.equal('Cannot place function "f": no node has isolation "unknown"');
    expect(messageOf({ pinnedTo: 'a' })).to.equal('Cannot place function "f": node "a" does not have isolation "made_up"');
    expect(messageOf({}, 2), 'not of the node that has the cpu').to.equal(
      'Cannot place function "f": needs cpu 2, the best node "b" has cpu 1',
    );
    const group = (...slots: string[]) => ({ claims: slots.map((slot) => kindOf({}, { slot })), node: undefined });
    const together = 'Cannot place function "f" with all functions it is collocated with: ';
    expect(messageOf({ group: group('unknown', 'thread') })).to.equal(`${together}no node has isolation "unknown"`);
    expect(messageOf({ group: group('made_up', 'thread') })).to.equal(`${together}no node has isolation "made_up" and "thread"`);
  });

  it('says at once what no node could ever hold: what it needs, and the best there is', () => {
    const allocation = new ClaimQueue<PlacementClient>([member('a', { cpu: 1 }), member('b', { cpu: 2, gpu: 1 })]);
    const error = allocation.impossible(kindOf({ cpu: 4, gpu: 1 }), 'resize');
    expect(error).to.include({ code: 'HANDOFF_ALLOCATION_FAILED', functionId: 'resize' });
    expect(error!.message).to.equal('Cannot place function "resize": needs cpu 4, gpu 1, the best node "b" has cpu 2, gpu 1');
    expect(allocation.impossible(kindOf({ cpu: 2 }), 'resize')).to.equal(undefined);
    expect(allocation.impossible(kindOf({}, { pinnedTo: 'z' }), 'resize')).to.include({ code: 'HANDOFF_NODE_UNKNOWN', node: 'z' });
    expect(allocation.impossible(kindOf({ cpu: 2 }, { pinnedTo: 'a' }), 'resize')!.message).to.include('"a" has cpu 1');
  });

  it('never exceeds the capabilities, whatever comes and goes, and serves everybody in the end', () => {
    const cost = fc.record({ cpu: fc.constantFrom(0, 0.1, 0.5, 1, 2, 3), gpu: fc.constantFrom(0, 0.3, 1) });
    const requests = fc.array(fc.record({ run: fc.constantFrom('r', 's', 't'), cost, waitMs: fc.integer({ min: 0, max: 700 }) }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(requests, fc.array(fc.nat(1000)), (asked, releases) => {
        const self = member('a', { cpu: 3, gpu: 1 }, 4);
        const allocation = new ClaimQueue<PlacementClient>([self]);
        for (const runId of ['r', 's', 't']) allocation.addRun(asker(runId));
        const kinds = new Map<string, ClaimClass>();
        const held: { runId: string; claim: ClaimClass }[] = [];
        let served = 0;
        let nowMs = 0;
        const pump = (): void => {
          for (const answer of placeAll(allocation, nowMs)) {
            if (answer.type !== 'granted') continue;
            held.push({ runId: answer.client.runId, claim: answer.claim });
            served += 1;
          }
          const sum = (name: string): number => held.reduce((total, { claim }) => total + Math.round((claim.costs[name] ?? 0) * 10), 0);
          expect(sum('cpu')).to.be.at.most(30);
          expect(sum('gpu')).to.be.at.most(10);
          expect(held.length).to.be.at.most(4);
        };
        const release = (at: number): void => {
          const [gone] = held.splice(at % held.length, 1);
          allocation.free(gone!.runId, 'a', gone!.claim);
        };
        for (const [index, { run, cost: costs, waitMs }] of asked.entries()) {
          const key = run + JSON.stringify(costs);
          const kind = kinds.get(key) ?? kindOf(costs);
          kinds.set(key, kind);
          allocation.request(run, index, kind);
          nowMs += waitMs;
          pump();
          if (held.length > 0 && releases[index] !== undefined) release(releases[index]);
        }
        for (let turn = 0; turn < asked.length + 1; turn += 1) {
          nowMs += 500;
          pump();
          if (held.length > 0) release(0);
        }
        while (held.length > 0) release(0);
        expect(served).to.equal(asked.length);
        expect(self.capacity.isFree).to.equal(true);
      }),
    );
  });

  describe('where values fill the memory', () => {
    const MIB = 2 ** 20;
    const opening = kindOf({ cpu: 1 }, { growsMemory: true });
    const closing = kindOf({ cpu: 1 });
    const load = (heldBytes: number, isSpilling = false): ValueLoad => ({ heldBytes, limitBytes: 50 * MIB, isSpilling });

    it('holds back what only makes more of them, until there is room again', () => {
      const a = member('a', { cpu: 4, memory: 100 });
      const allocation = new ClaimQueue<PlacementClient>([a]);
      allocation.addRun(asker('r'));
      for (const index of [0, 1, 2, 3]) allocation.request('r', index, opening);
      for (const index of [7, 8]) allocation.request('r', index, closing);
      a.capacity.setValueLoad(load(51 * MIB));
      expect(granted(placeAll(allocation, 0))).to.deep.equal(['r:7@a', 'r:8@a']);
      expect(allocation.shortOf(opening)).to.deep.equal({ valueMemoryMiB: 1 });
      a.capacity.setValueLoad(load(50 * MIB));
      expect(granted(placeAll(allocation, 1))).to.deep.equal(['r:0@a', 'r:1@a']);
    });

    it('lets one function go on in a run of which nothing is under way, and takes another node that has room', () => {
      const a = member('a', { cpu: 4, memory: 100 });
      const b = member('b', { cpu: 1, memory: 100 });
      const allocation = new ClaimQueue<PlacementClient>([a, b]);
      for (const runId of ['r', 's']) allocation.addRun(asker(runId));
      for (const index of [0, 1]) allocation.request('r', index, opening);
      a.capacity.setValueLoad(load(90 * MIB));
      expect(granted(placeAll(allocation, 0))).to.deep.equal(['r:0@b']);
      b.capacity.setValueLoad(load(90 * MIB));
      for (const index of [3, 4]) allocation.request('s', index, opening);
      expect(granted(placeAll(allocation, 1))).to.deep.equal(['s:3@a']);
      allocation.free('r', 'b', opening);
      expect(granted(placeAll(allocation, 2))).to.deep.equal(['r:1@a']);
    });

    it('lets none go on, although nothing of its run is under way, while the disk takes values', () => {
      const a = member('a', { cpu: 4, memory: 100 });
      const allocation = new ClaimQueue<PlacementClient>([a]);
      allocation.addRun(asker('r'));
      for (const index of [0, 1]) allocation.request('r', index, opening);
      a.capacity.setValueLoad(load(51 * MIB, true));
      expect(granted(placeAll(allocation, 0))).to.deep.equal([]);
      a.capacity.setValueLoad(load(51 * MIB, false));
      expect(granted(placeAll(allocation, 1))).to.deep.equal(['r:0@a']);
      a.capacity.setValueLoad(load(51 * MIB, true));
      expect(granted(placeAll(allocation, 2))).to.deep.equal([]);
      a.capacity.setValueLoad(load(50 * MIB, true));
      expect(granted(placeAll(allocation, 3))).to.deep.equal(['r:1@a']);
    });

    it('reserves nothing for a function that has waited long and lacks only memory: others free it, and it goes on when nothing does', () => {
      const a = member('a', { cpu: 1, memory: 100 });
      const allocation = new ClaimQueue<PlacementClient>([a]);
      for (const runId of ['r', 's']) allocation.addRun(asker(runId));
      allocation.request('r', 0, closing);
      expect(granted(placeAll(allocation, 0))).to.deep.equal(['r:0@a']);
      allocation.request('r', 5, opening);
      expect(granted(placeAll(allocation, 1))).to.deep.equal([]);
      a.capacity.setValueLoad(load(90 * MIB, true));
      allocation.free('r', 'a', closing);
      allocation.request('s', 1, closing);
      expect(granted(placeAll(allocation, 5000))).to.deep.equal(['s:1@a']);
      a.capacity.setValueLoad(load(90 * MIB, false));
      allocation.free('s', 'a', closing);
      expect(granted(placeAll(allocation, 6000))).to.deep.equal(['r:5@a']);
    });

    it('knows no bound on a node that has not said any', () => {
      const a = member('a', { cpu: 1 });
      const allocation = new ClaimQueue<PlacementClient>([a]);
      allocation.addRun(asker('r'));
      allocation.request('r', 0, opening);
      a.capacity.addValueBytes(1e15);
      expect(granted(placeAll(allocation, 0))).to.deep.equal(['r:0@a']);
    });
  });
});
