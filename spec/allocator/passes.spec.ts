import { expect } from 'chai';
import { Ledger } from '../../lib/allocator/capacity/ledger.js';
import type { PlacementClient } from '../../lib/allocator/placement/placer.js';
import type { ClaimQueueClient, CollocationGroup } from '../../lib/allocator/queue/claim-class.js';
import { ClaimQueue } from '../../lib/allocator/queue/claim-queue.js';
import type { PlacementStep } from '../../lib/allocator/queue/placement-step.js';
import { kindOf, placeAll } from './claims.js';

const member = (name: string, cpu: number) => ({
  name,
  isSelf: name === 'a',
  isOpen: true,
  capacity: new Ledger({ cpu }, { thread: 100, loop: 100 }),
});

const client = (runId: string, over: Partial<ClaimQueueClient> = {}): ClaimQueueClient => ({
  runId,
  takesAnyRoom: false,
  maxConcurrency: 100,
  compare: (a, b) => a - b,
  ...over,
});

const one = kindOf({ cpu: 1 });

const text = (step: PlacementStep<ClaimQueueClient> | undefined): string | undefined => {
  if (!step) return undefined;
  const of = `${step.client.runId}:${step.index}`;
  return step.type === 'granted' ? `${of}@${step.node}` : `${of}?`;
};

/** A queue over `a` and `b`, with a run `r` that asks for functions 0, 1, ... */
function asked(count: number, over: Partial<ClaimQueueClient> = {}): { queue: ClaimQueue; a: ReturnType<typeof member> } {
  const a = member('a', 10);
  const queue = new ClaimQueue([a, member('b', 1)]);
  queue.addRun(client('r', over));
  for (let index = 0; index < count; index += 1) queue.request('r', index, one);
  return { queue, a };
}

describe('a pass over the claim queue', () => {
  it('asks for a choice where several nodes have room, and grants the node that was chosen', () => {
    const { queue } = asked(2);
    queue.startPass(0);
    expect(text(queue.nextStep())).to.equal('r:0?');
    expect(text(queue.choose('b'))).to.equal('r:0@b');
    expect(text(queue.nextStep())).to.equal('r:1?');
    expect(queue.choose('b'), 'b is full').to.equal(undefined);
    expect(queue.nextStep()).to.equal(undefined);
  });

  it('asks nothing where only one node has room and the run takes any', () => {
    const { queue } = asked(2, { takesAnyRoom: true });
    queue.startPass(0);
    expect(text(queue.nextStep())).to.equal('r:0?');
    expect(text(queue.choose('b'))).to.equal('r:0@b');
    expect(text(queue.nextStep())).to.equal('r:1@a');
    expect(queue.nextStep()).to.equal(undefined);
  });

  it('takes a choice without an answer for one that waits, and asks again in the next pass', () => {
    const { queue } = asked(1);
    queue.addRun(client('s'));
    queue.request('s', 0, one);
    for (const nowMs of [0, 1]) {
      queue.startPass(nowMs);
      expect(text(queue.nextStep())).to.equal('r:0?');
      expect(text(queue.nextStep())).to.equal('s:0?');
      expect(queue.nextStep()).to.equal(undefined);
    }
  });

  it('drops the function whose strategy failed, and goes on with the next run', () => {
    const { queue } = asked(2);
    queue.addRun(client('s'));
    queue.request('s', 0, one);
    queue.startPass(0);
    queue.nextStep();
    queue.refuse();
    expect(text(queue.nextStep())).to.equal('s:0?');
    queue.choose('a');
    expect(text(queue.nextStep())).to.equal('r:1?');
  });

  it('grants nothing for a function that was withdrawn, or whose run was removed, while its strategy chose', () => {
    const { queue, a } = asked(2);
    queue.startPass(0);
    queue.nextStep();
    queue.withdraw('r', 0, one);
    expect(queue.choose('a')).to.equal(undefined);
    expect(text(queue.nextStep()), 'the next in order is no worse for it').to.equal('r:1?');
    queue.removeRun('r');
    queue.refuse();
    expect(queue.choose('a')).to.equal(undefined);
    expect(queue.nextStep()).to.equal(undefined);
    expect(a.capacity.isFree).to.equal(true);
  });

  it('forgets all that a run asked for when that is taken back, and grants what it asks for then', () => {
    const { queue } = asked(2);
    queue.startPass(0);
    queue.nextStep();
    queue.withdrawAll('r');
    expect(queue.choose('a')).to.equal(undefined);
    expect(queue.nextStep()).to.equal(undefined);
    queue.request('r', 1, one);
    queue.startPass(0);
    expect(text(queue.nextStep())).to.equal('r:1?');
    expect(text(queue.choose('a'))).to.equal('r:1@a');
    expect(queue.nextStep(), 'once').to.equal(undefined);
  });

  it('serves a claim that has waited long first, and still asks where', () => {
    const [a, b] = [member('a', 2), member('b', 2)];
    const queue = new ClaimQueue([a, b]);
    const two = kindOf({ cpu: 2 });
    queue.addRun(client('s'));
    queue.addRun(client('r'));
    for (const { capacity } of [a, b]) capacity.take(one);
    queue.request('r', 0, two);
    queue.startPass(0);
    expect(queue.nextStep()).to.equal(undefined);
    for (const { capacity } of [a, b]) capacity.free(one);
    queue.request('s', 0, one);
    queue.startPass(1000);
    expect(text(queue.nextStep())).to.equal('r:0?');
    expect(text(queue.choose('b'))).to.equal('r:0@b');
    expect(text(queue.nextStep())).to.equal('s:0?');
  });

  it('keeps the nearest node for a claim that has waited long and whose strategy waits', () => {
    const a = member('a', 2);
    const queue = new ClaimQueue([a]);
    const two = kindOf({ cpu: 2 });
    queue.addRun(client('s'));
    queue.addRun(client('r'));
    a.capacity.take(one);
    queue.request('r', 0, two);
    queue.startPass(0);
    expect(queue.nextStep()).to.equal(undefined);
    a.capacity.free(one);
    queue.request('s', 0, one);
    queue.startPass(1000);
    expect(text(queue.nextStep())).to.equal('r:0?');
    expect(queue.nextStep(), 'a keeps its cpu').to.equal(undefined);
  });
});

