import { expect } from 'chai';
import fc from 'fast-check';
import { ATTEMPTS_KEPT, AttemptColumns } from '../../lib/runner/observed/attempt-columns.js';
import { ATTEMPT_OUTCOMES, type AttemptRow, type AttemptTotals } from '../../lib/runner/observed/attempt-history.js';
import { ROW_BYTES } from '../../lib/runner/observed/attempt-rows.js';
import { groupNameOf, isInGroup } from '../../lib/runner/observed/group-name.js';

const ids = ['a1', 'a22', 'b', 'c-3/4', 'c-33/4', '*', '7'];
const idOf = (index: number): string => ids[index]!;

const ms = fc.double({ min: 0, max: 1e7, noNaN: true }).map(Math.fround);
const rows: fc.Arbitrary<AttemptRow[]> = fc.array(
  fc.record({
    index: fc.nat(ids.length - 1),
    attempt: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    node: fc.constantFrom('n1', 'n2', 'n3'),
    slot: fc.nat(2 ** 29 - 1),
    outcome: fc.constantFrom(...ATTEMPT_OUTCOMES),
    endMs: fc.double({ min: 0, max: 1e12, noNaN: true }),
    phases: fc.record({ waitMs: ms, fetchMs: ms, loadMs: ms, runMs: ms, packMs: ms, handOverMs: ms }),
  }),
  { maxLength: 70 },
);

function add(columns: AttemptColumns, { index, attempt, node, slot, outcome, endMs, phases }: AttemptRow): number {
  const { waitMs, fetchMs, loadMs, runMs, packMs, handOverMs } = phases;
  const number = ATTEMPT_OUTCOMES.indexOf(outcome);
  return columns.add(index, attempt, node, slot, number, endMs, waitMs, fetchMs, loadMs, runMs, packMs, handOverMs);
}

function filled(given: readonly AttemptRow[], most?: number): AttemptColumns {
  const columns = new AttemptColumns(idOf, most);
  for (const [number, row] of given.entries()) expect(add(columns, row)).to.equal(number);
  return columns;
}

/** Reads them as pages do: column by column. */
function seen(columns: AttemptColumns, from = 0, to = columns.count): [number, AttemptRow][] {
  const found: [number, AttemptRow][] = [];
  columns.each(from, to, (number, index, attempt, node, slot, outcome, endMs, waitMs, fetchMs, loadMs, runMs, packMs, handOverMs) => {
    const phases = { waitMs, fetchMs, loadMs, runMs, packMs, handOverMs };
    found.push([number, { index, attempt, node: columns.nodes[node]!, slot, outcome: ATTEMPT_OUTCOMES[outcome]!, endMs, phases }]);
  });
  return found;
}

/** The same totals, by a plain sum. */
function totalsOf(given: readonly AttemptRow[]): Map<string, { attempts: number; outcomes: Record<string, number>; phases: number[] }> {
  const byGroup = new Map<string, { attempts: number; outcomes: Record<string, number>; phases: number[] }>();
  for (const { index, outcome, phases } of given) {
    const group = groupNameOf(idOf(index));
    const outcomes = Object.fromEntries(ATTEMPT_OUTCOMES.map((name) => [name, 0]));
    const totals = byGroup.get(group) ?? { attempts: 0, outcomes, phases: [0, 0, 0, 0, 0, 0] };
    byGroup.set(group, totals);
    totals.attempts += 1;
    totals.outcomes[outcome]! += 1;
    const { waitMs, fetchMs, loadMs, runMs, packMs, handOverMs } = phases;
    totals.phases = [waitMs, fetchMs, loadMs, runMs, packMs, handOverMs].map((each, at) => each + totals.phases[at]!);
  }
  return byGroup;
}

const asSums = (totals: readonly AttemptTotals[]): ReturnType<typeof totalsOf> =>
  new Map(
    totals.map(({ group, attempts, outcomes, phases: { waitMs, fetchMs, loadMs, runMs, packMs, handOverMs } }) => [
      group,
      { attempts, outcomes: { ...outcomes }, phases: [waitMs, fetchMs, loadMs, runMs, packMs, handOverMs] },
    ]),
  );

