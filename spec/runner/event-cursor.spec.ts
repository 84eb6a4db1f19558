import { expect } from 'chai';
import type { RunEvent } from '../../lib/runner/brain/messages.js';
import { EventCursor } from '../../lib/runner/events/event-cursor.js';
import { EVENTS_KEPT, EventLog } from '../../lib/runner/events/event-log.js';
import { PastEvents } from '../../lib/runner/events/past-events.js';

const ready = (functionId: string, atMs = 0): RunEvent => ({ type: 'function-ready', runId: 'r', dagId: 'd', atMs, functionId });
const line = (text: string) => ({ functionId: 'f', attempt: 1, node: 'n', stream: 'stdout' as const, atMs: 5, line: text });

/** What a cursor returns until it has nothing: ids, lines in quotes, and how many were missed. */
function read(cursor: EventCursor): string[] {
  const seen: string[] = [];
  for (let event = cursor.next(); event; event = cursor.next()) {
    if (event.type === 'function-output') seen.push(`"${event.line}"`);
    else if (event.type === 'events-missed') seen.push(`${event.count} missed`);
    else seen.push((event as { functionId: string }).functionId);
  }
  return seen;
}

describe('a reader of the events of a run', () => {
  it('gets lines where they came among the events, if it wants them', () => {
    const log = new EventLog('r', 'd');
    log.addLine(line('before'));
    log.add(ready('a'));
    log.addLine(line('one'));
    log.addLine(line('two'));
    log.add(ready('b'));
    log.addLine(line('after'));
    const [all, events] = [new EventCursor(log, true), new EventCursor(log, false)];
    expect(read(all)).to.deep.equal(['"before"', 'a', '"one"', '"two"', 'b', '"after"']);
    expect(read(events)).to.deep.equal(['a', 'b']);
    expect([all.hasMore, events.hasMore]).to.deep.equal([false, false]);
    log.addLine(line('late'));
    expect([all.hasMore, events.hasMore]).to.deep.equal([true, false]);
    log.end();
    log.addLine(line('of a run that is over'));
    expect(read(all)).to.deep.equal(['"late"']);
  });

  it('goes on where another stood, and misses nothing that is kept', () => {
    const log = new EventLog('r', 'd');
    const first = new EventCursor(log, true);
    log.add(ready('a'));
    log.addLine(line('one'));
    expect(read(first)).to.deep.equal(['a', '"one"']);
    log.add(ready('b'));
    log.addLine(line('two'));
    expect(read(new EventCursor(log, true, first.position))).to.deep.equal(['b', '"two"']);
    expect(read(new EventCursor(log, true, { log: log.beganAtMs, event: 1e15, line: 1e15 })), 'a place where nobody was').to.deep.equal([]);
  });

  it('begins anew with the log of a driver that has taken the run over, and loses none of its events', () => {
    const [former, heir] = [new EventLog('r', 'd'), new EventLog('r', 'd')];
    const reader = new EventCursor(former, true);
    for (const id of ['a', 'b', 'c']) former.add({ ...ready(id), atMs: 1000 });
    former.addLine(line('one'));
    expect(read(reader)).to.deep.equal(['a', 'b', 'c', '"one"']);
    for (const id of ['again', 'd', 'e', 'f']) heir.add({ ...ready(id), atMs: 2000 });
    heir.addLine(line('two'));
    expect(read(new EventCursor(heir, true, reader.position))).to.deep.equal(['again', 'd', 'e', 'f', '"two"']);
  });

  it('is told how many events and lines it has missed, once, and goes on with what is kept', () => {
    const log = new EventLog('r', 'd');
    const [all, events] = [new EventCursor(log, true), new EventCursor(log, false)];
    for (let count = 0; count < EVENTS_KEPT + 7; count += 1) log.add(ready(String(count)));
    for (let count = 0; count < EVENTS_KEPT + 3; count += 1) log.addLine(line(String(count)));
    expect(read(all).slice(0, 2)).to.deep.equal(['10 missed', '7']);
    expect(read(events).slice(0, 2)).to.deep.equal(['7 missed', '7']);
    const late = read(new EventCursor(log, true));
    expect([late[0], late[EVENTS_KEPT]], 'one that comes late has missed nothing').to.deep.equal(['7', '"3"']);
    expect(late).to.have.length(2 * EVENTS_KEPT);
  });

  it('gets at most 1 MiB of lines, a long one in pieces', () => {
    const log = new EventLog('r', 'd');
    log.addLine(line('x'.repeat(3 * 1024 * 1024)));
    log.addLine(line('end'));
    const seen = read(new EventCursor(log, true));
    expect(seen.reduce((sum, { length }) => sum + length - 2, 0)).to.be.within(900 * 1024, 1024 * 1024);
    expect(seen.at(-1)).to.equal('"end"');
    expect(log.lines!.characters).to.be.at.most(1024 * 1024);
  });

  it('is woken once when there is more, unless it has left', () => {
    const log = new EventLog('r', 'd');
    const woken: string[] = [];
    const leave = log.whenMore(() => woken.push('gone'));
    log.whenMore(() => woken.push('line'));
    leave();
    log.addLine(line('one'));
    log.addLine(line('two'));
    log.whenMore(() => woken.push('end'));
    log.end();
    expect(woken).to.deep.equal(['line', 'end']);
  });
});

describe('the events of ended runs', () => {
  it('count with their lines, and give room to later ones', () => {
    const past = new PastEvents();
    const ended = (lines: number, text: string): EventLog => {
      const log = new EventLog('r', 'd');
      for (let count = 0; count < lines; count += 1) log.addLine(line(text));
      log.end();
      return log;
    };
    for (let run = 0; run < 4; run += 1) past.add(`short ${run}`, ended(10_000, 'x'));
    expect([0, 1, 3].map((run) => past.get(`short ${run}`) !== undefined)).to.deep.equal([false, true, true]);
    for (let run = 0; run < 9; run += 1) past.add(`long ${run}`, ended(16, 'x'.repeat(64 * 1024)));
    expect([0, 1, 8].map((run) => past.get(`long ${run}`) !== undefined)).to.deep.equal([false, true, true]);
  });
});
