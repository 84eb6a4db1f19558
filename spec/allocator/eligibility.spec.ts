import { expect } from 'chai';
import fc from 'fast-check';
import { Ledger } from '../../lib/allocator/capacity/ledger.js';
import { amounts } from '../../lib/allocator/capacity/resources.js';
import { UsageEstimate } from '../../lib/allocator/capacity/usage-estimate.js';
import type { UsageReport } from '../../lib/allocator/capacity/usage-report.js';
import type { PlacementNode } from '../../lib/allocator/queue/claim-class.js';
import { Eligibility } from '../../lib/allocator/queue/eligibility.js';
import { NodeList } from '../../lib/allocator/queue/node-list.js';
import { slotAmounts } from '../support/slots.js';

const claim = (cpu: number) => ({ slot: 'loop', costs: { cpu }, cost: amounts({ cpu }) }) as const;
const usage = (cpu: number, used = 0): UsageReport => {
  return { capabilities: { cpu, ...slotAmounts({ thread: 5, loop: 5 }) }, used: { cpu: used }, usedByYou: {} };
};
const own = (cpu: number) => ({ name: 'self', isSelf: true, isOpen: true, capacity: new Ledger({ cpu }, { thread: 5, loop: 5 }) });
const other = (name: string, cpu: number) => ({ name, isSelf: false, isOpen: true, capacity: new UsageEstimate(usage(cpu)) });
const prospectsOf = (roster: NodeList, of: ReturnType<typeof claim>) =>
  new Eligibility(roster, ({ capacity: room }) => room.canEverHold(of), of);

/** All there is to know. */
const told = (prospects: Eligibility) => ({
  eligible: prospects.eligible,
  withRoom: prospects.roster.members.map((_, at) => prospects.withRoom(undefined, at)),
  haveResources: prospects.haveResources,
  nearest: prospects.nearest?.name,
  nearestToWait: prospects.nearestToWait?.name,
});

describe('the prospects of a kind of claim', () => {
  it('are those who could hold it, and the first of them that has room', () => {
    const [self, b, c] = [own(1), other('b', 2), other('c', 2)];
    const prospects = prospectsOf(new NodeList([self, b, c]), claim(2));
    expect(prospects.eligible).to.deep.equal([1, 2]);
    expect(prospects.withRoom(undefined)).to.equal(1);
    b.capacity.take(claim(1));
    expect(prospects.withRoom(undefined)).to.equal(2);
    c.isOpen = false;
    expect(prospects.withRoom(undefined)).to.equal(-1);
    expect(prospects.haveResources, 'be it open or not').to.equal(true);
    expect(prospects.nearest?.name).to.equal('b');
  });

  it('are only those with slots of the name that it takes, and have room while one of these is free', () => {
    const [self, b] = [own(2), { name: 'b', isSelf: false, isOpen: true, capacity: new Ledger({ cpu: 2 }, { made_up: 1 }) }];
    const made = { ...claim(1), slot: 'made_up' };
    const prospects = new Eligibility(new NodeList([self, b]), ({ capacity }) => capacity.canEverHold(made), made);
    expect(prospects.eligible).to.deep.equal([1]);
    expect(prospects.withRoom(undefined)).to.equal(1);
    b.capacity.take(made);
    expect(prospects.withRoom(undefined)).to.equal(-1);
    expect(prospects.haveResources).to.equal(true);
    b.capacity.free(made);
    expect(prospects.withRoom(undefined)).to.equal(1);
  });

  it('leave out who keeps what it needs for another', () => {
    const [self, b] = [own(1), other('b', 1)];
    const prospects = prospectsOf(new NodeList([self, b]), claim(1));
    const kept = (resource: string) => new Map<PlacementNode, Set<string>>([[self, new Set([resource])]]);
    expect(prospects.withRoom(kept('cpu'))).to.equal(1);
    expect(prospects.withRoom(kept('gpu'))).to.equal(0);
    expect(prospects.hasRoom(0, kept('cpu'))).to.equal(false);
  });

  it('are no longer told of rooms once another roster has taken the place of theirs', () => {
    const self = own(1);
    const before = new NodeList([self]);
    before.close();
    const after = new NodeList([self]);
    self.capacity.take(claim(1));
    expect(before.changes).to.equal(0);
    expect(after.changes).to.equal(1);
    expect(after.usedAt(0)).to.deep.equal({ cpu: 1 });
  });

  it('never differ from those that look at everybody anew, however much has changed since', () => {
    const change = fc.record({
      at: fc.nat(2),
      what: fc.constantFrom('take', 'free', 'told', 'refused', 'look'),
      cpu: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const [self, ...others] = [own(3), other('b', 2), other('c', 3)] as const;
        const roster = new NodeList([self, ...others]);
        const kept = [claim(1), claim(2), claim(3)].map((one) => [one, prospectsOf(roster, one)] as const);
        const held: ReturnType<typeof claim>[][] = [[], [], []];
        for (const { at, what, cpu } of changes) {
          const { capacity: room } = roster.members[at]!;
          const one = claim(cpu);
          if (what === 'take' && (at > 0 || (room.hasResources(one.cost) && room.hasSlot('loop')))) {
            room.take(one);
            held[at]!.push(one);
          } else if (what === 'free' && held[at]!.length > 0) room.free(held[at]!.pop()!);
          else if (what === 'told' && at > 0) others[at - 1]!.capacity.applyReport(usage(3, cpu));
          else if (what === 'refused' && at > 0) others[at - 1]!.capacity.refused(usage(3), one);
          // What could ever hold a claim is for a new roster to say: here as in the allocation only what is in use changes.
          else if (what === 'look') for (const [, prospects] of kept) told(prospects);
        }
        for (const [of, prospects] of kept) {
          const anew = new Eligibility(roster, (member) => prospects.eligible.includes(roster.members.indexOf(member)), of);
          expect(told(prospects)).to.deep.equal(told(anew));
        }
      }),
    );
  });
});
