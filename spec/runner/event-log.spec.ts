import { expect } from 'chai';
import { EVENTS_KEPT, EventLog } from '../../lib/runner/event-log.js';
import type { RunEvent } from '../../lib/runner/messages.js';

const event = (functionId: string): RunEvent => ({ type: 'function-ready', runId: 'r', dagId: 'd', atMs: 0, functionId });
const ids = async (events: AsyncIterable<RunEvent>): Promise<string[]> => {
  const seen: string[] = [];
  for await (const each of events) seen.push((each as { functionId: string }).functionId);
  return seen;
};

describe('the events of a run', () => {
  it('replay from the first, for each iteration anew', async () => {
    const log = new EventLog();
    log.add(event('a'));
    const early = ids(log.iterate());
    log.add(event('b'));
    log.end();
    expect(await early).to.deep.equal(['a', 'b']);
    expect(await ids(log.iterate())).to.deep.equal(['a', 'b']);
  });

  it('keep the last 10,000', async () => {
    const log = new EventLog();
    for (let count = 0; count < EVENTS_KEPT + 5; count += 1) log.add(event(String(count)));
    log.end();
    const seen = await ids(log.iterate());
    expect(seen).to.have.length(EVENTS_KEPT);
    expect(seen[0]).to.equal('5');
    expect(seen.at(-1)).to.equal(String(EVENTS_KEPT + 4));
  });

  it('reach a subscriber in order, the kept ones first', () => {
    const log = new EventLog();
    const seen: string[] = [];
    log.add(event('a'));
    log.subscribe((each) => seen.push((each as { functionId: string }).functionId));
    log.add(event('b'));
    log.end();
    expect(seen).to.deep.equal(['a', 'b']);
  });

  it('can be left at any time', async () => {
    const log = new EventLog();
    log.add(event('a'));
    for await (const each of log.iterate()) {
      expect(each.type).to.equal('function-ready');
      break;
    }
    log.add(event('b'));
    log.end();
    expect(await ids(log.iterate())).to.deep.equal(['a', 'b']);
  });
});
