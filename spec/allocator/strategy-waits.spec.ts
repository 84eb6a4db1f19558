import { expect } from 'chai';
import {
  type AllocationStrategy,
  Allocator,
  type AllocatorClient,
  amounts,
  type ClaimClass,
  Ledger,
  type NodeView,
} from '../../lib/allocator/index.js';
import { ASK_AGAIN_MS, StrategyWaits } from '../../lib/allocator/placement/strategy-waits.js';
import { spyLogger } from '../support/spy-logger.js';
import { testClock } from '../support/test-clock.js';

const kindOf = (cpu: number, over: Partial<ClaimClass> = {}): ClaimClass => {
  const costs = { cpu };
  return { slot: 'thread', costs, cost: amounts(costs), pinnedTo: undefined, group: undefined, ...over };
};
const one = kindOf(1);
const two = kindOf(2);

describe('what strategies let wait', () => {
  const client = (askAgainMs?: number) => ({ strategy: askAgainMs === undefined ? {} : { askAgainMs } });

  it('is asked about again after the time that the strategy says, else a second', () => {
    const waits = new StrategyWaits<ReturnType<typeof client>>();
    expect(waits.nextAskAtMs).to.equal(undefined);
    waits.declined(client(), one, 0, 100);
    expect(waits.nextAskAtMs).to.equal(100 + ASK_AGAIN_MS);
    waits.declined(client(30), one, 0, 100);
    expect(waits.nextAskAtMs).to.equal(130);
  });

  it('is said after 10 s of one function, and then each time that it has waited twice as long', () => {
    const waits = new StrategyWaits<ReturnType<typeof client>>();
    const run = client(2000);
    const said: number[] = [];
    for (let nowMs = 0; nowMs <= 90_000; nowMs += 1000) {
      waits.declined(run, one, 7, nowMs);
      for (const { index, waitedMs } of waits.endPass(nowMs)) said.push(index, waitedMs);
    }
    expect(said).to.deep.equal([7, 10_000, 7, 20_000, 7, 40_000, 7, 80_000]);
  });

  it('begins anew with another function of the class, and is forgotten once that is placed, or asked for no more', () => {
    const waits = new StrategyWaits<ReturnType<typeof client>>();
    const run = client();
    waits.declined(run, one, 7, 0);
    waits.declined(run, one, 8, 9_999);
    expect(waits.endPass(10_000)).to.deep.equal([]);
    waits.declined(run, two, 9, 10_000);
    waits.settled(run, one);
    expect(waits.nextAskAtMs).to.equal(10_000 + ASK_AGAIN_MS);
    expect(waits.endPass(10_000 + ASK_AGAIN_MS)).to.deep.equal([]);
    expect([waits.size, waits.nextAskAtMs]).to.deep.equal([0, undefined]);
    waits.declined(run, one, 7, 20_000);
    waits.removeRun(run);
    expect(waits.size).to.equal(0);
  });
});

/** An allocator of one node with one cpu, and a run whose strategy is given. */
function allocatorWith(strategy: AllocationStrategy) {
  const clock = testClock();
  const logger = spyLogger();
  const ledger = new Ledger({ cpu: 1 }, { thread: 100, loop: 100 });
  const allocator = new Allocator({ name: 'a', isSelf: true, isOpen: true, capacity: ledger }, clock, undefined, logger);
  const placed: string[] = [];
  const run: AllocatorClient = {
    runId: 'r',
    dagId: 'd',
    strategy,
    takesAnyRoom: strategy.takesAnyRoom === true,
    maxConcurrency: 10,
    functionId: (index) => `f${index}`,
    compare: (a, b) => a - b,
    granted: (index, node) => void placed.push(`f${index} on ${node}`),
    refused: (index, error) => void placed.push(`f${index}: ${(error as Error).message}`),
    isReady: () => true,
    wait: () => {},
  };
  allocator.addRun(run);
  return { allocator, clock, logger, placed };
}

describe('a strategy that waits', () => {
  it('is asked again after its own time, though nothing has changed', () => {
    let asked = 0;
    const place = (): string | undefined => {
      asked += 1;
      return asked > 3 ? 'a' : undefined;
    };
    const { allocator, placed, clock } = allocatorWith({ name: 'fourth', askAgainMs: 300, place });
    allocator.request('r', 1, one);
    allocator.pump();
    clock.advance(299);
    expect(asked).to.equal(1);
    clock.advance(1);
    expect(asked).to.equal(2);
    clock.advance(599);
    expect([asked, placed]).to.deep.equal([3, []]);
    clock.advance(1);
    expect([asked, placed]).to.deep.equal([4, ['f1 on a']]);
    clock.advance(10_000);
    expect(asked).to.equal(4);
  });

  it('is asked again at once when anything changes', () => {
    const waiting = new Set(['f1', 'f2']);
    const { allocator, placed } = allocatorWith({ name: 'told', place: ({ functionId }) => (waiting.has(functionId) ? undefined : 'a') });
    allocator.request('r', 1, one);
    allocator.pump();
    expect(placed).to.deep.equal([]);
    waiting.clear();
    allocator.pump();
    expect(placed).to.deep.equal(['f1 on a']);
  });

  it('holds up no run without a word: the log says which function waits, and for which strategy', () => {
    const { allocator, placed, clock, logger } = allocatorWith({ name: 'never', place: () => undefined });
    allocator.request('r', 1, one);
    allocator.pump();
    clock.advance(25_000);
    expect(placed).to.deep.equal([]);
    expect(logger.lines).to.deep.equal(
      [10_000, 20_000].map((waitedMs) => ({
        level: 'warn',
        fields: { runId: 'r', dagId: 'd', functionId: 'f1', strategy: 'never', waitedMs },
        message: 'a function waits although a node has room for it: its strategy chooses none that has',
      })),
    );
    allocator.removeRun('r');
    clock.advance(100_000);
    expect(logger.lines).to.have.length(2);
  });

  it('that changes what it is shown deceives itself alone: a node that there is not ends its run', () => {
    const renames: AllocationStrategy['place'] = ({ nodes }) => {
      Object.assign(nodes[0]!, { name: 'zz' });
      return 'zz';
    };
    const adds: AllocationStrategy['place'] = ({ nodes }) => {
      (nodes as NodeView[]).push({ ...nodes[0]!, name: 'zz' });
      return 'zz';
    };
    for (const place of [renames, adds]) {
      const { allocator, placed } = allocatorWith({ name: 'odd', place });
      allocator.request('r', 1, one);
      allocator.pump();
      expect(placed).to.deep.equal(['f1: Cannot place function "f1": strategy "odd" failed: it chose "zz", which is not among "a"']);
    }
    const { allocator, placed } = allocatorWith({
      name: 'empties',
      place: ({ nodes }) => (nodes as NodeView[]).splice(0)[0]!.name,
    });
    allocator.request('r', 1, one);
    allocator.pump();
    expect(placed).to.deep.equal(['f1 on a']);
  });

  it('that gives a promise, or any other thing, ends its run', async () => {
    const promise = Promise.reject(new Error('later'));
    for (const chosen of [promise, 7, { toJSON: () => expect.fail() }, 1n]) {
      const { allocator, placed } = allocatorWith({ name: 'odd', place: () => chosen as never });
      allocator.request('r', 1, one);
      allocator.pump();
      expect(placed[0]).to.match(/^f1: Cannot place function "f1": strategy "odd" failed: it chose .*, which is not among "a"$/);
    }
    await new Promise((resolve) => setImmediate(resolve));
  });
});
