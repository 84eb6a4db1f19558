import { expect } from 'chai';
import { Ledger } from '../../lib/allocator/capacity/ledger.js';
import type { PlacementAnswer, PlacementClient } from '../../lib/allocator/placement/placer.js';
import type { AheadOfRun, ClaimClass } from '../../lib/allocator/queue/claim-class.js';
import { ClaimQueue } from '../../lib/allocator/queue/claim-queue.js';
import type { Capabilities } from '../../lib/allocator/strategy.js';
import { asker, kindOf, placeAll } from './claims.js';

const member = (name: string, capabilities: Capabilities) => ({
  name,
  isSelf: name === 'a',
  isOpen: true,
  capacity: new Ledger(capabilities, { thread: 100, loop: 100 }),
});

const told = (answers: readonly PlacementAnswer<PlacementClient>[]): string[] =>
  answers.map((answer) => {
    const what = answer.type === 'granted' ? (answer.isAhead ? 'lies' : 'runs') : answer.type;
    return `${answer.client.runId}:${answer.index} ${what}`;
  });

/** Functions of a run that may lie, at most so many for each claim. */
const lying = (mayLie: (index: number) => boolean = () => true, together = 1): AheadOfRun => ({
  isPossible: true,
  isWorthMoving: () => true,
  mayLie: (index, behind) => behind < together && mayLie(index),
  lies() {},
  promoted: () => true,
  recalled() {},
});

const one = kindOf({ cpu: 1 });

/** A node with so many processors, and runs that ask for functions 0, 1, … of a cpu each. */
function asked(cpu: number, counts: Readonly<Record<string, number>>, over: Partial<PlacementClient> = {}) {
  const a = member('a', { cpu, gpu: 1, memory: 1000 });
  const queue = new ClaimQueue<PlacementClient>([a], new Set(['thread']));
  for (const [runId, count] of Object.entries(counts)) {
    queue.addRun(asker(runId, { ahead: lying(), ...over }));
    for (let index = 0; index < count; index += 1) queue.request(runId, index, one);
  }
  return { queue, ledger: a.capacity };
}

/**
 * Ends what has run longest, time and again: what lies begins in its place. Returns the runs whose functions have ended, by their letters.
 * `kinds` says what a run asks for, if not for `one`.
 */
function served(
  queue: ClaimQueue<PlacementClient>,
  count: number,
  kinds: Readonly<Record<string, ClaimClass>> = {},
  running: string[] = [],
  lies: string[] = [],
): string {
  let letters = '';
  for (let nowMs = 1; nowMs <= count; nowMs += 1) {
    for (const answer of placeAll(queue, nowMs)) {
      const name = `${answer.client.runId}:${answer.index}`;
      if (answer.type === 'granted') (answer.isAhead ? lies : running).push(name);
      if (answer.type === 'promoted' || answer.type === 'recalled') lies.splice(lies.indexOf(name), 1);
      if (answer.type === 'promoted') running.push(name);
      if (answer.type !== 'recalled') continue;
      queue.freeAhead(answer.client.runId, answer.index);
      queue.request(answer.client.runId, answer.index, one);
    }
    const [runId] = running.shift()!.split(':') as [string];
    const claim = kinds[runId] ?? one;
    letters += runId;
    queue.free(runId, 'a', claim);
    const next = claim.slot === 'thread' ? lies.shift() : undefined;
    if (!next) continue;
    const [nextRun, index] = next.split(':') as [string, string];
    queue.begun(nextRun, Number(index), 'a', one);
    running.push(next);
  }
  return letters;
}

