import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { doAtOnce } from '../../lib/base/index.js';
import {
  arg,
  comparePlans,
  compile,
  Dag,
  type DagLike,
  type DynamicDag,
  FUNCTION_CHANGES,
  isSameDag,
  modulesOf,
  type PlanRecord,
  type Reuse,
  recordPlan,
  sinceEpoch,
} from '../../lib/dag/index.js';
import { ConstantColumn, pack, unpack } from '../../lib/value/index.js';

type Spec = Parameters<DynamicDag['add']>[0];

/** What a DAG does not say itself. */
interface World {
  readonly contents?: Readonly<Record<string, string>>;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly epoch?: number;
}

function dagOf(specs: readonly Spec[], inputs: readonly string[] = []): DagLike {
  const dag = Dag.dynamic('d');
  for (const id of inputs) dag.input(id);
  for (const spec of specs) dag.add(spec);
  return dag;
}

/** The record of a DAG, as it comes from a disk. */
function recordOf(specs: readonly Spec[], { contents = {}, inputs = {}, epoch = 1 }: World = {}): PlanRecord {
  const plan = compile(dagOf(specs, Object.keys(inputs)));
  const record = doAtOnce(
    recordPlan(plan, {
      nameOf: (module) => module.replace('file:///project/', './'),
      contentOf: (module) => contents[module.replace('file:///project/', './')],
      constants: new ConstantColumn(),
      inputDigest: (id) => inputs[id],
      epoch,
    }),
  );
  return unpack(pack(record, { where: 'plan' }), { freeze: false }) as PlanRecord;
}

/** By id, what became of each function. */
function changes(before: PlanRecord, now: PlanRecord, reuse: Reuse = 'same-code'): Record<string, string> {
  const found = doAtOnce(comparePlans(before, now, reuse));
  return Object.fromEntries(now.ids.map((id, number) => [id, FUNCTION_CHANGES[found.changes[number]!]!]));
}

const ref = (name = 'f', module = './tasks.js') => ({ module, name });
const plain = (k: number) => [(x: unknown) => x, (x: unknown) => [x]][k]!;

