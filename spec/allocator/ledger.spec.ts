import { expect } from 'chai';
import { Ledger } from '../../lib/allocator/capacity/ledger.js';
import { amounts } from '../../lib/allocator/capacity/resources.js';
import type { Capabilities } from '../../lib/allocator/strategy.js';
import { slotList } from '../support/slots.js';

const claim = (costs: Capabilities, slot = 'thread') => ({ cost: amounts(costs), slot });
const ledger = (capabilities: Capabilities) => new Ledger(capabilities, { thread: 2, loop: 1 });

describe('the ledger of a node', () => {
  it('takes and gives back exactly', () => {
    const one = ledger({ cpu: 0.3 });
    const tenth = claim({ cpu: 0.1 });
    const loop = claim({ cpu: 0.1 }, 'loop');
    for (const taken of [tenth, tenth, loop]) {
      expect(one.hasResources(taken.cost)).to.equal(true);
      one.take(taken);
    }
    expect(one.used).to.deep.equal({ cpu: 0.3 });
    expect(one.hasResources(tenth.cost)).to.equal(false);
    expect(one.report).to.deep.equal({
      capabilities: [['cpu', 0.3], ...slotList({ thread: 2, loop: 1 })],
      used: [['cpu', 0.3], ...slotList({ thread: 2, loop: 1 })],
    });
    expect(one.slotsUsed).to.equal(3);
    for (const freed of [tenth, tenth, loop]) one.free(freed);
    expect(one.isFree).to.equal(true);
    expect(one.used).to.deep.equal({ cpu: 0 });
  });

  it('refuses to be over-committed, in resources and in slots', () => {
    const one = ledger({ cpu: 2 });
    one.take(claim({ cpu: 2 }));
    expect(() => one.take(claim({ cpu: 0.000000001 }))).to.throw('does not fit');
    expect(() => one.take(claim({ gpu: 1 }))).to.throw('does not fit');
    one.take(claim({}));
    expect(one.hasSlot('thread')).to.equal(false);
    expect(() => one.take(claim({}))).to.throw('does not fit');
    expect(one.hasSlot('loop')).to.equal(true);
  });

  it('has slots of any name, and none of a name that it was not given', () => {
    const one = new Ledger({ cpu: 1 }, { made_up: 1 });
    expect(one.canEverHold(claim({ cpu: 1 }, 'made_up'))).to.equal(true);
    expect(one.canEverHold(claim({}))).to.equal(false);
    expect([one.slotCount('made_up'), one.slotCount('thread')]).to.deep.equal([1, 0]);
    expect(() => one.take(claim({}))).to.throw('does not fit');
    one.take(claim({}, 'made_up'));
    expect(one.shortOf(claim({}, 'made_up'))).to.deep.equal({ made_up: 1 });
    expect(() => one.take(claim({}, 'made_up'))).to.throw('does not fit');
    expect([one.capabilities, one.used, one.isFree]).to.deep.equal([{ cpu: 1 }, { cpu: 0 }, false]);
    one.register({ gpu: 1 });
    expect(one.report.capabilities, 'slots are not registered').to.deep.equal([['gpu', 1], ...slotList({ made_up: 1 })]);
    one.free(claim({}, 'made_up'));
    expect(one.isFree).to.equal(true);
  });

  it('refuses to be given back what is not held', () => {
    const one = ledger({ cpu: 2 });
    expect(() => one.free(claim({}))).to.throw('not held');
    one.take(claim({ cpu: 1 }));
    expect(() => one.free(claim({}, 'loop'))).to.throw('not held');
    expect(() => one.free(claim({ cpu: 2 }))).to.throw('more of "cpu"');
  });

  it('takes nothing away when less is registered than is in use, but lets nothing in', () => {
    const one = ledger({ cpu: 2 });
    one.take(claim({ cpu: 2 }));
    one.register({ cpu: 1, gpu: 1 });
    expect(one.used).to.deep.equal({ cpu: 2, gpu: 0 });
    expect(one.hasResources(amounts({ cpu: 0.1 }))).to.equal(false);
    expect(one.hasResources(amounts({ gpu: 1 }))).to.equal(true);
    expect(one.canEverHold(claim({ cpu: 2 }))).to.equal(false);
    one.free(claim({ cpu: 2 }));
    expect(one.hasResources(amounts({ cpu: 1 }))).to.equal(true);
  });

  it('says what is short, the whole amount of each resource or what is missing of it, else the slot', () => {
    const one = ledger({ cpu: 2, memory: 10 });
    one.take(claim({ cpu: 1.5 }));
    expect(one.shortOf(claim({ cpu: 1, memory: 5 }))).to.deep.equal({ cpu: 1 });
    expect(one.lackOf(claim({ cpu: 1, memory: 5 })), 'how much is missing').to.deep.equal({ cpu: 0.5 });
    one.take(claim({}));
    expect(one.lackOf(claim({ memory: 5 }))).to.deep.equal({ thread: 1 });
    expect(one.shortOf(claim({ memory: 5 }))).to.deep.equal({ thread: 1 });
    expect(one.shortOf(claim({ memory: 5 }, 'loop'))).to.deep.equal({});
  });

  it('counts resources of any name', () => {
    const one = ledger(Object.fromEntries([['__proto__', 1]]));
    one.take(claim(Object.fromEntries([['__proto__', 1]])));
    expect(Object.entries(one.used)).to.deep.equal([['__proto__', 1]]);
  });
});
