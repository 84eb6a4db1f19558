import { expect } from 'chai';
import { EventServer, POLL_MS } from '../../lib/handoff/cluster/runs/event-server.js';
import { EventCursor, EventLog } from '../../lib/runner/index.js';
import { testClock } from '../support/test-clock.js';

interface Batch {
  readonly events: readonly { readonly type: string }[];
  readonly next: readonly [number, number, number];
  readonly isOver: boolean;
}

/** Readers of one run, whose answers are collected with the time at which they came. */
function open(costMs = 0) {
  const clock = testClock();
  const busy = new Set<string>();
  let workMs = 0;
  // Time passes while an answer is given.
  const server = new EventServer({ ...clock, now: () => clock.now() + workMs }, (name) => busy.has(name));
  const log = new EventLog('r', 'd');
  const answers: [who: string, atMs: number, count: number, isOver: boolean][] = [];
  const ask = (who: string, event = 0, mayWait = true): (() => void) =>
    server.serve(who, { log, cursor: new EventCursor(log, false, { log: log.beganAtMs, event, line: 0 }), mayWait }, (batch) => {
      const { events, isOver } = batch as Batch;
      answers.push([who, clock.now(), events.length, isOver]);
      workMs += costMs;
    });
  const add = (count: number): void => {
    for (let left = count; left > 0; left -= 1) log.add({ type: 'function-cancelled', runId: 'r', dagId: 'd', atMs: 0, functionId: 'f' });
  };
  return { clock, busy, server, log, answers, ask, add };
}

describe('the server of events', () => {
  it('waits a little for more, so that events go in few answers; not if there is enough for a full one', () => {
    const { clock, answers, ask, add } = open();
    add(1);
    ask('b');
    clock.advance(10);
    add(2);
    clock.advance(10);
    expect(answers).to.deep.equal([['b', 20, 3, false]]);
    add(5000);
    ask('b', 3);
    clock.advance(0);
    expect(answers.at(-1)!.slice(0, 2)).to.deep.equal(['b', 20]);
    expect(answers.at(-1)![2]).to.be.within(500, 1000);
  });

  it('answers a reader for whom there is nothing when something comes, at the end, or after a while; one that may not wait at once', () => {
    const { clock, log, answers, ask, add } = open();
    ask('b');
    ask('c', 0, false);
    clock.advance(100);
    expect(answers).to.deep.equal([['c', 0, 0, true]]);
    add(1);
    clock.advance(0);
    expect(answers.at(-1)).to.deep.equal(['b', 100, 1, false]);
    ask('b', 1);
    clock.advance(POLL_MS);
    expect(answers.at(-1)).to.deep.equal(['b', 100 + POLL_MS, 0, false]);
    ask('b', 1);
    log.end();
    clock.advance(0);
    expect(answers.at(-1)).to.deep.equal(['b', 100 + POLL_MS, 0, true]);
  });

  it('takes a twentieth of the time, and serves readers in turn', () => {
    const { clock, answers, ask, add } = open(3);
    add(3000);
    for (const who of ['b', 'c', 'b', 'c']) ask(who);
    clock.advance(150);
    const times = answers.map(([, atMs]) => atMs);
    expect(answers.map(([who]) => who).slice(0, 3)).to.deep.equal(['b', 'c', 'b']);
    for (let at = 1; at < times.length; at += 1) expect(times[at]! - times[at - 1]!).to.be.at.least(57);
  });

  it('lets other data of a link go first, for a quarter of a second; readers of other links go on', () => {
    const { clock, busy, answers, ask, add } = open();
    busy.add('b');
    add(1);
    ask('b');
    ask('c');
    clock.advance(249);
    expect(answers).to.deep.equal([['c', 20, 1, false]]);
    clock.advance(20);
    expect(answers.map(([who]) => who)).to.deep.equal(['c', 'b']);
    ask('b', 0);
    clock.advance(100);
    expect(answers).to.have.length(2);
    busy.clear();
    clock.advance(20);
    expect(answers).to.have.length(3);
  });

  it('forgets a reader that gives up, and answers all others when the node stops', () => {
    const { clock, server, answers, ask, add } = open();
    ask('b')();
    const stop = ask('c');
    ask('d');
    add(1);
    stop();
    server.close();
    expect(answers).to.deep.equal([['d', 0, 1, false]]);
    clock.advance(2 * POLL_MS);
    expect(answers).to.have.length(1);
    expect(clock.pending).to.equal(0);
  });
});