describe('a plan compared with a recorded one', () => {
  const chain: readonly Spec[] = [
    { id: 'a', code: ref(), extraArgs: [1] },
    { id: 'b', code: ref('g'), args: ['a'] },
    { id: 'c', code: ref('h', './other.js'), args: ['b'] },
    { id: 'd', code: ref('h', './other.js') },
  ];
  const contents = { './tasks.js': '1', './other.js': '1' };
  const same = { a: 'same', b: 'same', c: 'same', d: 'same' };
  const chainWith = (id: string, change: Partial<Spec>): Spec[] => chain.map((spec) => (spec.id === id ? { ...spec, ...change } : spec));

  it('is the same in another order, with other options of how it is run', () => {
    const now = chainWith('b', {
      cost: { cpu: 3 },
      node: 'n',
      isolation: 'process',
      maxRetries: 9,
      timeoutMs: 5,
      priority: 2,
      estimateMs: 1,
    });
    expect(changes(recordOf(chain, { contents }), recordOf(now.toReversed(), { contents }))).to.deep.equal(same);
  });

  it('says what is new, and counts what is missing', () => {
    const before = recordOf(chain.slice(1, 4).map(({ args: _, ...spec }) => spec));
    const now = recordOf([...chain.slice(0, 1), ...chain.slice(2).map(({ args: _, ...spec }) => spec)]);
    expect(changes(before, now)).to.deep.equal({ a: 'new', c: 'same', d: 'same' });
    expect(doAtOnce(comparePlans(before, now, 'same-code'))).to.deep.include({ missing: 1, recordedAs: Int32Array.of(-1, 1, 2) });
  });

  it('differs by the content of a module in all that is made of it, and in their consumers', () => {
    const before = recordOf(chain, { contents });
    const changed = recordOf(chain, { contents: { ...contents, './tasks.js': '2' } });
    expect(changes(before, changed)).to.deep.equal({ a: 'code', b: 'code', c: 'producer', d: 'same' });
    expect(changes(before, changed, 'same-wiring')).to.deep.equal(same);
    expect(changes(before, changed, 'none')).to.deep.equal({ a: 'asked', b: 'asked', c: 'asked', d: 'asked' });
  });

  it('compares the reference alone where one of two drivers does not have the module', () => {
    const unknown = recordOf(chain, { contents: { './other.js': '1' } });
    expect(changes(recordOf(chain, { contents }), unknown)).to.deep.equal(same);
    expect(changes(unknown, recordOf(chain, { contents }))).to.deep.equal(same);
  });

  it('knows a module by the name that other nodes know it by', () => {
    const byUrl = chainWith('a', { code: ref('f', 'file:///project/tasks.js') });
    expect(changes(recordOf(chain, { contents }), recordOf(byUrl, { contents }))).to.deep.equal(same);
  });

  it('differs by code: the module and export that are named, also where only the wiring counts', () => {
    const before = recordOf(chain, { contents });
    for (const code of [ref('g'), ref('f', './other.js'), plain(0)]) {
      for (const reuse of ['same-code', 'same-wiring'] as const) {
        expect(changes(before, recordOf(chainWith('a', { code }), { contents }), reuse)).to.deep.equal({
          a: 'code',
          b: 'producer',
          c: 'producer',
          d: 'same',
        });
      }
    }
  });

  it('takes a version in place of the content, never in place of the reference', () => {
    const versioned = (version: string | undefined, code: Spec['code'] = ref()): Spec[] =>
      chainWith('a', { code, ...(version !== undefined && { version }) });
    const a = (before: readonly Spec[], now: readonly Spec[], reuse: Reuse = 'same-code', content = '2'): string =>
      changes(recordOf(before, { contents }), recordOf(now, { contents: { ...contents, './tasks.js': content } }), reuse).a!;
    expect(a(versioned('1'), versioned('1'))).to.equal('same');
    expect(a(versioned('1'), versioned('2'))).to.equal('code');
    expect(a(versioned('1'), versioned('2'), 'same-wiring')).to.equal('code');
    expect(a(versioned('1'), versioned(undefined), 'same-code', '1')).to.equal('code');
    expect(a(versioned(undefined), versioned('1'), 'same-code', '1')).to.equal('code');
    expect(a(versioned('1'), versioned('1', ref('g')))).to.equal('code');
    expect(a(versioned('1', plain(0)), versioned('1', plain(1)))).to.equal('same');
    expect(a(versioned('1', plain(0)), versioned('2', plain(0)))).to.equal('code');
    expect(a(versioned('1', Math.abs), versioned('1', Math.abs))).to.equal('same');
  });

  it('knows plain functions by their text; bound, native and proxied ones are never the same', () => {
    const a = (before: Spec['code'], now: Spec['code'], reuse: Reuse = 'same-code'): string =>
      changes(recordOf(chainWith('a', { code: before })), recordOf(chainWith('a', { code: now })), reuse).a!;
    const make = (k: number) => () => k;
    expect(a(make(1), make(2))).to.equal('same');
    expect(a(plain(0), plain(1))).to.equal('code');
    expect(a(plain(0), plain(1), 'same-wiring')).to.equal('same');
    for (const code of [plain(0).bind(null), Math.abs, new Proxy(plain(0), {})]) {
      expect(a(code, code)).to.equal('code');
      expect(a(code, code, 'same-wiring')).to.equal('code');
    }
  });

  it('differs by constants, by wiring, and by inputs', () => {
    const specs = (change: Partial<Spec> = {}): Spec[] => [
      { id: 'p', code: ref() },
      { id: 'q', code: ref() },
      { id: 'f', code: ref(), args: ['p', 'x', 'q'], extraArgs: [1, { k: [1] }], ...change },
      { id: 'end', code: ref(), args: ['f'] },
    ];
    const inputs = { x: '1', y: '1' };
    const before = recordOf(specs(), { inputs });
    const f = (change: Partial<Spec>, now = inputs): string => {
      const found = changes(before, recordOf(specs(change), { inputs: now }));
      expect(found.end).to.equal(found.f === 'same' ? 'same' : 'producer');
      return found.f!;
    };
    expect(f({})).to.equal('same');
    expect(f({ extraArgs: [1, { k: [2] }] })).to.equal('constants');
    expect(f({ extraArgs: [] })).to.equal('constants');
    for (const args of [['q', 'x', 'p'], ['p', 'y', 'q'], ['p', 'x'], ['p', 'x', 'q', 'q'], ['p', 'q', 'x'], []]) {
      expect(f({ args }), args.join()).to.equal('wiring');
    }
    expect(f({ argumentInclusion: 'as-list' })).to.equal('wiring');
    expect(f({}, { x: '2', y: '1' })).to.equal('inputs');
    expect(f({}, { x: '1', y: '2' })).to.equal('same');
  });

  it('tells an input that is new from a function that was, and the other way round', () => {
    const consumer: Spec = { id: 'f', code: ref(), args: ['x'] };
    const byInput = recordOf([consumer], { inputs: { x: '1' } });
    const byFunction = recordOf([{ id: 'x', code: ref() }, consumer]);
    expect(changes(byInput, byFunction).f).to.equal('wiring');
    expect(changes(byFunction, byInput).f).to.equal('wiring');
    expect(changes(byInput, recordOf([{ ...consumer, args: ['y'] }], { inputs: { y: '1' } })).f).to.equal('wiring');
    expect(
      changes(
        byFunction,
        recordOf([
          { id: 'y', code: ref() },
          { ...consumer, args: ['y'] },
        ]),
      ).f,
    ).to.equal('wiring');
  });

  it('differs by the (de)serializers of an edge, and their constants', () => {
    const edge = (options: object): PlanRecord =>
      recordOf(
        [
          { id: 'p', code: ref() },
          { id: 'f', code: ref(), args: [arg('p', options as never), 'p'] },
        ],
        { contents },
      );
    const before = edge({ serialize: ref('s'), deserialize: ref('d'), extra: [1] });
    const f = (options: object): string => changes(before, edge(options)).f!;
    expect(f({ serialize: ref('s'), deserialize: ref('d'), extra: [1] })).to.equal('same');
    expect(f({ serialize: ref('t'), deserialize: ref('d'), extra: [1] })).to.equal('code');
    expect(f({ serialize: ref('s'), deserialize: ref('s', './other.js'), extra: [1] })).to.equal('code');
    expect(f({ serialize: ref('s'), extra: [1] })).to.equal('wiring');
    expect(f({ serialize: ref('s'), deserialize: ref('d'), extra: [2] })).to.equal('constants');
    expect(
      changes(
        before,
        recordOf([
          { id: 'p', code: ref() },
          { id: 'f', code: ref(), args: ['p', 'p'] },
        ]),
      ).f,
    ).to.equal('wiring');
  });

  it('gives the consumers of an inline function its own reason', () => {
    const specs = (change: Partial<Spec> = {}): Spec[] => [
      { id: 'f', code: ref(), args: ['outer'] },
      { id: 'outer', code: ref(), type: 'inline', args: ['inner'] },
      { id: 'inner', code: ref(), type: 'inline', args: ['x'], ...change },
      { id: 'end', code: ref(), args: ['f'] },
    ];
    const now = (change: Partial<Spec>, x = '1') =>
      changes(recordOf(specs(), { inputs: { x: '1' } }), recordOf(specs(change), { inputs: { x } }));
    expect(now({}).f).to.equal('same');
    expect(now({ code: ref('g') })).to.deep.equal({ f: 'code', outer: 'code', inner: 'code', end: 'producer' });
    expect(now({ extraArgs: [1] }).f).to.equal('constants');
    expect(now({}, '2')).to.deep.equal({ f: 'inputs', outer: 'inputs', inner: 'inputs', end: 'producer' });
    const regular = recordOf(specs({ type: 'regular' }), { inputs: { x: '1' } });
    expect(changes(recordOf(specs(), { inputs: { x: '1' } }), regular)).to.deep.equal({
      f: 'producer',
      inner: 'wiring',
      outer: 'producer',
      end: 'producer',
    });
  });

  it('names the modules whose content counts: not those of functions with a version', () => {
    const specs: Spec[] = [
      { id: 'a', code: ref('f', './a.js') },
      { id: 'b', code: ref('f', './b.js'), args: [arg('a', { deserialize: ref('g', './c.js') as never })] },
      { id: 'd', code: () => 1 },
    ];
    const plan = compile(dagOf(specs));
    expect(doAtOnce(modulesOf(plan))).to.deep.equal(['./a.js', './b.js', './c.js']);
    const versioned = specs.map((spec) => ({ ...spec, version: '1' }));
    expect(doAtOnce(modulesOf(compile(dagOf(versioned))))).to.deep.equal(['./c.js']);
  });

  it('is one and the same DAG only if nothing is new, missing or changed, the inputs included, needed or not', () => {
    const specs: readonly Spec[] = [...chain, { id: 'e', code: ref(), args: ['x'] }];
    const world = { contents, inputs: { x: '1', unused: '1' } };
    const isSame = (now: readonly Spec[], changed: World = world): boolean =>
      doAtOnce(isSameDag(recordOf(specs, world), recordOf(now, { ...world, ...changed })));
    expect(isSame(specs)).to.equal(true);
    expect(isSame(specs.toReversed())).to.equal(true);
    expect(isSame(specs.slice(0, -1))).to.equal(false);
    expect(isSame([...specs, { id: 'more', code: ref() }])).to.equal(false);
    expect(isSame(specs, { contents: { ...contents, './other.js': '2' } })).to.equal(false);
    const others: readonly Readonly<Record<string, string>>[] = [
      { x: '2', unused: '1' },
      { x: '1', unused: '2' },
      { x: '1' },
      { x: '1', unused: '1', more: '1' },
    ];
    for (const inputs of others) {
      expect(isSame(specs, { inputs }), JSON.stringify(inputs)).to.equal(false);
    }
    expect(isSame(specs, { inputs: { unused: '1', x: '1' } })).to.equal(true);
  });

  it('keeps since when a function is what it is, as long as it is', () => {
    const first = recordOf(chain, { contents, epoch: 1 });
    const second = recordOf(chainWith('b', { extraArgs: [7] }).toReversed(), { contents, epoch: 2 });
    const since = (before: PlanRecord, now: PlanRecord, epoch: number, reuse: Reuse = 'same-code'): Record<string, number> => {
      const all = sinceEpoch(before, doAtOnce(comparePlans(before, now, reuse)), epoch);
      return Object.fromEntries(now.ids.map((id, number) => [id, all[number]!]));
    };
    const found = since(first, second, 2);
    expect(found).to.deep.equal({ a: 1, b: 2, c: 2, d: 1 });
    const kept = { ...second, since: Uint32Array.from(second.ids, (id) => found[id]!) };
    expect(since(kept, recordOf(chainWith('b', { extraArgs: [7] }), { contents, epoch: 3 }), 3)).to.deep.equal(found);
    expect(since(kept, recordOf(chain, { contents }), 3, 'none')).to.deep.equal({ a: 3, b: 3, c: 3, d: 3 });
  });

  /** Random DAGs of few kinds, so that two of them often agree in parts. */
  interface Part {
    readonly code: number;
    readonly extra: readonly unknown[];
    readonly args: readonly { readonly of: number; readonly edge: number }[];
    readonly asList: boolean;
    readonly inline: boolean;
    readonly version: string | undefined;
  }
  const part: fc.Arbitrary<Part> = fc.record({
    code: fc.constantFrom(0, 0, 0, 1, 2, 3),
    extra: fc.constantFrom([], [], [1], [{ a: 1 }]),
    args: fc.array(fc.record({ of: fc.nat(), edge: fc.constantFrom(0, 0, 1, 2) }), { maxLength: 3 }),
    asList: fc.constantFrom(false, false, true),
    inline: fc.constantFrom(false, false, true),
    version: fc.constantFrom(undefined, undefined, '1'),
  });
  const code = (k: number): Spec['code'] => (k < 2 ? ref(`f${k}`) : plain(k - 2));
  const EDGES = [undefined, { serialize: ref('s') }, { deserialize: ref('s'), extra: [1] }] as const;
  const specsOf = (parts: readonly Part[]): Spec[] =>
    parts.map(({ code: k, extra, args, asList, inline, version }, at) => ({
      id: `f${at}`,
      code: code(k),
      extraArgs: extra,
      args: args.map(({ of, edge }) => {
        const id = of % (at + 2) < 2 ? ['x', 'y'][of % (at + 2)]! : `f${(of % (at + 2)) - 2}`;
        return EDGES[edge] === undefined ? id : arg(id, EDGES[edge] as never);
      }),
      argumentInclusion: asList ? 'as-list' : 'variadic',
      type: inline ? 'inline' : 'regular',
      ...(version !== undefined && { version }),
    }));
  /** All that a function is made of, written out. */
  function fingerprints(specs: readonly Spec[], { contents = {}, inputs = {} }: World): Map<string, string> {
    const found = new Map<string, string>();
    for (const { id, code: given, extraArgs, args = [], argumentInclusion, type, version } of specs) {
      const shown = (one: Spec['code'] | undefined, v?: string): unknown =>
        typeof one === 'function' ? ['plain', v ?? String(one)] : one && [one.module, one.name, v ?? contents[one.module]];
      const consumed = args.map((one) => {
        const edge =
          typeof one === 'string' ? { id: one } : (one as { id: string; serialize?: never; deserialize?: never; extra?: unknown[] });
        const { id: of, serialize, deserialize, extra = [] } = edge as Record<string, never> & { id: string };
        return [of, found.get(of) ?? inputs[of], shown(serialize), shown(deserialize), extra];
      });
      const whole = JSON.stringify([shown(given, version), version, extraArgs, argumentInclusion, type, consumed]);
      found.set(id, createHash('sha256').update(whole).digest('hex'));
    }
    return found;
  }

  it('says of each function that it is the same if and only if all that it is made of is', () => {
    const world = fc.record({
      contents: fc.record({ './tasks.js': fc.constantFrom('1', '1', '1', '2') }),
      inputs: fc.record({ x: fc.constantFrom('1', '1', '2'), y: fc.constantFrom('1', '1', '2') }),
    });
    let same = 0;
    let changed = 0;
    const law = (
      parts: readonly Part[],
      others: readonly Part[],
      picks: readonly boolean[],
      before: World,
      after: World,
      turned: boolean,
    ): void => {
      const now = parts.map((one, at) => (picks[at % picks.length] ? (others[at] ?? one) : one));
      const [specs, specsNow] = [specsOf(parts), specsOf(now)];
      const [prints, printsNow] = [fingerprints(specs, before), fingerprints(specsNow, after)];
      const found = changes(recordOf(specs, before), recordOf(turned ? specsNow.toReversed() : specsNow, after));
      for (const [id, change] of Object.entries(found)) {
        expect(change === 'same', `${id}: ${change}`).to.equal(prints.get(id) === printsNow.get(id));
        if (change === 'same') same += 1;
        else changed += 1;
      }
    };
    const parts = fc.array(part, { minLength: 1, maxLength: 8 });
    const picks = fc.array(fc.constantFrom(false, false, false, true), { minLength: 1, maxLength: 8 });
    fc.assert(fc.property(parts, parts, picks, world, world, fc.boolean(), law), { numRuns: 500 });
    expect(Math.min(same, changed)).to.be.above(200);
  });

  it('is compared in steps, without recursion, however long a chain is', () => {
    const specs = Array.from({ length: 20_000 }, (_, k): Spec => ({ id: `f${k}`, code: ref(), args: k === 0 ? [] : [`f${k - 1}`] }));
    const [before, now] = [recordOf(specs.toReversed()), recordOf([{ ...specs[0]!, extraArgs: [1] }, ...specs.slice(1)])];
    let steps = 0;
    const work = comparePlans(before, now, 'same-code');
    let { done, value } = work.next();
    for (; !done; { done, value } = work.next()) steps += 1;
    expect(steps).to.be.above(10);
    expect([...value!.changes.slice(0, 2), value!.changes.at(-1)]).to.deep.equal([4, 6, 6]);
  });
});