describe('functions that are granted ahead of room', () => {
  it('are as many as run, go by the order of the run, and hold nothing', () => {
    const { queue, ledger } = asked(2, { r: 9 });
    expect(told(placeAll(queue, 0))).to.deep.equal(['r:0 runs', 'r:1 runs', 'r:2 lies', 'r:3 lies']);
    expect(ledger.used).to.include({ cpu: 2 });
    expect(told(placeAll(queue, 1))).to.deep.equal([]);
  });

  it('take over the claim of what has ended, and make place for the next', () => {
    const { queue, ledger } = asked(2, { r: 9 });
    placeAll(queue, 0);
    queue.free('r', 'a', one);
    queue.begun('r', 2, 'a', one);
    expect(ledger.used).to.include({ cpu: 2 });
    expect(told(placeAll(queue, 1))).to.deep.equal(['r:4 lies']);
  });

  it('are several for each claim where their run allows that', () => {
    const { queue, ledger } = asked(2, { r: 12 }, { ahead: lying(() => true, 3) });
    expect(told(placeAll(queue, 0)).slice(2)).to.deep.equal(['r:2 lies', 'r:3 lies', 'r:4 lies', 'r:5 lies', 'r:6 lies', 'r:7 lies']);
    expect(ledger.used).to.include({ cpu: 2 });
    queue.free('r', 'a', one);
    queue.begun('r', 2, 'a', one);
    expect(told(placeAll(queue, 1))).to.deep.equal(['r:8 lies']);
    queue.free('r', 'a', one);
    queue.free('r', 'a', one);
    expect(told(placeAll(queue, 2)), 'two claims, three for each').to.deep.equal(['r:3 promoted', 'r:4 promoted', 'r:9 lies', 'r:10 lies']);
  });

  it('get the first room that there is, before anything else', () => {
    const { queue, ledger } = asked(2, { r: 9 });
    placeAll(queue, 0);
    queue.free('r', 'a', one);
    expect(told(placeAll(queue, 1))).to.deep.equal(['r:2 promoted', 'r:4 lies']);
    expect(ledger.used).to.include({ cpu: 2 });
  });

  it('are none where nothing may lie: in other slots of this node, in other runs, or where the function itself may not', () => {
    const loop = kindOf({ cpu: 1 }, { slot: 'loop' });
    const { queue } = asked(1, { r: 1 });
    queue.request('r', 1, loop);
    expect(told(placeAll(queue, 0))).to.deep.equal(['r:0 runs']);
    expect(told(placeAll(asked(1, { r: 3 }, { ahead: undefined }).queue, 0))).to.deep.equal(['r:0 runs']);
    expect(told(placeAll(asked(1, { r: 3 }, { ahead: lying((index) => index !== 1) }).queue, 0))).to.deep.equal(['r:0 runs']);
  });

  it('are none beyond the limit of their run', () => {
    expect(told(placeAll(asked(2, { r: 9 }, { maxConcurrency: 3 }).queue, 0))).to.deep.equal(['r:0 runs', 'r:1 runs', 'r:2 lies']);
  });

  it('lie only where every claim that is held covers their cost', () => {
    const { queue } = asked(2, { r: 1 });
    const half = kindOf({ cpu: 0.5 });
    queue.request('r', 1, half);
    queue.request('r', 2, half);
    queue.request('r', 3, one);
    expect(told(placeAll(queue, 0))).to.deep.equal(['r:0 runs', 'r:1 runs', 'r:2 runs']);
    queue.free('r', 'a', half);
    queue.free('r', 'a', half);
    expect(told(placeAll(queue, 1))).to.deep.equal(['r:3 runs']);
    queue.request('r', 4, half);
    expect(told(placeAll(queue, 2)), 'less is covered').to.deep.equal(['r:4 lies']);
  });

  it('are recalled for a claim that needs more, and none lies while that waits', () => {
    const { queue } = asked(2, { r: 9 });
    placeAll(queue, 0);
    queue.addRun(asker('s', { ahead: lying() }));
    queue.request('s', 0, kindOf({ cpu: 2 }));
    expect(told(placeAll(queue, 1)).sort()).to.deep.equal(['r:2 recalled', 'r:3 recalled']);
    for (const index of [2, 3]) {
      queue.freeAhead('r', index);
      queue.request('r', index, one);
    }
    expect(told(placeAll(queue, 2))).to.deep.equal([]);
  });

  it('stay where a claim waits that needs something else', () => {
    const gpu = kindOf({ gpu: 1 }, { slot: 'loop' });
    const { queue } = asked(2, { r: 9 });
    queue.request('r', 10, gpu);
    placeAll(queue, 0);
    queue.request('r', 11, gpu);
    expect(told(placeAll(queue, 1))).to.deep.equal([]);
    queue.free('r', 'a', one);
    queue.begun('r', 2, 'a', one);
    expect(told(placeAll(queue, 2))).to.deep.equal(['r:4 lies']);
  });

  it('are recalled for a function of a higher priority in their run', () => {
    const priorities = [0, 0, 0, 0, 0, 0, 5];
    const priorityOf = (index: number): number => priorities[index]!;
    const compare = (a: number, b: number): number => priorityOf(b) - priorityOf(a) || a - b;
    const urgency = { priorityOf, pathMsOf: () => 0, workLeftMs: 0 };
    const { queue } = asked(1, { r: 3 }, { compare, urgency });
    expect(told(placeAll(queue, 0))).to.deep.equal(['r:0 runs', 'r:1 lies']);
    queue.request('r', 6, one);
    expect(told(placeAll(queue, 1))).to.deep.equal(['r:1 recalled']);
    queue.freeAhead('r', 1);
    queue.request('r', 1, one);
    expect(told(placeAll(queue, 2))).to.deep.equal(['r:6 lies']);
  });

  it('are none where the first of their run may not lie, so that nothing is granted and recalled without end', () => {
    const priorityOf = (index: number): number => (index === 6 ? 5 : 0);
    const compare = (a: number, b: number): number => priorityOf(b) - priorityOf(a) || a - b;
    const { queue } = asked(2, { r: 0 }, { compare, urgency: { priorityOf, pathMsOf: () => 0, workLeftMs: 0 } });
    const two = kindOf({ cpu: 2 });
    for (const index of [0, 1]) queue.request('r', index, two);
    expect(told(placeAll(queue, 0))).to.deep.equal(['r:0 runs', 'r:1 lies']);
    queue.request('r', 6, one);
    queue.request('r', 2, two);
    expect(told(placeAll(queue, 1))).to.deep.equal(['r:1 recalled']);
    queue.freeAhead('r', 1);
    queue.request('r', 1, two);
    expect(told(placeAll(queue, 2))).to.deep.equal([]);
  });

  it('are recalled when another run begins to ask, and then lie in turn', () => {
    const { queue } = asked(2, { r: 9 });
    placeAll(queue, 0);
    queue.addRun(asker('s', { ahead: lying() }));
    for (const index of [0, 1, 2]) queue.request('s', index, one);
    expect(told(placeAll(queue, 1)).sort()).to.deep.equal(['r:2 recalled', 'r:3 recalled']);
    for (const index of [2, 3]) {
      queue.freeAhead('r', index);
      queue.request('r', index, one);
    }
    const next = told(placeAll(queue, 2));
    expect([...next].sort()).to.deep.equal(['r:2 lies', 's:0 lies']);
    expect(told(placeAll(queue, 3)), 'a run that goes on asking is no news').to.deep.equal([]);
  });

  it('leave a run its turns whose own functions may not lie', () => {
    const { queue } = asked(2, { r: 100 });
    queue.addRun(asker('s', { ahead: lying(() => false) }));
    for (let index = 0; index < 50; index += 1) queue.request('s', index, one);
    expect(served(queue, 40)).to.match(/^r?(sr){19}/);
  });

  it('leave a run its turns that needs other slots, and what runs gives back', () => {
    const { queue } = asked(2, { r: 100 });
    placeAll(queue, 0);
    queue.addRun(asker('s'));
    const loop = kindOf({ cpu: 1 }, { slot: 'loop' });
    for (let index = 0; index < 50; index += 1) queue.request('s', index, loop);
    expect(served(queue, 40, { s: loop }, ['r:0', 'r:1'], ['r:2', 'r:3'])).to.match(/^rrrr(rs|sr){17}/);
  });

  it('lie in turn, also where a run has its turn that asks for nothing', () => {
    const { queue } = asked(2, { idle: 0, r: 100, s: 100 });
    expect(served(queue, 40)).to.match(/^r?(rs|sr){19}/);
  });

  it('leave a function of a higher priority the room that it needs, whatever its slots', () => {
    const priorityOf = (index: number): number => (index >= 90 ? 5 : 0);
    const compare = (a: number, b: number): number => priorityOf(b) - priorityOf(a) || a - b;
    const { queue } = asked(1, { r: 50 }, { compare, urgency: { priorityOf, pathMsOf: () => 0, workLeftMs: 0 } });
    expect(told(placeAll(queue, 0))).to.deep.equal(['r:0 runs', 'r:1 lies']);
    queue.request('r', 90, kindOf({ cpu: 1 }, { slot: 'loop' }));
    expect(told(placeAll(queue, 1))).to.deep.equal(['r:1 recalled']);
    queue.freeAhead('r', 1);
    queue.request('r', 1, one);
    expect(told(placeAll(queue, 2)), 'none lies in its stead').to.deep.equal([]);
    queue.free('r', 'a', one);
    expect(told(placeAll(queue, 3))).to.deep.equal(['r:90 runs']);
  });

  it('stay where a function of a higher priority waits for another node', () => {
    const priorityOf = (index: number): number => (index >= 90 ? 5 : 0);
    const compare = (a: number, b: number): number => priorityOf(b) - priorityOf(a) || a - b;
    const queue = new ClaimQueue<PlacementClient>([member('a', { cpu: 1 }), member('b', { cpu: 1 })], new Set(['thread']));
    queue.addRun(asker('r', { ahead: lying(), compare, urgency: { priorityOf, pathMsOf: () => 0, workLeftMs: 0 } }));
    const here = kindOf({ cpu: 1 }, { pinnedTo: 'a' });
    const there = kindOf({ cpu: 1 }, { slot: 'loop', pinnedTo: 'b' });
    for (const index of [90, 91, 92]) queue.request('r', index, there);
    for (const index of [0, 1, 2]) queue.request('r', index, here);
    expect(told(placeAll(queue, 0))).to.deep.equal(['r:90 runs', 'r:0 runs', 'r:91 lies', 'r:1 lies']);
    expect(told(placeAll(queue, 1))).to.deep.equal([]);
  });

  it('are none where more is held than there is, and are recalled there', () => {
    const { queue, ledger } = asked(2, { r: 9 });
    expect(told(placeAll(queue, 0))).to.deep.equal(['r:0 runs', 'r:1 runs', 'r:2 lies', 'r:3 lies']);
    ledger.register({ cpu: 1 });
    queue.changed();
    expect(told(placeAll(queue, 1))).to.deep.equal(['r:2 recalled', 'r:3 recalled']);
    for (const index of [2, 3]) {
      queue.freeAhead('r', index);
      queue.request('r', index, one);
    }
    expect(told(placeAll(queue, 2))).to.deep.equal([]);
    queue.free('r', 'a', one);
    expect(told(placeAll(queue, 3))).to.deep.equal(['r:2 lies']);
  });

  it('are recalled when values fill the memory, if they make more', () => {
    const { queue, ledger } = asked(1, { r: 0 });
    const opening = kindOf({ cpu: 1 }, { growsMemory: true });
    for (const index of [0, 1, 2]) queue.request('r', index, opening);
    expect(told(placeAll(queue, 0))).to.deep.equal(['r:0 runs', 'r:1 lies']);
    ledger.setValueLoad({ heldBytes: 2 ** 30, limitBytes: 1, isSpilling: false });
    expect(told(placeAll(queue, 1))).to.deep.equal(['r:1 recalled']);
  });

  it('are recalled all when nothing more is granted', () => {
    const { queue } = asked(2, { r: 9 });
    placeAll(queue, 0);
    expect(told(queue.ahead.recallAll('here'))).to.deep.equal(['r:2 recalled', 'r:3 recalled']);
    expect(queue.ahead.recallAll('here')).to.deep.equal([]);
  });

  it('that begin although they were recalled hold their claim all the same', () => {
    const { queue, ledger } = asked(1, { r: 3 });
    placeAll(queue, 0);
    queue.ahead.recallAll('here');
    queue.free('r', 'a', one);
    queue.begun('r', 1, 'a', one);
    expect(ledger.used).to.include({ cpu: 1 });
    queue.free('r', 'a', one);
    expect(ledger.isFree).to.equal(true);
  });
});
