import { Writable } from 'node:stream';
import { expect } from 'chai';
import { createColors } from 'picocolors';
import { barDisplay } from '../../bin/progress/bar-display.js';
import { barText } from '../../bin/progress/bar-text.js';
import { displayLogger, durationText } from '../../bin/progress/display.js';
import { groupsOf } from '../../bin/progress/groups.js';
import { lineDisplay } from '../../bin/progress/line-display.js';
import { isOver, Tally } from '../../bin/progress/tally.js';
import { terminalLine } from '../../bin/report/terminal-text.js';
import { Dag, functionsIn, type HandoffError, type RunEvent } from '../../lib/index.js';
import { fixture, hasTerminal, onTerminal } from './command.js';

const tasks = functionsIn('./tasks.mjs');
const none = createColors(false);

type Happened = RunEvent extends infer E ? (E extends RunEvent ? Omit<E, 'runId' | 'dagId' | 'atMs'> : never) : never;
const event = (happened: Happened, atMs = 0): RunEvent => ({ runId: 'r', dagId: 'd', atMs, ...happened }) as RunEvent;
const started = (functionId: string, atMs = 0, attempt = 1) => event({ type: 'function-started', functionId, attempt, node: 'n' }, atMs);
const succeeded = (functionId: string, atMs = 0, attempt = 1) =>
  event({ type: 'function-succeeded', functionId, attempt, node: 'n', tookMs: 5, sizeBytes: 1, source: 'run' }, atMs);
const resting = (functionId: string) =>
  event({ type: 'function-resting', functionId, attempt: 1, error: new Error('not yet'), delayMs: 100 });
const failed = (functionId: string) => event({ type: 'function-failed', functionId, attempt: 2, error: new Error('no') as HandoffError });

class Heard extends Writable {
  text = '';
  readonly isTTY: boolean;
  readonly columns = 100;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}

describe('groups of functions', () => {
  const labels = (dag: Dag | ReturnType<typeof Dag.dynamic>, atMost = 99) =>
    groupsOf(dag, atMost).map(({ label, ids }) => [label, ids.length]);

  it('hold what runs the same code, and plain functions that differ in a number', () => {
    const dag = Dag.dynamic()
      .add({ id: 'load', code: tasks.load })
      .add({ id: 'part-1', code: tasks.part })
      .add({ id: 'part-2', code: tasks.part })
      .add({ id: 'north', code: tasks.region })
      .add({ id: 'south', code: tasks.region })
      .add({ id: 'square[1]', code: () => 1 })
      .add({ id: 'square[2]', code: () => 2 })
      .add({ id: 'hidden', code: () => 1, type: 'inline' })
      .add({ id: '2024', code: () => 1 })
      .add({ id: 'join', code: () => 1 });
    expect(labels(dag)).to.deep.equal([
      ['load', 1],
      ['part', 2],
      ['region', 2],
      ['square', 2],
      ['2024', 1],
      ['join', 1],
    ]);
  });

  it('hold a map or an expansion each, whatever it calls', () => {
    const dag = Dag.dynamic()
      .add({ id: 'part-1', code: tasks.part })
      .map({ id: 'parts-1', over: 'part-1', code: tasks.part })
      .map({ id: 'parts-2', over: 'part-1', code: tasks.part })
      .expand({ id: 'more', code: tasks.part });
    expect(groupsOf(dag, 99)).to.deep.equal([
      { label: 'part-1', ids: ['part-1'], maps: [] },
      { label: 'parts-1', ids: ['parts-1'], maps: ['parts-1'] },
      { label: 'parts-2', ids: ['parts-2'], maps: ['parts-2'] },
      { label: 'more', ids: ['more'], maps: [] },
    ]);
    expect(groupsOf(dag, 1)).to.deep.equal([
      { label: 'others', ids: ['part-1', 'parts-1', 'parts-2', 'more'], maps: ['parts-1', 'parts-2'] },
    ]);
  });

  it('are no more than fit', () => {
    const dag = Dag.dynamic();
    for (const id of ['a', 'b', 'c', 'd']) dag.add({ id, code: () => 1 });
    expect(labels(dag, 3)).to.deep.equal([
      ['a', 1],
      ['b', 1],
      ['others', 2],
    ]);
  });
});