describe('the attempts of a run', () => {
  it('are read as they were added, the last of them, while older ones are totals by group', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 80 }), (given, most) => {
        const columns = filled(given, most);
        const first = Math.max(0, given.length - most);
        expect([columns.count, columns.first]).to.deep.equal([given.length, first]);
        const kept = given.slice(first).map((row, at) => [first + at, row] as [number, AttemptRow]);
        expect(seen(columns)).to.deep.equal(kept);
        for (const [number, row] of kept) expect(columns.row(number)).to.deep.equal(row);
        expect(asSums(columns.totals())).to.deep.equal(totalsOf(given.slice(0, first)));
      }),
    );
  });

  it('are read in part', () => {
    fc.assert(
      fc.property(
        rows,
        fc.integer({ min: 1, max: 80 }),
        fc.integer({ min: -5, max: 90 }),
        fc.integer({ min: -5, max: 90 }),
        (given, most, from, to) => {
          const columns = filled(given, most);
          const numbers = seen(columns, from, to).map(([number]) => number);
          const expected = given.map((_, number) => number).filter((number) => number >= from && number < to && number >= columns.first);
          expect(numbers).to.deep.equal(expected);
        },
      ),
    );
  });

  it('of small runs lie beside each other, and each run reads its own', () => {
    fc.assert(
      fc.property(fc.array(rows, { minLength: 2, maxLength: 12 }), (ofRuns) => {
        const runs = ofRuns.map(({ length }) => new AttemptColumns(idOf, undefined, undefined, Math.ceil(length / 3)));
        for (let number = 0; number < 70; number += 1) {
          for (const [at, given] of ofRuns.entries()) if (number < given.length) add(runs[at]!, given[number]!);
        }
        for (const [at, given] of ofRuns.entries()) expect(seen(runs[at]!).map(([, row]) => row)).to.deep.equal(given);
      }),
    );
  });

  it('say that a row is not kept', () => {
    const columns = filled(
      new Array<AttemptRow>(3).fill({ index: 0, attempt: 1, node: 'n', slot: 0, outcome: 'lost', endMs: 1, phases: NO_PHASES }),
      2,
    );
    for (const number of [-1, 0, 3, 1.5, Number.NaN]) {
      expect(columns.phasesOf(number)).to.equal(undefined);
      expect(() => columns.row(number)).to.throw(RangeError, 'those from 1 up to 3 are kept');
    }
  });

  it('take nothing before the first, 48 bytes each, and no more than 100,000 rows', () => {
    const before = process.memoryUsage().arrayBuffers;
    const columns = new AttemptColumns(() => 'f7');
    expect(process.memoryUsage().arrayBuffers).to.equal(before);
    const total = 2 * ATTEMPTS_KEPT + 5;
    for (let count = 0; count < total; count += 1) columns.add(count, 1, 'n', count % 8, 0, count, 1, 0, 0, 2, 0, 0.5);
    expect(ROW_BYTES).to.equal(48);
    expect(columns.first).to.equal(total - ATTEMPTS_KEPT);
    expect(columns.row(total - 1)).to.include({ index: total - 1, endMs: total - 1 });
    expect(columns.totals()).to.deep.equal([
      {
        group: 'f*',
        attempts: ATTEMPTS_KEPT + 5,
        outcomes: { succeeded: ATTEMPTS_KEPT + 5, failed: 0, 'timed-out': 0, cancelled: 0, lost: 0 },
        phases: { waitMs: 100_005, fetchMs: 0, loadMs: 0, runMs: 200_010, packMs: 0, handOverMs: 50_002.5 },
      },
    ]);
  });

  it('keep as the largest slot what is no slot number', () => {
    const columns = filled([{ index: 0, attempt: 1, node: 'n', slot: 2 ** 31, outcome: 'failed', endMs: 0, phases: NO_PHASES }]);
    expect(columns.row(0)).to.include({ slot: 2 ** 29 - 1, outcome: 'failed' });
  });
});

const NO_PHASES = { waitMs: 0, fetchMs: 0, loadMs: 0, runMs: 0, packMs: 0, handOverMs: 0 };

describe('the group of a function', () => {
  it('is recognised without making its name', () => {
    const id = fc.string({ unit: fc.constantFrom('a', '1', '*', '2', '\u0661'), maxLength: 6 });
    fc.assert(fc.property(id, id, (one, other) => isInGroup(one, groupNameOf(other)) === (groupNameOf(one) === groupNameOf(other))));
  });
});
