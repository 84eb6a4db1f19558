import { expect } from 'chai';
import fc from 'fast-check';
import { BudgetEntry, MemoryBudget } from '../../lib/store/memory-budget.js';

const PLENTY = Number.MAX_SAFE_INTEGER;

function budgetOf(...sizes: readonly (number | [sizeBytes: number, isSole: boolean])[]): { budget: MemoryBudget; entries: BudgetEntry[] } {
  const budget = new MemoryBudget();
  const entries = sizes.map((one) => (typeof one === 'number' ? new BudgetEntry(one, false) : new BudgetEntry(...one)));
  for (const entry of entries) budget.add(entry);
  return { budget, entries };
}

/** Returns the numbers of the entries that go, in order, as far as they must. */
function going({ budget, entries }: { budget: MemoryBudget; entries: BudgetEntry[] }, limitBytes: number, freeBytes = PLENTY): number[] {
  const gone: number[] = [];
  for (let next = budget.next(limitBytes, 0, freeBytes); next; next = budget.next(limitBytes, 0, freeBytes))
    gone.push(entries.indexOf(next));
  return gone;
}

describe('the budget of memory', () => {
  it('lets nothing go up to the high mark; above it the oldest, down to the low mark', () => {
    expect(going(budgetOf(10, 10, 10, 10, 10, 10, 10, 10), 100)).to.deep.equal([]);
    expect(going(budgetOf(10, 10, 10, 10, 10, 10, 10, 10, 1), 100)).to.deep.equal([0, 1]);
  });

  it('counts what is on its way as gone, and what came from elsewhere as there', () => {
    const { budget, entries } = budgetOf(30, 30);
    expect(budget.next(100, 0, PLENTY)).to.equal(undefined);
    expect(budget.next(100, 30, PLENTY)).to.equal(entries[0]);
    expect(budget.next(100, 30, PLENTY)).to.equal(undefined);
    expect([budget.memoryBytes, budget.goingBytes]).to.deep.equal([60, 30]);
    budget.written(entries[0]!);
    expect([budget.memoryBytes, budget.goingBytes, entries[0]!.place]).to.deep.equal([30, 0, 'away']);
  });

  it('lets what has a file go first and at once, and what waits for a sole user last', () => {
    const of = budgetOf([10, true], 10, 10);
    of.budget.filed(of.entries[2]!);
    expect(going(of, 20)).to.deep.equal([2, 1]);
    expect(of.entries.map(({ place }) => place)).to.deep.equal(['here', 'going', 'away']);
  });

  it('keeps what is in use, and takes it for the most recently used one afterwards', () => {
    const of = budgetOf(10, 10, 10);
    of.budget.use(of.entries[0]!);
    of.budget.use(of.entries[1]!);
    of.budget.touch(of.entries[2]!);
    expect(going(of, 20)).to.deep.equal([2]);
    of.budget.endUse(of.entries[1]!);
    expect(going(of, 10)).to.deep.equal([1]);
    of.budget.endUse(of.entries[0]!);
    expect(going(of, 1)).to.deep.equal([0]);
  });

  it('keeps what was taken into use while it was written, beside its file', () => {
    const of = budgetOf(10);
    expect(going(of, 1)).to.deep.equal([0]);
    of.budget.use(of.entries[0]!);
    of.budget.written(of.entries[0]!);
    expect([of.entries[0]!.place, of.budget.memoryBytes, going(of, 1)]).to.deep.equal(['here', 10, []]);
    of.budget.endUse(of.entries[0]!);
    expect([going(of, 1), of.entries[0]!.place]).to.deep.equal([[0], 'away']);
  });

  it('passes over what the disk has no room for', () => {
    expect(going(budgetOf(50, 10, 20, 20), 50, 20)).to.deep.equal([1, 2, 3]);
  });

  it('never chooses again what could not be written', () => {
    const of = budgetOf(10, 10);
    const [one] = of.entries;
    expect(of.budget.next(1, 0, PLENTY)).to.equal(one);
    of.budget.stays(one!, true);
    expect(going(of, 1)).to.deep.equal([1]);
  });

  it('forgets an entry whose use ends after it was removed', () => {
    const of = budgetOf(10);
    of.budget.use(of.entries[0]!);
    of.budget.remove(of.entries[0]!);
    of.budget.endUse(of.entries[0]!);
    expect([of.budget.memoryBytes, going(of, 0)]).to.deep.equal([0, []]);
  });

  it('holds its laws whatever happens: sums are right, what is in use stays, and the low mark is reached if enough may go', () => {
    const step = fc.record({ what: fc.nat(8), which: fc.nat(30), sizeBytes: fc.integer({ min: 1, max: 50 }), isSole: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const budget = new MemoryBudget();
        const entries: BudgetEntry[] = [];
        const limitBytes = 200;
        for (const { what, which, sizeBytes, isSole } of steps) {
          const entry = entries[which % Math.max(1, entries.length)];
          if (what <= 2 || !entry) {
            const added = new BudgetEntry(sizeBytes, isSole);
            entries.push(added);
            budget.add(added);
          } else if (what === 3) budget.use(entry);
          else if (what === 4 && entry.uses > 0) budget.endUse(entry);
          else if (what === 5 && entry.place === 'going') budget.written(entry);
          else if (what === 6 && entry.place === 'away') {
            budget.comes(entry);
            budget.came(entry);
          } else if (what === 7) {
            budget.remove(entry);
            entries.splice(entries.indexOf(entry), 1);
          } else if (what === 8) {
            const chosen = budget.next(limitBytes, 0, PLENTY);
            expect(chosen?.uses ?? 0).to.equal(0);
          }
          const inMemory = entries.filter(({ place }) => place === 'here' || place === 'going');
          expect(budget.memoryBytes).to.equal(inMemory.reduce((sum, one) => sum + one.sizeBytes, 0));
        }
        while (budget.next(limitBytes, 0, PLENTY));
        for (const entry of entries) if (entry.place === 'going') budget.written(entry);
        const stuck = entries.reduce((sum, { uses, place, sizeBytes }) => sum + (uses > 0 && place === 'here' ? sizeBytes : 0), 0);
        expect(budget.memoryBytes).to.be.at.most(Math.max(stuck, limitBytes * 0.8));
      }),
    );
  });
});
