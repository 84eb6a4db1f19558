import { expect } from 'chai';
import { arg, Dag, type } from '../../lib/index.js';
import { openReport } from '../observe/report/opened-report.js';
import { gate } from '../support/gate.js';
import { Counts, Remembering, ran } from './remembering-node.js';

/** A chain of plain functions that count how often they run. */
const chainOf = (counts: Counts, start = 1, b = '1'): object =>
  new Dag('chain')
    .add({ id: 'a', code: (x: number) => counts.of('a', x + 1), extraArgs: [start], cache: true, version: '1' })
    .add({ id: 'b', code: (a: number) => counts.of('b', { a }), args: ['a'], cache: true, version: b })
    .add({ id: 'c', code: ({ a }: { a: number }) => counts.of('c', a * 10), args: ['b'], cache: true, version: '1' });

describe('remembered results, on one node', () => {
  let remembering: Remembering;
  let counts: Counts;
  beforeEach(() => {
    remembering = new Remembering();
    counts = new Counts();
  });
  afterEach(() => remembering[Symbol.asyncDispose]());

  it('are taken in place of attempts by the next run, and by the next node', async () => {
    const here = await remembering.start();
    const first = await ran(here, chainOf(counts));
    expect([first.started, first.fromCache]).to.deep.equal([['a', 'b', 'c'], []]);
    const second = await ran(here, chainOf(counts), { dagId: 'other' });
    expect([second.started, second.fromCache]).to.deep.equal([[], ['a', 'b', 'c']]);
    expect(second.results)
      .to.deep.equal(first.results)
      .and.to.deep.equal({ a: 2, b: { a: 2 }, c: 20 });
    await here.stop();
    const third = await ran(await remembering.start(), chainOf(counts));
    expect(third.fromCache).to.deep.equal(['a', 'b', 'c']);
    expect(counts.all).to.deep.equal({ a: 1, b: 1, c: 1 });
  });

  it('are told as successes without an attempt, on the node that has the value, and hold no claim', async () => {
    const here = await remembering.start({ capabilities: { cpu: 1 } });
    await ran(here, chainOf(counts));
    const { events } = await ran(here, chainOf(counts), { maxConcurrency: 1 });
    const [told] = events.filter((event) => event.type === 'function-succeeded');
    expect(told).to.include({ functionId: 'a', attempt: 0, node: 'n0', tookMs: 0, source: 'cache' }).and.not.to.have.property('phases');
    expect(events.map(({ type }) => type)).to.deep.equal([
      'run-started',
      ...['a', 'b', 'c'].flatMap(() => ['function-ready', 'function-succeeded']),
      'run-completed',
    ]);
  });

  it('are seen as such: in the run, its functions and its report, none with an attempt', async () => {
    const here = await remembering.start();
    await ran(here, chainOf(counts));
    const run = here.execute(chainOf(counts, 1, '2') as never);
    await run;
    const seen = openReport(await run.report()).run;
    expect(seen.notRun).to.deep.equal({ journal: 0, cache: 2 });
    expect(['a', 'b', 'c'].map((id) => seen.sourceOf(seen.indexOf(id)!))).to.deep.equal(['cache', 'run', 'cache']);
    expect(['a', 'b', 'c'].map((id) => seen.attemptOf(seen.indexOf(id)!))).to.deep.equal([0, 1, 0]);
    expect(seen.attempts.count).to.equal(1);
  });

  it('are others with other constants and another version, and the same again where a value on the way is the same', async () => {
    const here = await remembering.start();
    await ran(here, chainOf(counts));
    expect((await ran(here, chainOf(counts, 2))).started).to.deep.equal(['a', 'b', 'c']);
    const other = await ran(here, chainOf(counts, 1, '2'));
    expect([other.started, other.fromCache]).to.deep.equal([['b'], ['a', 'c']]);
  });

  it('are not looked up and not made where the run passes them by', async () => {
    const here = await remembering.start();
    await ran(here, chainOf(counts), { cache: false });
    expect(remembering.shelf.entries.size).to.equal(0);
    await ran(here, chainOf(counts));
    expect((await ran(here, chainOf(counts), { cache: false })).started).to.deep.equal(['a', 'b', 'c']);
    const wrong = here.execute(chainOf(counts) as never, { cache: 1 } as never);
    expect(await wrong.then(String, String)).to.equal('TypeError: cache must be true or false, not 1');
  });

  it('that are too old count for nothing, by the option of who reads', async () => {
    const here = await remembering.start();
    const dag = (cache: object | true): object => new Dag('d').add({ id: 'a', code: () => counts.of('a', 1), cache, version: '1' });
    remembering.shelf.nowMs = () => Date.now() - 60_000;
    await ran(here, dag(true));
    expect((await ran(here, dag({ ttlMs: 120_000 }))).started).to.deep.equal([]);
    remembering.shelf.nowMs = () => Date.now();
    expect((await ran(here, dag({ ttlMs: 30_000 }))).started).to.deep.equal(['a']);
    expect((await ran(here, dag({ ttlMs: 30_000 }))).started).to.deep.equal([]);
  });

  it('of a map over 1,000 elements of which one has changed run one', async () => {
    const here = await remembering.start();
    const dag = new Dag('m')
      .input('xs', type<{ n: number }[]>())
      .map({ id: 'ys', over: 'xs', code: (x: { n: number }) => x.n * 2, cache: true, version: '1' })
      .map({ id: 'zs', over: 'ys', code: (y: number) => y + 1, cache: true, version: '1' })
      .add({ id: 'sum', code: (zs: readonly number[]) => zs.length, args: ['zs'], cache: true, version: '1' });
    const xs = Array.from({ length: 1000 }, (_, n) => ({ n }));
    const first = await ran(here, dag, { inputs: { xs } });
    expect(first.started).to.have.length(2001);
    const changed = xs.with(500, { n: 7777 });
    const second = await ran(here, dag, { inputs: { xs: changed } });
    expect(second.started).to.deep.equal(['ys[500]', 'zs[500]', 'sum']);
    expect(second.results.zs).to.deep.equal(changed.map(({ n }) => n * 2 + 1));
    expect((await ran(here, dag, { inputs: { xs } })).started).to.deep.equal([]);
  });

  it('of elements of one array that are equal run once, also where a function has made the array', async () => {
    const here = await remembering.start();
    const dag = new Dag('m')
      .add({ id: 'xs', code: () => [1, 2, 1, 2, 1] })
      .map({ id: 'ys', over: 'xs', code: (x: number) => counts.of(`${x}`, x * 2), cache: true, version: '1' });
    const { results, fromCache } = await ran(here, dag);
    expect(results.ys).to.deep.equal([2, 4, 2, 4, 2]);
    expect(counts.all).to.deep.equal({ 1: 1, 2: 1 });
    expect(fromCache).to.have.members(['ys[2]', 'ys[3]', 'ys[4]']);
  });

  it('depend on inline arguments and on serializers, each by its own code', async () => {
    const here = await remembering.start();
    const dag = (inline: string, serialize: (x: number) => number): object =>
      Dag.dynamic('d')
        .add({ id: 'x', code: () => 5 })
        .add({ id: 'i', code: (x: number) => x + 1, args: ['x'], type: 'inline', version: inline })
        .add({
          id: 'a',
          code: (i: number, x: number) => counts.of('a', i + x),
          args: ['i', arg('x', { serialize })],
          cache: true,
          version: '1',
        });
    await ran(
      here,
      dag('1', (x) => x),
    );
    expect(
      (
        await ran(
          here,
          dag('1', (x) => x),
        )
      ).started,
    ).to.deep.equal(['x']);
    expect(
      (
        await ran(
          here,
          dag('2', (x) => x),
        )
      ).started,
    ).to.deep.equal(['x', 'a']);
    const third = await ran(
      here,
      dag('1', (x) => x * 2),
    );
    expect([third.started, third.results.a]).to.deep.equal([['x', 'a'], 16]);
  });

  it('are functions inside of an expansion too, and what is included', async () => {
    const here = await remembering.start();
    const inner = (): object =>
      new Dag('inner')
        .add({ id: 'p', code: () => counts.of('p', 3), cache: true, version: '1' })
        .add({ id: 'q', code: (p: number) => p + 1, args: ['p'] });
    const dag = Dag.dynamic('d')
      .expand({ id: 'e', code: inner as never })
      .add({ id: 'z', code: (e: { q: number }) => counts.of('z', e.q), args: ['e'], cache: true, version: '1' });
    expect((await ran(here, dag)).results.z).to.equal(4);
    const second = await ran(here, dag);
    expect([second.started, second.fromCache]).to.deep.equal([
      ['e', 'e/q'],
      ['e/p', 'z'],
    ]);
  });

  it('tell what conditions and maps must know of them', async () => {
    const here = await remembering.start();
    const dag = Dag.dynamic('d')
      .add({ id: 'kind', code: () => counts.of('kind', 'a'), cache: true, version: '1' })
      .add({ id: 'xs', code: () => counts.of('xs', ['x'.repeat(100_000), 'y']), cache: true, version: '1' })
      .add({ id: 'a', code: () => 'A', when: { id: 'kind', is: 'a' } })
      .add({ id: 'b', code: () => 'B', when: { id: 'kind', isNot: 'a' } })
      .map({ id: 'ys', over: 'xs', code: (x: string) => counts.of(`y${x.length}`, x.length), cache: true, version: '1' });
    const first = await ran(here, dag);
    const second = await ran(here, dag);
    expect(second.results).to.deep.equal(first.results).and.to.include({ a: 'A', b: undefined });
    expect(second.started).to.deep.equal(['a']);
    expect(counts.all).to.deep.equal({ kind: 1, xs: 1, y100000: 1, y1: 1 });
  });

  it('are not read before somebody needs them: not by functions that are remembered too', async () => {
    const here = await remembering.start();
    const large = (of: string): string => of.repeat(200_000);
    const dag = Dag.dynamic('d')
      .add({ id: 'a', code: () => counts.of('a', large('a')), cache: true, version: '1' })
      .add({ id: 'b', code: (a: string) => counts.of('b', large(a[0]!)), args: ['a'], cache: true, version: '1' })
      .add({ id: 'c', code: (b: string) => counts.of('c', b.length), args: ['b'], cache: true, version: '1' })
      .add({ id: 'd', code: (a: string) => a.length, args: ['a'] });
    await ran(here, dag, { collect: ['c'] });
    expect(remembering.shelf.reads).to.equal(0);
    expect((await ran(here, dag, { collect: ['c'] })).results).to.deep.equal({ c: 200_000 });
    // By `d` alone.
    expect(remembering.shelf.reads).to.equal(1);
    expect(counts.all).to.deep.equal({ a: 1, b: 1, c: 1 });
  });

  it('that are gone when they are needed are made again', async () => {
    const here = await remembering.start();
    const dag = Dag.dynamic('d')
      .add({ id: 'a', code: () => counts.of('a', 'a'.repeat(200_000)), cache: true, version: '1' })
      .add({
        id: 'b',
        code: () => {
          remembering.shelf.files.clear();
          return 1;
        },
        args: [],
      })
      .add({ id: 'c', code: (a: string, b: number) => a.length + b, args: ['a', 'b'] });
    expect((await ran(here, dag, { collect: ['c'] })).results.c).to.equal(200_001);
    await ran(here, dag, { collect: ['c'] });
    const second = await ran(here, dag, { collect: ['c'] });
    expect(second.results.c).to.equal(200_001);
    expect(second.started).to.include('a');
  });

  it('are `undefined` too, if that is what a function returned; not in place of a failure or of a branch', async () => {
    const here = await remembering.start();
    const dag = Dag.dynamic('d')
      .add({ id: 'no', code: () => false })
      .add({ id: 'u', code: () => counts.of('u', undefined), cache: true, version: '1' })
      .add({
        id: 'f',
        code: () => {
          counts.of('f', 0);
          throw new Error('oh');
        },
        ...{ cache: true, version: '1', optional: true, maxRetries: 0 },
      })
      .add({ id: 'w', code: () => counts.of('w', 1), cache: true, version: '1', when: 'no' })
      .add({ id: 'z', code: (...all: unknown[]) => counts.of('z', all), args: ['u', 'f', 'w'], cache: true, version: '1' });
    await ran(here, dag);
    const second = await ran(here, dag);
    expect(second.fromCache).to.have.members(['u', 'z']);
    expect(second.results).to.deep.include({ u: undefined, f: undefined, w: undefined, z: [undefined, undefined, undefined] });
    expect(counts.all).to.deep.equal({ u: 1, f: 2, z: 1 });
  });

  it('that are being written when the node stops are remembered: it waits for that', async () => {
    const here = await remembering.start();
    const { shelf } = remembering;
    const remember = shelf.remember.bind(shelf);
    const held = gate();
    shelf.remember = async (...of) => {
      await held.pass();
      return remember(...of);
    };
    await ran(here, new Dag('d').add({ id: 'a', code: () => 1, cache: true, version: '1' }));
    await held.reached;
    const stopped = here.stop();
    held.open();
    await stopped;
    expect(shelf.entries.size).to.equal(1);
  });

  it('are made by the attempt that succeeds, however many failed before', async () => {
    const here = await remembering.start();
    const dag = Dag.dynamic('d').add({
      id: 'a',
      code: () => {
        if (counts.of('a', 1) && counts.all.a! < 3) throw new Error('oh');
        return 'done';
      },
      ...{ cache: true, version: '1', retry: { initialDelayMs: 0 } },
    });
    await ran(here, dag);
    expect((await ran(here, dag)).fromCache).to.deep.equal(['a']);
    expect(counts.all).to.deep.equal({ a: 3 });
  });

  it('are passed by without a dataDir, which is logged once', async () => {
    const handoff = await remembering.start({}, false);
    await ran(handoff, chainOf(counts));
    expect((await ran(handoff, chainOf(counts))).started).to.deep.equal(['a', 'b', 'c']);
    expect(remembering.logger.lines.filter(({ message }) => message.includes('no dataDir'))).to.have.length(1);
  });
});
