import { expect } from 'chai';
import { systemClock } from '../../lib/base/index.js';
import { Dag } from '../../lib/index.js';
import { journals } from '../../lib/journal/index.js';
import { observeRun } from '../../lib/runner/index.js';
import { openReport } from '../observe/report/opened-report.js';
import { gate } from '../support/gate.js';
import { Counts, Remembering, ran } from './remembering-node.js';

describe('remembered results, in durable runs', () => {
  let remembering: Remembering;
  let counts: Counts;
  beforeEach(() => {
    remembering = new Remembering();
    counts = new Counts();
  });
  afterEach(() => remembering[Symbol.asyncDispose]());

  const dagOf = (size: number, last = async (): Promise<unknown> => 'last'): object =>
    Dag.dynamic('d')
      .add({ id: 'a', code: () => counts.of('a', 'x'.repeat(size)), cache: true, version: '1' })
      .add({ id: 'b', code: (a: string) => counts.of('b', a.length), args: ['a'], cache: true, version: '1' })
      .add({ id: 'c', code: async () => last(), args: ['b'], argumentInclusion: 'as-list' });

  for (const [durability, size] of [
    ['batched', 3],
    ['strict', 3],
    ['batched', 300_000],
    ['strict', 300_000],
  ] as const) {
    it(`are recorded as successes: the run goes on from its record, with ${size} bytes under ${durability}`, async () => {
      const first = await remembering.start();
      await ran(first, dagOf(size));
      const held = gate();
      const run = first.execute(dagOf(size, () => held.pass()) as never, { key: 'k', durability } as never);
      run.catch(() => {});
      await held.reached;
      await first.stop({ graceMs: 0 });
      const entries = new Map(remembering.shelf.entries);
      remembering.shelf.entries.clear();
      const second = await ran(await remembering.start(), dagOf(size), { key: 'k' });
      const sources = second.events.flatMap((event) => (event.type === 'function-succeeded' ? [[event.functionId, event.source]] : []));
      // The journal of this spec has no folder for large values.
      if (size < 100_000) expect(Object.fromEntries(sources)).to.deep.equal({ a: 'journal', b: 'journal', c: 'run' });
      else expect(Object.fromEntries(sources)).to.include({ b: 'journal', c: 'run' });
      expect(second.results).to.deep.include({ a: 'x'.repeat(size), b: size });
      expect(entries.size).to.equal(2);
    });
  }

  it('are remembered in the record too, and recorded in the run that goes on', async () => {
    const here = await remembering.start();
    await ran(here, dagOf(3));
    const run = here.execute(dagOf(3) as never, { key: 'k' } as never);
    await run;
    const journal = await journals.memory(remembering.database, { node: 'reader', clock: systemClock, leaseMs: 1000, isReadOnly: true });
    const record = await observeRun(journal, (await journal.findRuns({ key: 'k' }))[0]!, systemClock);
    await journal.close();
    expect(record.notRun).to.deep.equal({ journal: 0, cache: 2 });
    expect(['a', 'b', 'c'].map((id) => record.sourceOf(record.indexOf(id)!))).to.deep.equal(['cache', 'cache', 'run']);
    expect([record.attempts.count, record.attempts.totals()]).to.deep.equal([1, []]);
    const again = here.execute(dagOf(3) as never, { key: 'k' } as never);
    await again;
    expect(openReport(await again.report()).run.notRun).to.deep.equal({ journal: 3, cache: 0 });
  });

  it('come after the record: a recorded success is taken from there', async () => {
    const here = await remembering.start();
    await ran(here, dagOf(3), { key: 'k', cache: false });
    await ran(here, dagOf(3));
    const again = await ran(here, dagOf(3), { key: 'k' });
    expect(again.events.flatMap((event) => (event.type === 'function-succeeded' ? [event.source] : []))).to.deep.equal([
      'journal',
      'journal',
      'journal',
    ]);
  });

  it('are passed by with reuse none, where everything is asked to run again', async () => {
    const here = await remembering.start();
    await ran(here, dagOf(3), { key: 'k' });
    const again = await ran(here, dagOf(3), { key: 'k', reuse: 'none' });
    expect(again.started).to.deep.equal(['a', 'b', 'c']);
  });
});
