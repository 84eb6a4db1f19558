import { expect } from 'chai';
import fc from 'fast-check';
import { Dag, HandoffError } from '../../lib/index.js';
import { dice } from '../runner/brain.js';
import { randomEdges } from '../runner/outside.js';
import { DurablePlaces, eventsOf, recalledIn, startedIn } from './durable-node.js';
import { faultyJournal } from './faulty-journal.js';

/** Each function adds up what it gets, and one; some fail at first. */
function summing(edges: Readonly<Record<string, readonly string[]>>, ran: string[], seed: number): Dag {
  const roll = dice(seed);
  const dag = Dag.dynamic('d');
  const failed = new Set<string>();
  for (const [id, args] of Object.entries(edges)) {
    const isFlaky = roll() < 20;
    const code = async (...values: number[]): Promise<number> => {
      ran.push(id);
      if (roll() < 50) await new Promise<void>((resolve) => void setImmediate(resolve));
      if (isFlaky && !failed.has(id)) {
        failed.add(id);
        throw new Error('at first');
      }
      return values.reduce((sum, one) => sum + one, 1);
    };
    dag.add({ id, code, args: [...args], retry: { initialDelayMs: 0 } });
  }
  return dag as unknown as Dag;
}

describe('a run that is cut at a random moment', () => {
  for (const durability of ['strict', 'batched'] as const) {
    it(`goes on to the right results when what was not yet on disk is lost, ${durability}`, async () => {
      await using whole = new DurablePlaces();
      const expected = await whole.start();
      await fc.assert(
        fc.asyncProperty(randomEdges, fc.nat(8), fc.nat(8), fc.integer(), async (edges, firstCut, secondCut, seed) => {
          const places = new DurablePlaces();
          const ran: string[] = [];
          let left = 0;
          places.wrap = (journal) =>
            faultyJournal(journal, {
              beforeWrite() {
                left -= 1;
                if (left < 0) throw new HandoffError('HANDOFF_STOPPED', 'the process was killed');
              },
            });
          const told = new Set<string>();
          let runId: string | undefined;
          for (const [round, cut] of [firstCut, secondCut, Number.POSITIVE_INFINITY].entries()) {
            left = cut;
            const node = await places.start(`n${round}`);
            const run = node.execute(summing(edges, ran, seed), { key: 'k', durability, maxRetries: 5 });
            const before = [...told];
            const [events, outcome] = await Promise.all([eventsOf(run), run.then(undefined, () => undefined)]);
            expect(runId ?? run.id).to.equal(run.id);
            runId = run.id;
            const recalled = recalledIn(events);
            expect(startedIn(events).filter((id) => recalled.includes(id))).to.deep.equal([]);
            // What was told to have succeeded is on disk, and so holds.
            if (durability === 'strict') expect(recalled).to.include.members(before);
            for (const event of events) if (event.type === 'function-succeeded') told.add(event.functionId);
            await node.stop({ graceMs: 0 });
            if (cut !== Number.POSITIVE_INFINITY) continue;
            const right = await expected.execute(summing(edges, [], seed), { maxRetries: 5 });
            expect(outcome?.results).to.deep.equal(right.results);
          }
        }),
        { numRuns: 40 },
      );
    });
  }
});
