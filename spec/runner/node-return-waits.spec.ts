import { expect } from 'chai';
import type { Allocator, ClaimClass } from '../../lib/allocator/index.js';
import { NodeReturnWaits } from '../../lib/runner/run/node-return-waits.js';
import { spyLogger } from '../support/spy-logger.js';
import { settled, testClock } from '../support/test-clock.js';

/** Functions 0 and 1 of one kind, 2 of another, or `count` of the first; `gone` is the node that each kind misses. */
function open({ isResumed = false, count = 0 } = {}) {
  const [gpu, cpu] = ['gpu', 'cpu'].map((name) => ({ costs: { [name]: 1 } }) as unknown as ClaimClass) as [ClaimClass, ClaimClass];
  const gone = new Map<ClaimClass, string>();
  /** The kinds that no member can hold. */
  const unheld = new Set<ClaimClass>();
  const clock = testClock();
  let timers = 0;
  const counting = {
    ...clock,
    after: (delayMs: number, action: () => void) => {
      timers += 1;
      return clock.after(delayMs, action);
    },
  };
  const logger = spyLogger();
  const missed: string[] = [];
  const places = new NodeReturnWaits(
    count > 0 ? new Array(count).fill(gpu) : [gpu, gpu, cpu],
    1000,
    {
      allocation: {
        goneNodeFor: (kind: ClaimClass) => gone.get(kind),
        impossible: (kind: ClaimClass) => (unheld.has(kind) ? new Error('no node has it') : undefined),
        isResting: () => false,
        isAnyResting: false,
      } as unknown as Allocator,
      clock: counting,
      logger,
      isResumed,
      ids: ['x', 'y', 'z'],
    },
    (happening) => {
      if (happening.type === 'node-missed') missed.push(`${happening.index} misses ${happening.node ?? 'any'} for ${happening.waitedMs}`);
    },
  );
  return { places, gone, unheld, gpu, clock, timers: () => timers, missed, logged: logger.lines };
}

describe('functions whose only node is gone', () => {
  it('are not looked for as long as nobody is gone', () => {
    const { places, gone, gpu, clock } = open();
    gone.set(gpu, 'b');
    places.asked(0);
    expect(clock.pending).to.equal(0);
  });

  it('wait for it, whether they had asked before or ask later, and then miss it', () => {
    const { places, gone, gpu, clock, missed } = open();
    gone.set(gpu, 'b');
    places.memberGone(['ready', 'running', 'ready']);
    clock.advance(400);
    places.asked(1);
    clock.advance(599);
    expect(missed).to.deep.equal([]);
    clock.advance(1);
    expect(missed, 'the other kind has a place').to.deep.equal(['0 misses b for 1000']);
    clock.advance(400);
    expect(missed).to.deep.equal(['0 misses b for 1000', '1 misses b for 1000']);
    expect(clock.pending).to.equal(0);
  });

  it('wait from when it went, however often they ask or others go', () => {
    const { places, gone, gpu, clock, missed } = open();
    gone.set(gpu, 'b');
    places.memberGone(['ready']);
    for (let times = 0; times < 9; times += 1) {
      clock.advance(100);
      places.asked(0);
      places.memberGone(['ready']);
    }
    clock.advance(100);
    expect(missed).to.deep.equal(['0 misses b for 1000']);
    clock.advance(5000);
    expect(missed).to.have.length(1);
  });

  it('miss nothing when they have found a place, or could find one again', () => {
    const { places, gone, gpu, clock, missed } = open();
    gone.set(gpu, 'b');
    places.memberGone(['ready', 'ready', 'waiting']);
    places.found(0);
    gone.delete(gpu);
    clock.advance(5000);
    expect(missed).to.deep.equal([]);
    gone.set(gpu, 'b');
    places.memberGone(['waiting', 'ready', 'waiting']);
    clock.advance(1000);
    expect(missed, 'the second time it waits as long').to.deep.equal(['1 misses b for 1000']);
  });

  it('are waited for no more when the run is over', () => {
    const { places, gone, gpu, clock, missed } = open();
    gone.set(gpu, 'b');
    places.memberGone(['ready', 'ready', 'ready']);
    places.close();
    expect(clock.pending).to.equal(0);
    clock.advance(5000);
    expect(missed).to.deep.equal([]);
  });

  it('are asked about in turns of the event loop when they are many, and miss it some at a time', async () => {
    const states = new Array(40_000).fill('ready');
    const { places, gone, gpu, clock, missed, timers } = open({ count: states.length });
    gone.set(gpu, 'b');
    places.memberGone(states);
    clock.advance(500);
    await settled(3);
    clock.advance(500);
    const atFirst = missed.length;
    expect(atFirst).to.be.within(1, 39_999);
    clock.advance(500);
    expect(missed).to.deep.equal(states.map((_, index) => `${index} misses b for 1000`));
    expect(timers()).to.be.within(40, 60);
  });

  it('are asked about no more when the run is over meanwhile', async () => {
    const { places, gone, gpu, clock } = open({ count: 40_000 });
    gone.set(gpu, 'b');
    places.memberGone(new Array(40_000).fill('ready'));
    places.close();
    await settled(3);
    expect(clock.pending).to.equal(0);
  });

  it('are told of in the log, once for each node and not for each function', () => {
    const { places, gone, gpu, logged } = open();
    gone.set(gpu, 'b');
    places.memberGone(['ready', 'ready', 'ready']);
    const line = {
      level: 'warn',
      fields: { functionId: 'x', member: 'b', waitMs: 1000 },
      message: 'waiting up to 1000 ms for the return of the only node that can go on with the run',
    };
    expect(logged).to.deep.equal([line]);
    places.found(0);
    places.memberGone(['ready', 'ready', 'ready']);
    expect(logged).to.deep.equal([line, line]);
  });
});

describe('functions of a resumed run that no member can hold', () => {
  it('wait for any node that can, and then miss it; those of other kinds do not', () => {
    const { places, unheld, gpu, clock, missed, logged } = open({ isResumed: true });
    unheld.add(gpu);
    for (const index of [0, 1, 2]) places.asked(index);
    expect(clock.pending, 'one timer is enough for all').to.equal(1);
    clock.advance(1000);
    expect(missed).to.deep.equal(['0 misses any for 1000', '1 misses any for 1000']);
    expect(logged.map(({ message }) => message)).to.deep.equal(['waiting up to 1000 ms for a node that can go on with the run']);
  });

  it('wait no longer once a node has come', () => {
    const { places, unheld, gpu, clock, missed } = open({ isResumed: true });
    unheld.add(gpu);
    places.asked(0);
    places.asked(1);
    clock.advance(500);
    unheld.clear();
    places.found(0);
    clock.advance(500);
    expect(missed).to.deep.equal([]);
    places.asked(0);
    expect(clock.pending).to.equal(0);
  });

  it('are no matter in a new run', () => {
    const { places, unheld, gpu, clock } = open();
    unheld.add(gpu);
    places.asked(0);
    expect(clock.pending).to.equal(0);
  });
});
