import { expect } from 'chai';
import { amounts } from '../../lib/allocator/capacity/resources.js';
import { UsageEstimate } from '../../lib/allocator/capacity/usage-estimate.js';
import type { UsageReport } from '../../lib/allocator/capacity/usage-report.js';
import type { Capabilities } from '../../lib/allocator/strategy.js';
import { slotAmounts } from '../support/slots.js';

const claim = (costs: Capabilities, slot = 'thread') => ({ cost: amounts(costs), slot });
const usage = (over: Partial<UsageReport> = {}): UsageReport => ({
  used: {},
  usedByYou: {},
  ...over,
  capabilities: { ...slotAmounts({ thread: 2, loop: 2 }), ...(over.capabilities ?? { cpu: 2 }) },
});

describe('the picture of another node', () => {
  it('holds nothing before the node has said what it has', () => {
    const unknown = new UsageEstimate();
    expect(unknown.canEverHold(claim({ cpu: 1 }))).to.equal(false);
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
      usage({
        capabilities: slotAmounts({ thread: 2, loop: 1 }),
        used: slotAmounts({ thread: 2, loop: 1 }),
        usedByYou: slotAmounts({ thread: 1, loop: 1 }),
      }),
    );
    expect(picture.hasSlot('thread')).to.equal(true);
    picture.take(claim({}));
    expect(picture.hasSlot('thread')).to.equal(false);
    expect(picture.shortOf(claim({}))).to.deep.equal({ thread: 1 });
    expect(picture.hasSlot('loop')).to.equal(true);
  });

  it('knows slots of any name, and shows none of them among the resources', () => {
    const picture = new UsageEstimate(
      usage({ capabilities: { cpu: 1, ...slotAmounts({ made_up: 2 }) }, used: slotAmounts({ made_up: 1 }) }),
    );
    expect([picture.capabilities, picture.used]).to.deep.equal([{ cpu: 1 }, {}]);
    expect([picture.slotCount('made_up'), picture.slotCount('other')]).to.deep.equal([2, 0]);
    expect(picture.canEverHold(claim({ cpu: 1 }, 'made_up'))).to.equal(true);
    expect(picture.canEverHold(claim({}, 'other'))).to.equal(false);
    picture.take(claim({}, 'made_up'));
    expect(picture.hasSlot('made_up')).to.equal(false);
    expect(picture.shortOf(claim({}, 'made_up'))).to.deep.equal({ made_up: 1 });
    picture.free(claim({}, 'made_up'));
    expect(picture.hasSlot('made_up')).to.equal(true);
    picture.applyReport(usage({ capabilities: { cpu: 1 } }));
    expect(picture.slotCount('made_up'), 'what is told no more is not there').to.equal(0);
  });

  it('knows new capabilities at once', () => {
    const picture = new UsageEstimate(usage());
    expect(picture.canEverHold(claim({ gpu: 1 }))).to.equal(false);
    picture.applyReport(usage({ capabilities: { gpu: 1 } }));
    expect(picture.capabilities).to.deep.equal({ gpu: 1 });
    expect(picture.canEverHold(claim({ gpu: 1 }))).to.equal(true);
    expect(picture.canEverHold(claim({ cpu: 1 }))).to.equal(false);
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
      capabilities: { cpu: 2, ...slotAmounts({ thread: 1, loop: 1 }) },
      used: slotAmounts({ thread: used }),
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
    const full = { capabilities: { cpu: 2, ...slotAmounts({ thread: 0, loop: 12 }) }, used: slotAmounts({ loop: 12 }) };
    const picture = new UsageEstimate(usage({ ...full, otherDrivers: 2 }));
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
