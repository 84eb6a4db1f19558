import { expect } from 'chai';
import type { RunEvent } from '../../lib/runner/brain/messages.js';
import { EVENTS_KEPT, EventLog } from '../../lib/runner/events/event-log.js';

const event = (functionId: string): RunEvent => ({ type: 'function-ready', runId: 'r', dagId: 'd', atMs: 0, functionId });
const ids = async (events: AsyncIterable<RunEvent>): Promise<string[]> => {
  const seen: string[] = [];
  for await (const each of events) seen.push((each as { functionId: string }).functionId);
  return seen;
};

describe('the events of a run', () => {
  it('replay from the first, for each iteration anew', async () => {
    const log = new EventLog('r', 'd');
    log.add(event('a'));
    const early = ids(log.iterate());
    log.add(event('b'));
    log.end();
    expect(await early).to.deep.equal(['a', 'b']);
    expect(await ids(log.iterate())).to.deep.equal(['a', 'b']);
  });

  it('keep the last 10,000', async () => {
    const log = new EventLog('r', 'd');
    for (let count = 0; count < EVENTS_KEPT + 5; count += 1) log.add(event(String(count)));
    log.end();
    const seen = await ids(log.iterate());
    expect(seen).to.have.length(EVENTS_KEPT);
    expect(seen[0]).to.equal('5');
    expect(seen.at(-1)).to.equal(String(EVENTS_KEPT + 4));
  });

  it('reach a subscriber in order, the kept ones first', () => {
    const log = new EventLog('r', 'd');
    const seen: string[] = [];
    log.add(event('a'));
    log.subscribe((each) => seen.push((each as { functionId: string }).functionId));
    log.add(event('b'));
    log.end();
    expect(seen).to.deep.equal(['a', 'b']);
  });

  it('can be left at any time', async () => {
    const log = new EventLog('r', 'd');
    log.add(event('a'));
    for await (const each of log.iterate()) {
      expect(each.type).to.equal('function-ready');
      break;
    }
    log.add(event('b'));
    log.end();
    expect(await ids(log.iterate())).to.deep.equal(['a', 'b']);
  });

  it('are told again as they were, whatever their kind, also when older ones have been forgotten', () => {
    const log = new EventLog('r', 'd');
    const all: RunEvent[] = [];
    const told: RunEvent[] = [];
    const add = (each: RunEvent): void => {
      all.push(each);
      log.add(each);
    };
    const error = new Error('no');
    for (let count = 0; count < EVENTS_KEPT / 3; count += 1) {
      const common = { runId: 'r', dagId: 'd', atMs: count + 0.5, functionId: `f${count}` };
      add({ type: 'function-ready', ...common });
      add({ type: 'function-started', ...common, attempt: 1 + count, node: 'n' });
      if (count % 3 === 0) add({ type: 'function-waiting', ...common, for: { cpu: 1 } });
      if (count % 2 === 0) add({ type: 'function-resting', ...common, attempt: 1, error, delayMs: 5 });
      else add({ type: 'function-succeeded', ...common, attempt: 2, node: 'm', tookMs: 0.25, sizeBytes: 2 ** 40, source: 'run' });
      if (count % 5 === 0) add({ type: 'function-lost', ...common, attempt: 1, node: 'n' });
    }
    log.subscribe((each) => told.push(each));
    expect(all.length).to.be.above(EVENTS_KEPT);
    expect(told).to.deep.equal(all.slice(-EVENTS_KEPT));
  });

  it('of attempts that are over have their phases, whether heard at once or later, as long as the attempt is kept', () => {
    const phases = { waitMs: 1, fetchMs: 0, loadMs: 0, runMs: 2.5, packMs: 0, handOverMs: 0.25 };
    let isKept = true;
    const log = new EventLog('r', 'd', undefined, {
      phasesOf: (row) => (row >= 0 && isKept ? { ...phases, waitMs: row } : undefined),
    });
    const common = { runId: 'r', dagId: 'd', atMs: 1, functionId: 'f', attempt: 1 };
    const made = { ...common, type: 'function-succeeded', node: 'm', tookMs: 0.25, sizeBytes: 1, source: 'run' } as const;
    const rests = { ...common, type: 'function-resting', error: new Error('no'), delayMs: 5 } as const;
    const live: RunEvent[] = [];
    const late: RunEvent[] = [];
    log.subscribe((each) => live.push(each));
    log.add(made, 7);
    log.add(rests, 8);
    log.add(made);
    log.add({ ...made, source: 'journal' });
    log.subscribe((each) => late.push(each));
    const recalled = { ...made, source: 'journal' };
    expect(late).to.deep.equal([
      { ...made, phases: { ...phases, waitMs: 7 } },
      { ...rests, phases: { ...phases, waitMs: 8 } },
      made,
      recalled,
    ]);
    isKept = false;
    const later: RunEvent[] = [];
    log.subscribe((each) => later.push(each));
    expect(later[0]).to.deep.equal(made);
    expect(live).to.deep.equal(late);
  });
});
