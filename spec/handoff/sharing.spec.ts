import { expect } from 'chai';
import { arg, Dag, functionsIn, Handoff, type HandoffError, type Isolation } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { gate } from '../support/gate.js';
import { spyLogger } from '../support/spy-logger.js';

const module_ = new URL('../executor/modules/sharing.ts', import.meta.url);
const root = new URL('../executor/modules/', import.meta.url).pathname;
const tasks = functionsIn(module_);
const INTACT = '[[["a",1]],[1],0,[1],0,"x",[1]]';

describe('values that several functions have', () => {
  let handoff: Handoff;
  before(async () => {
    handoff = await Handoff.start({ name: 'here', root, capabilities: { cpu: 2 }, logger: spyLogger() });
  });
  after(() => handoff.stop({ graceMs: 0 }));

  for (const isolation of ['loop', 'thread'] as const satisfies readonly Isolation[]) {
    describe(`in isolation ${isolation}`, () => {
      const dagOf = (id: string): ReturnType<typeof Dag.dynamic> => Dag.dynamic(`${isolation} ${id}`);

      it('are not changed for others by one that changes what cannot be frozen', async () => {
        const dag = dagOf('views')
          .add({ id: 'bytes', code: tasks.bytes!, extraArgs: [1, 2], isolation })
          .add({ id: 'marked', code: tasks.mark!, args: ['bytes'], isolation, priority: 1 })
          .add({ id: 'seen', code: tasks.first!, args: ['bytes'], isolation, cost: { cpu: 2 } });
        const { results } = await handoff.execute(dag);
        expect(results).to.deep.equal({ bytes: new Uint8Array([1, 2]), marked: 99, seen: 1 });
        expect(await handoff.getResult(dag.id, 'bytes')).to.deep.equal(new Uint8Array([1, 2]));
      });

      it('are apart also inside what is frozen', async () => {
        const dag = dagOf('nested')
          .add({ id: 'made', code: tasks.nested!, isolation })
          .add({ id: 'spoilt', code: tasks.spoil!, args: ['made'], isolation, priority: 1 })
          .add({ id: 'seen', code: tasks.describeNested!, args: ['made'], isolation, cost: { cpu: 2 } });
        const { results } = await handoff.execute(dag);
        expect(results.seen).to.equal(INTACT);
        expect(results.made).to.be.frozen;
        expect((results.made as { map: Map<string, number> }).map).to.deep.equal(new Map([['a', 1]]));
      });

      it('are as they were when they were returned, whatever the one that made them does later', async () => {
        const dag = dagOf('refilled')
          .add({ id: 'a', code: tasks.refilled!, extraArgs: [1], isolation })
          .add({ id: 'b', code: tasks.refilled!, extraArgs: [2], isolation })
          .add({ id: 'first', code: tasks.first!, args: ['a'], isolation });
        const { results } = await handoff.execute(dag);
        expect(results).to.deep.equal({ a: new Uint8Array([1, 1, 1]), b: new Uint8Array([2, 2, 2]), first: 1 });
      });

      it('are apart when they come from an inline function or a serializer', async () => {
        const dag = dagOf('inline')
          .add({ id: 'map', code: tasks.mapOf!, extraArgs: ['a', 1], isolation, type: 'inline' })
          .add({ id: 'changed', code: tasks.setKey!, args: ['map'], extraArgs: ['b', 2], isolation, type: 'inline' })
          .add({ id: 'sizes', code: (changed: number, map: ReadonlyMap<string, number>) => [changed, map.size], args: ['changed', 'map'] })
          .add({ id: 'source', code: tasks.nested!, isolation })
          .add({
            id: 'edge',
            code: tasks.describeNested!,
            args: [arg('source', { serialize: tasks.same! as never })],
            isolation,
          })
          .add({ id: 'spoilt', code: tasks.spoil!, args: [arg('source', { serialize: tasks.same! as never })], isolation, priority: 1 });
        const { results } = await handoff.execute(dag);
        expect(results).to.deep.include({ sizes: [2, 1], edge: INTACT });
      });

      it('are what they were for an attempt that comes after one that changed them', async () => {
        const dag = dagOf('again')
          .add({ id: 'map', code: tasks.mapOf!, extraArgs: ['a', 1], isolation })
          .add({ id: 'size', code: tasks.failFirst!, args: ['map'], isolation, retry: { initialDelayMs: 0 } });
        const { results } = await handoff.execute(dag, { collect: ['size'] });
        expect(results).to.deep.equal({ size: 2 });
      });

      it('are constants and inputs: the same at each attempt, and not those of the caller', async () => {
        const list = [1, 2, 3];
        const config = { list, table: Array.from({ length: 200 }, (_, at) => at) };
        const events: string[] = [];
        const dag = dagOf('constants')
          .input('list')
          .add({ id: 'f', code: tasks.popThenFail!, extraArgs: [list], isolation })
          .add({ id: 'g', code: tasks.popThenFail!, args: ['list'], isolation })
          .add({ id: 'kept', code: tasks.same!, extraArgs: [config], isolation })
          .add({ id: 'passed', code: tasks.same!, args: ['list'], isolation });
        const run = handoff.execute(dag, { inputs: { list }, onFailure: 'continue', maxRetries: 1 });
        for await (const event of run) if (event.type === 'function-resting') events.push(event.error.message);
        const error = (await caught(run)) as unknown as HandoffError;
        expect(events).to.deep.equal(['took 3, left 2', 'took 3, left 2']);
        expect(error.failures!.map(({ cause }) => (cause as Error).message)).to.deep.equal(['took 3, left 2', 'took 3, left 2']);
        expect(list).to.deep.equal([1, 2, 3]);
        for (const mine of [list, config, config.table]) expect(mine).not.to.be.frozen;
      });

      it('are frozen where they can be, and the error of a write says so', async () => {
        for (const code of [tasks.push!, tasks.later!]) {
          const dag = dagOf('frozen')
            .add({ id: 'list', code: tasks.same!, extraArgs: [[1, 2]], isolation })
            .add({ id: 'f', code, args: ['list'], isolation, maxRetries: 0 });
          const error = await caught(handoff.execute(dag));
          expect(error)
            .to.have.property('message')
            .that.matches(/handoff freezes .* copy/);
          expect(error.cause)
            .to.be.instanceOf(TypeError)
            .with.property('message')
            .that.matches(/not extensible .*handoff freezes .* copy/);
          expect((error.cause as Error).stack).to.match(/handoff freezes/);
        }
      });
    });
  }

  it('reach the only function on the loop that uses them as they are', async () => {
    const original = new Map([['a', { b: 1 }]]);
    const dag = new Dag('sole')
      .add({ id: 'map', code: () => original })
      .add({ id: 'same', code: (map: ReadonlyMap<string, unknown>) => map === original, args: ['map'] });
    expect((await handoff.execute(dag, { collect: ['same'] })).results).to.deep.equal({ same: true });
    expect((await handoff.execute(dag, { collect: ['same'], maxRetries: 0 })).results).to.deep.equal({ same: true });
    expect((await handoff.execute(dag)).results.same, 'the caller uses it too').to.equal(false);
  });

  it('are shared as they are, values or not, where freezing is off', async () => {
    await using loose = await Handoff.start({ name: 'loose', root, freeze: false, logger: spyLogger() });
    const original = new Map([['a', [1]]]);
    const socket = new (class Socket {})();
    const dag = Dag.dynamic('loose')
      .input('socket')
      .add({ id: 'map', code: () => original })
      .add({ id: 'same', code: (map: unknown) => map === original, args: ['map'] })
      .add({ id: 'callback', code: () => () => 1 })
      .add({ id: 'socket too', code: (a: unknown, b: unknown) => a === socket && b === socket, args: ['socket'], extraArgs: [socket] });
    const { results } = await loose.execute(dag, { inputs: { socket } });
    expect(results.map).to.equal(original);
    expect(results).to.include({ same: true, 'socket too': true });
    expect(results.callback).to.be.a('function');
    expect(original.get('a')).not.to.be.frozen;
  });

  it('have no hint in the error of a write where freezing is off', async () => {
    await using loose = await Handoff.start({ name: 'loose', root, freeze: false, logger: spyLogger() });
    const dag = Dag.dynamic('own')
      .add({ id: 'f', code: () => Object.freeze([1]) })
      .add({ id: 'g', code: tasks.push!, args: ['f'], maxRetries: 0, isolation: 'loop' });
    expect((await caught(loose.execute(dag))).message).not.to.contain('handoff freezes');
  });
});

