import { expect } from 'chai';
import { amounts } from '../../lib/allocator/capacity/resources.js';
import { UsageEstimate, type UsageReport } from '../../lib/allocator/capacity/usage-estimate.js';
import type { Capabilities } from '../../lib/allocator/strategy.js';

const claim = (costs: Capabilities, slot: 'thread' | 'loop' = 'thread') => ({ cost: amounts(costs), slot });
const usage = (over: Partial<UsageReport> = {}): UsageReport => ({
  capabilities: { cpu: 2 },
  used: {},
  usedByYou: {},
  slots: { thread: { size: 2, used: 0, usedByYou: 0 }, loop: { size: 2, used: 0, usedByYou: 0 } },
  ...over,
});

describe('the picture of another node', () => {
  it('holds nothing before the node has said what it has', () => {
    const unknown = new UsageEstimate();
    expect(unknown.canEverHold(amounts({ cpu: 1 }))).to.equal(false);
    expect(unknown.hasSlot('loop')).to.equal(false);
    expect(unknown.mayWait(claim({ cpu: 1 }))).to.equal(false);
  });

  it('counts what others use as told, and what this driver uses by itself', () => {
    const picture = new UsageEstimate(usage({ used: { cpu: 1.5 }, usedByYou: { cpu: 1 } }));
    expect(picture.used, 'nothing is claimed from here any more').to.deep.equal({ cpu: 0.5 });
    picture.take(claim({ cpu: 1 }));
    expect(picture.used).to.deep.equal({ cpu: 1.5 });
    picture.applyReport(usage());
    expect(picture.used, 'what the node has not heard of yet is not forgotten').to.deep.equal({ cpu: 1 });
    picture.free(claim({ cpu: 1 }));
    expect(picture.used).to.deep.equal({});
  });

  it('counts slots alike', () => {
    const picture = new UsageEstimate(
      usage({ slots: { thread: { size: 2, used: 2, usedByYou: 1 }, loop: { size: 1, used: 1, usedByYou: 1 } } }),
    );
    expect(picture.hasSlot('thread')).to.equal(true);
    picture.take(claim({}));
    expect(picture.hasSlot('thread')).to.equal(false);
    expect(picture.shortOf(claim({}))).to.deep.equal({ thread: 1 });
    expect(picture.hasSlot('loop')).to.equal(true);
  });

  it('knows new capabilities at once', () => {
    const picture = new UsageEstimate(usage());
    expect(picture.canEverHold(amounts({ gpu: 1 }))).to.equal(false);
    picture.applyReport(usage({ capabilities: { gpu: 1 } }));
    expect(picture.capabilities).to.deep.equal({ gpu: 1 });
    expect(picture.canEverHold(amounts({ gpu: 1 }))).to.equal(true);
    expect(picture.canEverHold(amounts({ cpu: 1 }))).to.equal(false);
  });

  it('lets one of this driver wait there while others leave no room, and no second one', () => {
    const picture = new UsageEstimate(usage({ used: { cpu: 2 } }));
    const one = claim({ cpu: 1 });
    expect(picture.hasResources(one.cost)).to.equal(false);
    expect(picture.mayWait(one)).to.equal(true);
    picture.take(one);
    expect(picture.mayWait(one)).to.equal(false);
    expect(picture.mayWait(claim({ gpu: 1 })), 'there never is any').to.equal(false);
  });

  it('lets none wait where only this driver leaves no room', () => {
    const picture = new UsageEstimate(usage());
    picture.take(claim({ cpu: 2 }));
    expect(picture.mayWait(claim({ cpu: 1 }))).to.equal(false);
  });

  it('lets one wait for a slot in the same way', () => {
    const slots = (used: number): Partial<UsageReport> => ({
      slots: { thread: { size: 1, used, usedByYou: 0 }, loop: { size: 1, used: 0, usedByYou: 0 } },
    });
    const others = new UsageEstimate(usage(slots(1)));
    expect(others.mayWait(claim({}))).to.equal(true);
    others.take(claim({}));
    expect(others.mayWait(claim({}))).to.equal(false);
    const own = new UsageEstimate(usage(slots(0)));
    own.take(claim({}));
    expect(own.mayWait(claim({}))).to.equal(false);
  });

  it('lets as many wait as are a fair share of what costs nothing but a slot', () => {
    const full = { thread: { size: 0, used: 0, usedByYou: 0 }, loop: { size: 12, used: 12, usedByYou: 0 } };
    const picture = new UsageEstimate(usage({ slots: full, otherDrivers: 2 }));
    const cheap = { cost: amounts({}), slot: 'loop' } as const;
    for (let taken = 0; taken < 4; taken += 1) {
      expect(picture.mayWait(cheap)).to.equal(true);
      picture.take(cheap);
    }
    expect(picture.mayWait(cheap)).to.equal(false);
    expect(picture.mayWait({ cost: amounts({ cpu: 1 }), slot: 'loop' }), 'what costs more is long').to.equal(false);
  });

  it('gives nothing back twice: a claim on an earlier incarnation of the node comes late', () => {
    const picture = new UsageEstimate(usage());
    picture.free(claim({ cpu: 1 }));
    expect(picture.used).to.deep.equal({});
    picture.take(claim({ cpu: 2 }));
    expect(picture.hasResources(amounts({ cpu: 0.1 }))).to.equal(false);
    picture.take(claim({}));
    expect(picture.hasSlot('thread')).to.equal(false);
  });

  it('takes what is refused although it looks free for withheld, until the node tells anew, and lets one wait there', () => {
    const picture = new UsageEstimate(usage({ capabilities: { cpu: 2, gpu: 1 } }));
    const cpu = { cost: amounts({ cpu: 1 }), slot: 'loop' } as const;
    picture.take(cpu);
    picture.refused(usage({ capabilities: { cpu: 2, gpu: 1 } }), cpu);
    picture.free(cpu);
    expect(picture.hasResources(cpu.cost), 'or it would be asked again and again').to.equal(false);
    expect(picture.hasResources(amounts({ gpu: 1 }))).to.equal(true);
    expect(picture.mayWait(cpu)).to.equal(true);
    picture.take({ cost: amounts({}), slot: 'loop' });
    picture.refused(usage({ capabilities: { cpu: 2 } }), { cost: amounts({}), slot: 'loop' });
    expect(picture.hasResources(amounts({}))).to.equal(false);
    picture.applyReport(usage({ capabilities: { cpu: 2 } }));
    expect(picture.hasResources(cpu.cost)).to.equal(true);
  });
});