describe('the tally of a run', () => {
  const tally = (): Tally => new Tally([{ label: 'part', ids: ['a', 'b', 'c'] }]);

  it('counts what runs, is done, failed, is tried again and is left out', () => {
    const counted = tally();
    const [part] = counted.groups;
    for (const one of [started('a', 10), started('b', 20), started('c', 30), resting('a'), succeeded('b', 40)]) counted.count(one);
    expect(part).to.include({ total: 3, running: 1, succeeded: 1, retried: 1, failed: 0, dropped: 0, startedAtMs: 10, endedAtMs: 40 });
    for (const one of [started('a', 50, 2), failed('a'), event({ type: 'function-cancelled', functionId: 'c' }, 70)]) counted.count(one);
    expect(part).to.include({ running: 0, succeeded: 1, retried: 1, failed: 1, dropped: 1, endedAtMs: 70 });
    expect(isOver(part!)).to.equal(true);
  });

  it('counts a function that failed before it ran, and one that was lost and runs again', () => {
    const counted = tally();
    counted.count(failed('a'));
    counted.count(started('b'));
    counted.count(event({ type: 'function-lost', functionId: 'b', attempt: 1, node: 'n' }));
    expect(counted.groups[0]).to.include({ running: 0, failed: 1 });
    counted.count(started('b', 0, 2));
    expect(counted.groups[0]).to.include({ running: 1 });
  });

  it('takes back one that had succeeded, and whose value was lost with its node', () => {
    const counted = tally();
    counted.count(event({ type: 'function-started', functionId: 'a', attempt: 1, node: 'n' }));
    counted.count(event({ type: 'function-succeeded', functionId: 'a', attempt: 1, node: 'n', tookMs: 1, sizeBytes: 1, source: 'run' }));
    counted.count(event({ type: 'function-lost', functionId: 'a', attempt: 1, node: 'n' }));
    expect(counted.groups[0]).to.include({ succeeded: 0, running: 0 });
    counted.count(event({ type: 'function-started', functionId: 'a', attempt: 2, node: 'm' }));
    expect(counted.groups[0]).to.include({ succeeded: 0, running: 1 });
  });

  it('counts a map as its elements, as soon as there are any', () => {
    const counted = new Tally([
      { label: 'xs', ids: ['xs'] },
      { label: 'ys', ids: ['ys'], maps: ['ys'] },
    ]);
    const ys = counted.groups[1]!;
    expect(ys).to.include({ total: 1 });
    expect(isOver(ys)).to.equal(false);
    counted.count(event({ type: 'functions-added', by: 'ys', count: 3 }));
    for (const id of ['ys[0]', 'ys[1]', 'ys[2]']) counted.count(started(id));
    expect(ys).to.include({ total: 3, running: 3 });
    for (const id of ['ys[0]', 'ys[2]']) counted.count(succeeded(id));
    counted.count(failed('ys[1]'));
    counted.count(event({ type: 'function-skipped', functionId: 'ys', reason: 'producer-failed' }));
    expect(ys).to.include({ total: 3, running: 0, succeeded: 2, failed: 1, dropped: 0 });
    expect(counted.groups[0]).to.include({ total: 1, succeeded: 0 });
    counted.count(failed('ys'));
    expect(ys).to.include({ total: 4, failed: 2 });
  });

  it('counts a map without elements as one function, whatever becomes of it', () => {
    const counted = new Tally(['done', 'off', 'bad'].map((id) => ({ label: id, ids: [id], maps: [id] })));
    counted.count(event({ type: 'functions-added', by: 'done', count: 0 }));
    counted.count(succeeded('done'));
    counted.count(event({ type: 'function-skipped', functionId: 'off', reason: 'not-taken' }));
    counted.count(failed('bad'));
    const [done, off, bad] = counted.groups;
    expect(done).to.include({ total: 1, succeeded: 1 });
    expect(off).to.include({ total: 1, dropped: 1 });
    expect(bad).to.include({ total: 1, failed: 1 });
    expect(counted.groups.every(isOver)).to.equal(true);
  });

  it('counts all that an expansion adds with it, also what that adds', () => {
    const counted = new Tally([{ label: 'e', ids: ['e'] }]);
    const [e] = counted.groups;
    counted.count(started('e'));
    counted.count(event({ type: 'functions-added', by: 'e', count: 2 }));
    counted.count(event({ type: 'functions-added', by: 'e/m', count: 2 }));
    for (const id of ['e/a/b', 'e/m[0]', 'e/m[1]', 'e/m', 'e']) counted.count(succeeded(id));
    expect(e).to.include({ total: 5, succeeded: 5, running: 0 });
  });

  it('counts what is added as a group where it knows of none', () => {
    const counted = new Tally([]);
    expect(counted.count(started('ys'))).to.equal(undefined);
    expect(counted.count(event({ type: 'functions-added', by: 'ys', count: 2 }))).to.include({ label: 'ys', total: 2 });
    expect(counted.count(succeeded('ys[0]'))).to.include({ label: 'ys', succeeded: 1 });
    expect(counted.count(succeeded('ys'))).to.equal(undefined);
    expect(counted.count(succeeded('xs'))).to.equal(undefined);
  });

  it('is right in the end even if events were missed', () => {
    const counted = tally();
    counted.count(started('a'));
    counted.count(event({ type: 'run-completed', durationMs: 1, results: {}, allocations: {}, failures: {} }));
    expect(counted.groups[0]).to.include({ running: 0, succeeded: 3 });
  });
});

