import { expect } from 'chai';
import { UsageEstimate } from '../../lib/allocator/capacity/usage-estimate.js';
import type { PlacementAnswer, PlacementClient } from '../../lib/allocator/placement/placer.js';
import type { AheadOfRun } from '../../lib/allocator/queue/claim-class.js';
import { ClaimQueue } from '../../lib/allocator/queue/claim-queue.js';
import { asker, kindOf, placeAll } from './claims.js';

const one = kindOf({ cpu: 1 });

/** A node of another process, as a driver knows it. */
function far(name: string, cpu: number, usedByOthers = 0) {
  const report = {
    capabilities: { cpu, 'slot:thread': 10, 'slot:loop': 10 },
    used: { cpu: usedByOthers, 'slot:thread': usedByOthers },
    usedByYou: {},
  };
  return { name, isSelf: name === 'a', isOpen: true, capacity: new UsageEstimate(report) };
}

const lying = (together: number, mayLie: (index: number, node: string) => boolean = () => true): AheadOfRun => ({
  isPossible: true,
  isWorthMoving: () => true,
  mayLie: (index, behind, node) => behind < together && mayLie(index, node),
  lies() {},
  promoted: () => true,
  recalled() {},
});

/** A driver `a` that runs nothing itself, and a run that asks for so many functions. */
function driver(members: readonly ReturnType<typeof far>[], count: number, together = 2, over: Partial<PlacementClient> = {}) {
  const queue = new ClaimQueue<PlacementClient>([far('a', 0), ...members]);
  queue.addRun(asker('r', { ahead: lying(together), ...over }));
  for (let index = 0; index < count; index += 1) queue.request('r', index, one);
  return queue;
}

const told = (answers: readonly PlacementAnswer<PlacementClient>[]): string[] =>
  answers.map((answer) => {
    const what = answer.type === 'granted' ? (answer.isAhead ? 'lies' : 'runs') : answer.type;
    const where = 'node' in answer ? ` on ${answer.node}` : '';
    return `${answer.index} ${what}${where}`;
  });