describe('what execute has taken', () => {
  let handoff: Handoff;
  before(async () => {
    handoff = await Handoff.start({ name: 'here', root, capabilities: { cpu: 2 }, logger: spyLogger() });
  });
  after(() => handoff.stop({ graceMs: 0 }));

  const large = (first: number): Uint8Array => new Uint8Array(100_000).fill(first);
  /** A value, and the list inside whose first element is changed. */
  const kinds: readonly (readonly [string, () => { value: unknown; inside: { 0: number } }])[] = [
    ['a list', () => whole([0])],
    ['binary data', () => whole(large(0))],
    [
      'what is nested deeply',
      () => {
        const inside = [0] as [number];
        let value: unknown = inside;
        for (let depth = 0; depth < 50; depth += 1) value = [value];
        return { value, inside };
      },
    ],
    [
      'a list among many others',
      () => {
        const lists = Array.from({ length: 1000 }, (): [number] => [0]);
        return { value: lists, inside: lists[0]! };
      },
    ],
  ];
  function whole(value: Uint8Array | [number]): { value: unknown; inside: { 0: number } } {
    return { value, inside: value as [number] };
  }
  /** The first leaf. */
  const read = (value: unknown): unknown => {
    let inside = value;
    while (typeof inside === 'object' && inside !== null) inside = (inside as { 0: unknown })[0];
    return inside;
  };

  for (const freeze of [true, false]) {
    for (const [what, make] of kinds) {
      it(`is fixed: ${what} in extraArgs and inputs changes no run that has begun${freeze ? '' : ', without freezing too'}`, async () => {
        await using node = await Handoff.start({ name: 'there', root, freeze, logger: spyLogger() });
        const held = gate();
        const constant = make();
        const given = make();
        const runs = [1, 2, 3].map((round) => {
          constant.inside[0] = round;
          given.inside[0] = round + 10;
          const dag = Dag.dynamic(`round ${round}`)
            .input('input')
            .add({ id: 'gate', code: () => held.pass().then(() => 0) })
            .add({ id: 'constant', code: (_gate: unknown, value: unknown) => read(value), args: ['gate'], extraArgs: [constant.value] })
            .add({ id: 'input one', code: (_gate: unknown, value: unknown) => read(value), args: ['gate', 'input'] })
            .add({
              id: 'edge',
              code: (_gate: unknown, value: unknown) => value,
              args: [
                'gate',
                arg('gate', {
                  deserialize: ((_value: unknown, _from: string, _to: string, extra: unknown) => read(extra)) as never,
                  extra: [constant.value],
                }),
              ],
            });
          return node.execute(dag, { inputs: { input: given.value } });
        });
        constant.inside[0] = 99;
        given.inside[0] = 99;
        held.open();
        const outcomes = await Promise.all(runs);
        expect(outcomes.map(({ results }) => results.constant)).to.deep.equal([1, 2, 3]);
        expect(outcomes.map(({ results }) => results['input one'])).to.deep.equal([11, 12, 13]);
        expect(outcomes.map(({ results }) => results.edge)).to.deep.equal([1, 2, 3]);
      });
    }
  }

  it('is fixed for values stored by hand as soon as the call has returned', async () => {
    const list = [[1]];
    const stored = [handoff.storeValue('by hand', 'value', list), handoff.storeResult('by hand', 'result', list)];
    list[0]![0] = 99;
    await Promise.all(stored);
    for (const id of ['value', 'result']) {
      const read = (await handoff.getLocalValue('by hand', id)) as number[][];
      expect(read).to.deep.equal([[1]]);
      read[0]![0] = 98;
      expect(await handoff.getValue('by hand', id)).to.deep.equal([[1]]);
    }
    expect(list).not.to.be.frozen;
  });

  for (const isolation of ['loop', 'thread'] as const) {
    it(`may be as deep as a value may be, each of them, in isolation ${isolation}`, async () => {
      let deep: unknown[] = ['inside'];
      for (let depth = 1; depth < 1000; depth += 1) deep = [deep];
      const run = (extraArgs: unknown[]): PromiseLike<{ results: Readonly<Record<string, unknown>> }> =>
        handoff.execute(Dag.dynamic().add({ id: 'f', code: tasks.first!, extraArgs, isolation }));
      expect((await run([deep, 'beside'])).results.f).to.deep.equal(deep[0]);
      const refusal = (await caught(run([1, [deep]]))).cause as HandoffError;
      expect(refusal).to.have.property('code', 'HANDOFF_NOT_SERIALIZABLE');
      expect(refusal.path).to.match(/^extraArgs\[1\]\[0\]/);
    });
  }

  it('is told from what is no value, with the path', async () => {
    const refused = (extraArgs: unknown[]): ReturnType<typeof caught> =>
      caught(handoff.execute(Dag.dynamic().add({ id: 'f', code: () => 1, extraArgs })));
    for (const [extraArgs, path] of [
      [[1, { a: () => 1 }], 'extraArgs[1].a'],
      [[{ rows: [...large(0), Symbol('s')] }], 'extraArgs[0].rows[100000]'],
      [[new (class Mine {})()], 'extraArgs[0]'],
    ] as const) {
      const error = await refused([...extraArgs]);
      expect(error.cause, path).to.include({ code: 'HANDOFF_NOT_SERIALIZABLE', path });
    }
    const inputs = { x: [Object.defineProperty({}, 'y', { get: () => 1, enumerable: true })] };
    expect(
      await caught(
        handoff.execute(
          Dag.dynamic()
            .input('x')
            .add({ id: 'f', code: () => 1, args: ['x'] }),
          { inputs },
        ),
      ),
    ).to.include({
      code: 'HANDOFF_NOT_SERIALIZABLE',
      path: 'inputs.x[0].y',
    });
  });

  it('is taken over once where many functions have it', async () => {
    const table = Array.from({ length: 10_000 }, (_, at) => ({ at }));
    let dag = Dag.dynamic('table');
    for (let index = 0; index < 50; index += 1) {
      dag = dag.add({ id: `f${index}`, code: (rows: { at: number }[], at: number) => (rows[at]!.at += 1), extraArgs: [table, index] });
    }
    const { results } = await handoff.execute(dag);
    expect(Object.values(results)).to.deep.equal(Array.from({ length: 50 }, (_, index) => index + 1));
  });
});