describe('bars', () => {
  it('say how many of a group are done, run, failed and were tried again, and for how long', () => {
    const group = {
      label: 'part',
      total: 12,
      running: 2,
      succeeded: 6,
      failed: 3,
      retried: 4,
      dropped: 1,
      startedAtMs: 1000,
      endedAtMs: undefined,
    };
    const layout = { labelWidth: 6, columns: 100, nowMs: 2500, colors: none };
    expect(barText(group, layout)).to.equal(
      `part   ${'█'.repeat(18)}${'░'.repeat(6)}  6/12 done  2 running  3 failed  4 retried  1 left out  1.5 s`,
    );
    expect(barText({ ...group, label: 'partition' }, layout)).to.match(/^parti… █/);
  });

  it('count a map as its elements', () => {
    const stream = new Heard(true);
    const display = barDisplay({ groups: [{ label: 'ys', ids: ['ys'], maps: ['ys'] }], stream, colors: none, now: () => 3000 });
    display.tell(event({ type: 'functions-added', by: 'ys', count: 2 }));
    for (const id of ['ys[0]', 'ys[1]', 'ys']) display.tell(succeeded(id, 2000));
    display.stop();
    expect(stream.text).to.include(`ys ${'█'.repeat(24)} 2/2 done`);
  });

  it('are drawn on a terminal, with what is printed above, and leave it as it was', () => {
    const stream = new Heard(true);
    const display = barDisplay({ groups: [{ label: 'part', ids: ['a', 'b'] }], stream, colors: none, now: () => 3000 });
    display.tell(started('a', 1000));
    display.print('[a] a line');
    display.tell(succeeded('a', 2000));
    display.stop();
    const bar = `part ${'█'.repeat(12)}${'░'.repeat(12)} 1/2 done  2.0 s\n`;
    expect(stream.text.endsWith(bar)).to.equal(true);
    expect(stream.text.indexOf('[a] a line\n')).to.be.within(0, stream.text.length - bar.length);
    expect(stream.text.indexOf('\u001b[?25l')).to.be.within(0, stream.text.lastIndexOf('\u001b[?25h'));
    const drawn = stream.text;
    display.stop();
    display.print('afterwards');
    expect(stream.text).to.equal(`${drawn}afterwards\n`);
  });

  it('are drawn by the command on a terminal, in colour, with results and errors below', function () {
    if (!hasTerminal()) {
      console.log('      (not checked: this machine has no script of util-linux)');
      return;
    }
    this.timeout(480_000);
    const { code, stdout } = onTerminal(['run', fixture('output.mjs')]);
    expect(stdout).to.include('\u001b[32m█');
    expect(stdout).to.match(/\[thread\]\S* one\r\n/);
    expect(stdout).to.match(/1\/1 done .*\r\n\S*loop\S*: \S*undefined\S*\r\n$/);
    expect(code).to.equal(0);
    const broken = onTerminal(['run', fixture('failing.mjs#flaky'), '--max-retries', '0'], { NO_COLOR: '1' });
    expect(broken.stdout).to.match(/0\/1 done {2}1 failed {2}[\d.]+ m?s\r\nhandoff: function "flaky" failed after 1 attempt\r\n/);
    for (const colour of [1, 2, 22, 31, 32, 39]) expect(broken.stdout).to.not.include(`\u001b[${colour}m`);
    expect(broken.stdout.lastIndexOf('\u001b[?25h')).to.be.above(broken.stdout.lastIndexOf('\u001b[?25l'));
    expect(broken.code).to.equal(1);
    expect(onTerminal(['run', fixture('sums.mjs')], { TERM: 'dumb' }).stdout).to.not.include('\u001b');
  });
});