describe('functions that are granted ahead of room on other nodes', () => {
  it('lie where the fewest lie for each claim, so many as their run allows', () => {
    const queue = driver([far('b', 1), far('c', 2)], 20);
    const answers = told(placeAll(queue, 0));
    expect(answers.slice(0, 3)).to.deep.equal(['0 runs on b', '1 runs on c', '2 runs on c']);
    expect(answers.slice(3, 6).sort()).to.deep.equal(['3 lies on b', '4 lies on c', '5 lies on c']);
    expect(answers.slice(6).sort()).to.deep.equal(['6 lies on b', '7 lies on c', '8 lies on c']);
  });

  it('take turns on a loop: those that hold a claim there count too', () => {
    const queue = driver([far('b', 3)], 0, 4);
    const onLoop = kindOf({ cpu: 1 }, { slot: 'loop' });
    for (let index = 0; index < 20; index += 1) queue.request('r', index, onLoop);
    expect(told(placeAll(queue, 0))).to.deep.equal(['0 runs on b', '1 runs on b', '2 runs on b', '3 lies on b', '4 lies on b']);
  });

  it('get the first room on their node, before all others', () => {
    const queue = driver([far('b', 1)], 20);
    expect(told(placeAll(queue, 0))).to.deep.equal(['0 runs on b', '1 lies on b', '2 lies on b']);
    queue.free('r', 'b', one);
    expect(told(placeAll(queue, 1))).to.deep.equal(['1 promoted on b', '3 lies on b']);
  });

  it('hold their claim once they have begun, whatever the estimate says', () => {
    const b = far('b', 1);
    const queue = driver([b], 3);
    placeAll(queue, 0);
    queue.begun('r', 1, 'b', one);
    expect(b.capacity.used).to.include({ cpu: 2 });
    queue.free('r', 'b', one);
    queue.free('r', 'b', one);
    expect(told(placeAll(queue, 1))).to.deep.equal(['2 promoted on b']);
  });

  it('do not lie where others use the node, nor where a claim is held that does not cover theirs', () => {
    expect(told(placeAll(driver([far('b', 2, 1)], 9), 0))).to.deep.equal(['0 runs on b', '1 runs on b']);
    const queue = driver([far('b', 3)], 0);
    const half = kindOf({ cpu: 0.5 });
    queue.request('r', 50, half);
    expect(told(placeAll(queue, 0))).to.deep.equal(['50 runs on b']);
    for (let index = 0; index < 9; index += 1) queue.request('r', index, one);
    expect(told(placeAll(queue, 1))).to.deep.equal(['0 runs on b', '1 runs on b']);
  });

  it('do not lie on nodes that their run leaves out, or that take nothing new', () => {
    const members = [far('b', 1), far('c', 1)];
    const notThere = { ahead: lying(1, (_index, node) => node !== 'b') };
    expect(told(placeAll(driver(members, 9, 1, notThere), 0)).at(-1)).to.equal('2 lies on c');
    const queue = driver([far('b', 1), { ...far('c', 1), isOpen: false }], 9, 1);
    expect(told(placeAll(queue, 0))).to.deep.equal(['0 runs on b', '1 lies on b']);
  });

  it('are taken back, one for each, where another node gets room', () => {
    const [b, c] = [far('b', 1), far('c', 1)];
    const queue = driver([b, c], 6);
    expect(told(placeAll(queue, 0)).filter((text) => text.includes('lies'))).to.have.length(4);
    queue.free('r', 'c', one);
    expect(told(placeAll(queue, 1))).to.deep.equal(['3 promoted on c']);
    queue.free('r', 'c', one);
    expect(told(placeAll(queue, 2))).to.deep.equal(['5 promoted on c']);
    queue.free('r', 'c', one);
    expect(told(placeAll(queue, 3)), 'the last one of b').to.deep.equal(['4 recalled']);
    expect(told(placeAll(queue, 4)), 'no other one while it is on its way').to.deep.equal([]);
    queue.freeAhead('r', 4);
    queue.request('r', 4, one);
    expect(told(placeAll(queue, 5))).to.deep.equal(['4 runs on c']);
    queue.free('r', 'c', one);
    expect(told(placeAll(queue, 6))).to.deep.equal(['2 recalled']);
    queue.begun('r', 2, 'b', one);
    expect(b.capacity.used, 'it has begun meanwhile').to.include({ cpu: 2 });
    expect(told(placeAll(queue, 7))).to.deep.equal([]);
  });

  it('stay where they lie if they begin there before they could be back', () => {
    const asked: (readonly [index: number, behind: number])[] = [];
    const isWorthMoving = (index: number, behind: number): boolean => {
      asked.push([index, behind]);
      return behind > 0;
    };
    const queue = driver([far('b', 1), far('c', 1)], 6, 2, { ahead: { ...lying(2), isWorthMoving } });
    placeAll(queue, 0);
    for (let nowMs = 1; nowMs <= 3; nowMs += 1) {
      queue.free('r', 'c', one);
      placeAll(queue, nowMs);
    }
    expect(asked.splice(0)).to.deep.equal([[4, 1]]);
    queue.begun('r', 2, 'b', one);
    queue.free('r', 'b', one);
    queue.freeAhead('r', 4);
    queue.request('r', 4, one);
    expect(told(placeAll(queue, 4))).to.deep.equal(['4 runs on c']);
    queue.request('r', 9, one);
    expect(told(placeAll(queue, 5))).to.deep.equal(['9 lies on b']);
    queue.free('r', 'c', one);
    expect(told(placeAll(queue, 6))).to.deep.equal([]);
    expect(asked).to.deep.equal([[9, 0]]);
  });

  it('are taken back where their node closes, where others come to use it, and for a function of a higher priority', () => {
    const b = { ...far('b', 1) };
    const queue = driver([b], 3);
    placeAll(queue, 0);
    b.isOpen = false;
    expect(told(placeAll(queue, 1))).to.deep.equal(['1 recalled', '2 recalled']);

    const shared = far('b', 2);
    const other = driver([shared], 3, 1);
    expect(told(placeAll(other, 0))).to.deep.equal(['0 runs on b', '1 runs on b', '2 lies on b']);
    shared.capacity.applyReport({
      capabilities: { cpu: 2, 'slot:thread': 10 },
      used: { cpu: 2, 'slot:thread': 2 },
      usedByYou: { cpu: 1, 'slot:thread': 1 },
    });
    expect(told(placeAll(other, 1))).to.deep.equal(['2 recalled']);

    const priorityOf = (index: number): number => (index === 9 ? 5 : 0);
    const compare = (x: number, y: number): number => priorityOf(y) - priorityOf(x) || x - y;
    const urgent = driver([far('b', 1)], 3, 2, { compare, urgency: { priorityOf, pathMsOf: () => 0, workLeftMs: 0 } });
    placeAll(urgent, 0);
    urgent.request('r', 9, one);
    expect(told(placeAll(urgent, 1))).to.deep.equal(['1 recalled', '2 recalled']);

    const two = driver([far('b', 1), far('c', 1)], 6, 2, { compare, urgency: { priorityOf, pathMsOf: () => 0, workLeftMs: 0 } });
    placeAll(two, 0);
    two.request('r', 9, one);
    expect(told(placeAll(two, 1)), 'it needs one place').to.deep.equal(['2 recalled', '4 recalled']);
    for (const index of [2, 4]) {
      two.freeAhead('r', index);
      two.request('r', index, one);
    }
    expect(told(placeAll(two, 2))[0]).to.equal('9 lies on b');
  });

  it('are taken back once for another run that asks, and not again when they have come back', () => {
    const queue = driver([far('b', 1)], 2, 1);
    queue.addRun(asker('s', { ahead: lying(1) }));
    expect(told(placeAll(queue, 0))).to.deep.equal(['0 runs on b', '1 lies on b']);
    queue.request('s', 9, one);
    expect(told(placeAll(queue, 1))).to.deep.equal(['1 recalled']);
    expect(told(placeAll(queue, 2))).to.deep.equal(['9 lies on b']);
    queue.freeAhead('r', 1);
    queue.request('r', 1, one);
    for (let pass = 3; pass < 6; pass += 1) expect(told(placeAll(queue, pass))).to.deep.equal([]);
    queue.free('r', 'b', one);
    expect(told(placeAll(queue, 6))).to.deep.equal(['9 promoted on b', '1 lies on b']);
  });

  it('stay where they are whatever waits for this node, as attempts of other drivers do', () => {
    const queue = driver([far('b', 1)], 2, 1);
    placeAll(queue, 0);
    queue.addRun(asker('guest', {}));
    queue.request('guest', 7, kindOf({ cpu: 1 }, { pinnedTo: 'a' }));
    queue.request('guest', 8, kindOf({ cpu: 1, gpu: 1 }, { pinnedTo: 'a' }));
    expect(told(placeAll(queue, 1))).to.deep.equal([]);
    expect(told(placeAll(queue, 5000)), 'for long').to.deep.equal([]);
  });

  it('stay there while a lent claim of the driver is wanted back, and come back when it drains', () => {
    const queue = driver([far('b', 1)], 3);
    placeAll(queue, 0);
    expect(queue.ahead.recallAll('here')).to.deep.equal([]);
    expect(told(queue.ahead.recallAll('everywhere'))).to.deep.equal(['1 recalled', '2 recalled']);
  });

  it('are so many at most that a driver can feed', () => {
    const nodes = Array.from({ length: 100 }, (_, at) => far(`n${100 + at}`, 4));
    const lies = told(placeAll(driver(nodes, 5000, 16), 0)).filter((text) => text.includes('lies'));
    expect(lies).to.have.length(128);
  });
});