describe('a collocation group', () => {
  it('is placed anew once its node is gone; questions about it change nothing', () => {
    const group: CollocationGroup = { claims: [], node: undefined };
    const grouped = kindOf({ cpu: 1 }, { group });
    group.claims.push(grouped);
    const [a, b] = [member('a', 1), member('b', 2)];
    const queue = new ClaimQueue([a, b]);
    queue.addRun(client('r', { takesAnyRoom: true }));
    queue.request('r', 0, grouped);
    queue.startPass(0);
    queue.nextStep();
    expect(text(queue.choose('b'))).to.equal('r:0@b');
    expect(queue.ableNodes(grouped)).to.deep.equal(['b']);
    queue.changed([a]);
    expect(queue.ableNodes(grouped)).to.deep.equal(['a']);
    expect(queue.impossible(grouped, 'f')).to.equal(undefined);
    expect(group.node, 'a question is no answer').to.equal('b');
    queue.request('r', 1, grouped);
    queue.startPass(1);
    expect(text(queue.nextStep())).to.equal('r:1@a');
    expect(group.node).to.equal('a');
  });
});

describe('a strategy', () => {
  it('that has its own function withdrawn is granted nothing for it', () => {
    const a = member('a', 10);
    const queue = new ClaimQueue<PlacementClient>([a]);
    const withdrawn = (index: number): void => queue.withdraw('r', index, one);
    const place = (): string => {
      withdrawn(0);
      return 'a';
    };
    queue.addRun({ ...client('r'), dagId: 'd', functionId: (index) => `f${index}`, strategy: { name: 'rash', place } });
    queue.request('r', 0, one);
    queue.request('r', 1, one);
    expect(placeAll(queue, 0).map((answer) => text(answer as never))).to.deep.equal(['r:1@a']);
  });

  it('knows where the function before went', () => {
    const placed: string[] = [];
    const whereabouts = {
      bytesToMove: () => 0,
      kin: () => 0,
      placed: (index: number, node: string) => void placed.push(`${index}@${node}`),
    };
    const seen: string[][] = [];
    const place = (): string => {
      seen.push([...placed]);
      return 'a';
    };
    const queue = new ClaimQueue<PlacementClient>([member('a', 10)]);
    queue.addRun({ ...client('r'), dagId: 'd', functionId: (index) => `f${index}`, strategy: { name: 'spy', place }, whereabouts });
    for (const index of [0, 1]) queue.request('r', index, one);
    placeAll(queue, 0);
    expect(seen).to.deep.equal([[], ['0@a']]);
  });
});