describe('lines', () => {
  it('say nothing of a map of which nothing had to run', () => {
    const told = (source: 'run' | 'cache'): string => {
      const heard = new Heard(false);
      const display = lineDisplay({
        groups: groupsOf(
          Dag.dynamic()
            .add({ id: 'xs', code: () => [1] })
            .map({ id: 'map', over: 'xs', code: () => 1 }),
          9,
        ),
        stream: heard,
      });
      display.tell(event({ type: 'functions-added', by: 'map', count: 1 }));
      if (source === 'run') display.tell(started('map[0]'));
      display.tell(event({ type: 'function-succeeded', functionId: 'map[0]', attempt: 1, node: 'n', tookMs: 5, sizeBytes: 1, source }));
      display.tell(succeeded('map'));
      return heard.text;
    };
    expect(told('cache')).to.equal('');
    expect(told('run')).to.equal('handoff: map[0] done in 5 ms\nhandoff: map done in 5 ms\n');
  });

  it('tell what happened, of large groups every tenth', () => {
    const stream = new Heard(false);
    const ids = Array.from({ length: 40 }, (_, at) => `part-${at}`);
    const groups = [
      { label: 'load', ids: ['load'] },
      { label: 'part', ids },
    ];
    const display = lineDisplay({ groups, stream });
    const happened = [
      event({ type: 'run-started', total: 41 }),
      started('load'),
      resting('load'),
      started('load'),
      succeeded('load'),
      ...ids.map((id) => succeeded(id)),
      event({ type: 'run-completed', durationMs: 61_000, results: {}, allocations: {}, failures: {} }),
    ];
    for (const one of happened) display.tell(one);
    display.stop();
    expect(stream.text).to.equal(
      [
        'handoff: running "d": 41 functions',
        'handoff: load failed on attempt 1, tried again in 100 ms: not yet',
        'handoff: load done in 5 ms',
        ...Array.from({ length: 10 }, (_, at) => `handoff: part ${4 * (at + 1)}/40 done`),
        'handoff: done in 1 min 1 s',
        '',
      ].join('\n'),
    );
  });
});

describe('what functions print', () => {
  it('is shown under their ids, and their attempts after the first', () => {
    const printed: string[] = [];
    const logger = displayLogger({ tell() {}, stop() {}, pass() {}, print: (line) => printed.push(line) }, none);
    logger.info({ functionId: 'load', attempt: 1, stream: 'stdout' }, 'reading');
    logger.warn({ functionId: 'load', attempt: 2, stream: 'stderr' }, 'again');
    logger.warn({ actor: 'Allocator' }, 'restarted');
    logger.debug({}, 'nothing');
    expect(printed).to.deep.equal(['[load] reading', '[load, attempt 2] again', 'handoff: restarted']);
  });

  it('cannot move the cursor', () => {
    expect(terminalLine('\u001b[31mred\u001b[0m\u001b[2J\u0007 and\ttab')).to.equal('red\\u0007 and\ttab');
    expect(terminalLine('\u001b]0;title\u0007\u001b]8;;http://there\u001b\\link\u001b]8;;\u0007\u009b1mbold\u001b[31mred\u0007')).to.equal(
      'linkboldred\\u0007',
    );
    expect(terminalLine('10 %\r100 %\r')).to.equal('100 %');
  });

  it('takes as long as a person would say', () => {
    expect([0.4, 999, 1000, 59_940, 185_000].map(durationText)).to.deep.equal(['0 ms', '999 ms', '1.0 s', '59.9 s', '3 min 5 s']);
  });
});
