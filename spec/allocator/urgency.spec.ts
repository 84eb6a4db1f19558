import { expect } from 'chai';
import fc from 'fast-check';
import { Ledger } from '../../lib/allocator/capacity/ledger.js';
import type { PlacementClient } from '../../lib/allocator/placement/placer.js';
import { BandedQueue } from '../../lib/allocator/queue/banded-queue.js';
import type { ClaimClass } from '../../lib/allocator/queue/claim-class.js';
import { ClaimQueue } from '../../lib/allocator/queue/claim-queue.js';
import { bandOf } from '../../lib/allocator/queue/urgency.js';
import { asker, kindOf, placeAll } from './claims.js';

interface World {
  workLeftMs: number;
  readonly paths: readonly number[];
  readonly priorities?: readonly number[];
}

const askerOf = (world: World): PlacementClient => {
  const priorityOf = (index: number): number => world.priorities?.[index] ?? 0;
  return asker('r', {
    compare: (a, b) => priorityOf(b) - priorityOf(a) || a - b,
    urgency: {
      priorityOf,
      pathMsOf: (index) => world.paths[index]!,
      get workLeftMs() {
        return world.workLeftMs;
      },
    },
  });
};

const cpu = kindOf({ cpu: 1 });

/** A queue of one node, in which all functions of the world wait. */
function queueOf(world: World, cpus: number, classOf: (index: number) => ClaimClass = () => cpu): ClaimQueue<PlacementClient> {
  const capacity = new Ledger({ cpu: cpus }, { thread: 1000, loop: 1000 });
  const queue = new ClaimQueue<PlacementClient>([{ name: 'a', isSelf: true, isOpen: true, capacity }]);
  queue.addRun(askerOf(world));
  for (const index of world.paths.keys()) queue.request('r', index, classOf(index));
  return queue;
}

/** What goes next, one by one: each ends before the next one is asked for. */
function order(queue: ClaimQueue<PlacementClient>, stepMs = 1): number[] {
  const placed: number[] = [];
  for (let nowMs = 0; ; nowMs += stepMs) {
    const [next] = placeAll(queue, nowMs);
    if (next?.type !== 'granted') return placed;
    placed.push(next.index);
    queue.free('r', 'a', next.claim);
  }
}

describe('urgency', () => {
  it('leaves the order to the run while slots have more to do than any path is long', () => {
    expect(order(queueOf({ workLeftMs: 2000, paths: [1, 300, 50, 900] }, 1))).to.deep.equal([0, 1, 2, 3]);
  });

  it('lets the longest paths go first once they are as long as what is left for each slot', () => {
    const paths = [1, 300, 50, 900];
    expect(order(queueOf({ workLeftMs: 500, paths }, 1))).to.deep.equal([3, 0, 1, 2]);
    expect(order(queueOf({ workLeftMs: 100, paths }, 1))).to.deep.equal([3, 1, 0, 2]);
  });

  it('shares the work among the slots that there are, and that the run may use', () => {
    const world = { workLeftMs: 1000, paths: [1, 300] };
    const first = (cpus: number, maxConcurrency: number): number => {
      const capacity = new Ledger({ cpu: cpus }, { thread: 1000, loop: 1000 });
      const queue = new ClaimQueue<PlacementClient>([{ name: 'a', isSelf: true, isOpen: true, capacity }]);
      queue.addRun({ ...askerOf(world), maxConcurrency });
      for (const index of world.paths.keys()) queue.request('r', index, cpu);
      return placeAll(queue, 0)[0]!.index;
    };
    expect([first(1, 100), first(4, 100), first(4, 2)]).to.deep.equal([0, 1, 0]);
  });

  it('does not tell paths apart that differ by a few per cent', () => {
    expect(bandOf(1100)).to.equal(bandOf(1200));
    expect(order(queueOf({ workLeftMs: 0, paths: [1100, 1200, 2000] }, 1))).to.deep.equal([2, 0, 1]);
  });

  it('never goes before a priority, whatever is urgent', () => {
    expect(order(queueOf({ workLeftMs: 0, paths: [900, 1, 5], priorities: [0, 1, 1] }, 1))).to.deep.equal([2, 1, 0]);
  });

  it('decides between classes of claims as within one', () => {
    const paths = [1, 300, 50, 900];
    const classes = [cpu, kindOf({ cpu: 1 }, { growsMemory: true })];
    for (const [workLeftMs, expected] of [
      [2000, [0, 1, 2, 3]],
      [100, [3, 1, 0, 2]],
    ] as const) {
      expect(order(queueOf({ workLeftMs, paths }, 1, (index) => classes[index % 2]!))).to.deep.equal(expected);
    }
  });

  it('keeps to the order among claims that need the same, however long some of them have waited', () => {
    const classes = [cpu, kindOf({ cpu: 1 }, { growsMemory: true })];
    const paths = Array.from({ length: 8 }, () => 1);
    const queue = queueOf({ workLeftMs: 1000, paths }, 1, (index) => classes[index < 4 ? 0 : 1]!);
    expect(order(queue, 60_000)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('gives each function once, and in order, whatever is withdrawn, added or becomes urgent meanwhile', () => {
    const act = fc.record({ index: fc.nat(199), does: fc.constantFrom('push', 'remove', 'pop'), workLeftMs: fc.nat(2000) });
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 200, maxLength: 200 }), fc.array(act, { maxLength: 300 }), (paths, acts) => {
        const world: World = { workLeftMs: 0, paths };
        const queue = new BandedQueue(askerOf(world));
        const there = new Set<number>();
        for (const { index, does, workLeftMs } of acts) {
          if (does === 'push' && !there.has(index)) {
            queue.push(index);
            there.add(index);
          } else if (does === 'remove') {
            queue.remove(index);
            there.delete(index);
          } else if (does === 'pop' && there.size > 0) {
            const urgent = bandOf(workLeftMs);
            const rank = (one: number): number => (bandOf(paths[one]!) >= urgent ? -bandOf(paths[one]!) : 0);
            const [first] = [...there].sort((a, b) => rank(a) - rank(b) || a - b);
            expect(queue.peek(urgent)).to.equal(first);
            expect(queue.pop(urgent)).to.equal(first);
            there.delete(first!);
          }
          expect(queue.length).to.equal(there.size);
        }
      }),
    );
  });
});
