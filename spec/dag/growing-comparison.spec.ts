import { expect } from 'chai';
import fc from 'fast-check';
import { doAtOnce } from '../../lib/base/index.js';
import { comparePlans, compile, Dag, type DynamicDag, FUNCTION_CHANGES, type PlanRecord, recordPlan } from '../../lib/dag/index.js';
import { ConstantColumn, pack, unpack } from '../../lib/value/index.js';

const code = { module: './m.js', name: 'f' };

function recordOf(dag: DynamicDag, inputs: Readonly<Record<string, string>> = { xs: '1', ys: '1' }): PlanRecord {
  const deps = { nameOf: (module: string) => module, contentOf: () => '1', inputDigest: (id: string) => inputs[id], epoch: 1 };
  const record = doAtOnce(recordPlan(compile(dag), { ...deps, constants: new ConstantColumn() }));
  return unpack(pack(record, { where: 'plan' }), { freeze: false }) as PlanRecord;
}

/** By id, what became of each function. */
function changes(before: PlanRecord, now: PlanRecord): Record<string, string> {
  const found = doAtOnce(comparePlans(before, now, 'same-code'));
  return Object.fromEntries(now.ids.map((id, number) => [id, FUNCTION_CHANGES[found.changes[number]!]!]));
}

describe('a plan with maps, expansions and conditions, compared with a recorded one', () => {
  interface Change {
    readonly map?: object;
    readonly follower?: object;
    readonly expansion?: object;
    readonly branch?: object;
  }
  const dagOf = ({ map, follower, expansion, branch }: Change = {}): DynamicDag =>
    Dag.dynamic('d')
      .input('xs')
      .input('ys')
      .map({ id: 'n', over: 'm', code, ...follower })
      .add({ id: 'b', code, when: { id: 'n', is: 'x' }, ...branch })
      .map({ id: 'm', over: 'xs', code, when: 'xs', ...map })
      .expand({ id: 'e', code, ...expansion })
      .add({ id: 'other', code });
  const before = recordOf(dagOf());
  const same = { n: 'same', b: 'same', m: 'same', e: 'same', other: 'same' };

  it('is the same with other options of how it is run', () => {
    const now = dagOf({ map: { concurrency: 3, optional: true, maxRetries: 2 }, branch: { optional: true }, expansion: { priority: 1 } });
    expect(changes(before, recordOf(now))).to.deep.equal(same);
  });

  it('is the same where no function of the recorded one grows or branches, and none of this one does', () => {
    const plain = Dag.dynamic('d').add({ id: 'a', code });
    const { wires: _, tests: __, ...old } = recordOf(plain);
    // A record of an older version has an empty column, and no tests.
    expect(changes({ ...old, wires: new Int32Array(0) } as PlanRecord, recordOf(plain))).to.deep.equal({ a: 'same' });
  });

  it('differs by wiring where a map goes over another array, a condition is another one, or the type is another', () => {
    const consumers = { n: 'producer', b: 'producer' };
    const wiring: [Change, Record<string, string>][] = [
      [{ map: { over: 'ys' } }, { ...consumers, m: 'wiring' }],
      [{ map: { over: 'other' } }, { ...consumers, m: 'wiring' }],
      [{ map: { when: 'ys' } }, { ...consumers, m: 'wiring' }],
      [{ map: { when: undefined } }, { ...consumers, m: 'wiring' }],
      [{ map: { when: { id: 'xs', isNot: '' } } }, { ...consumers, m: 'wiring' }],
      [{ branch: { when: { id: 'n', isNot: 'x' } } }, { b: 'wiring' }],
      [{ branch: { when: { id: 'n', is: 'y' } } }, { b: 'wiring' }],
      [{ branch: { when: 'n' } }, { b: 'wiring' }],
      [{ branch: { when: { id: 'm', is: 'x' } } }, { b: 'wiring' }],
      [{ expansion: { when: 'xs' } }, { e: 'wiring' }],
    ];
    for (const [change, expected] of wiring) {
      expect(changes(before, recordOf(dagOf(change))), JSON.stringify(change)).to.deep.equal({ ...same, ...expected });
    }
    const negative = (is: number): PlanRecord => recordOf(dagOf({ branch: { when: { id: 'n', is } } }));
    expect(changes(negative(0), negative(-0))).to.deep.equal({ ...same, b: 'wiring' });
    expect(changes(negative(-0), negative(-0))).to.deep.equal(same);
    const asFunction = recordOf(Dag.dynamic('d').add({ id: 'e', code }));
    const asExpansion = recordOf(Dag.dynamic('d').expand({ id: 'e', code }));
    for (const [one, two] of [
      [asFunction, asExpansion],
      [asExpansion, asFunction],
    ] as const) {
      expect(changes(one, two)).to.deep.equal({ e: 'wiring' });
    }
  });

  it('differs with what a map goes over, and with what a condition looks at', () => {
    expect(changes(before, recordOf(dagOf(), { xs: '2', ys: '1' }))).to.deep.equal({ ...same, m: 'inputs', n: 'producer', b: 'producer' });
    const followed = recordOf(dagOf({ follower: { extraArgs: [1] } }));
    expect(changes(before, followed)).to.deep.equal({ ...same, n: 'constants', b: 'producer' });
  });

  it('says of each function that it is the same if and only if all that it is made of is (property)', () => {
    const wire = fc.nat();
    const part = fc.record({
      kind: fc.constantFrom('add', 'map', 'expand'),
      over: wire,
      args: fc.array(wire, { maxLength: 2 }),
      when: fc.option(wire, { freq: 2 }),
      test: fc.constantFrom(undefined, { is: 'x' }, { isNot: 'x' }, { is: 0 }, { is: -0 }),
      extra: fc.constantFrom([], [], [], [1]),
    });
    type Part = typeof part extends fc.Arbitrary<infer P> ? P : never;
    const made = (parts: readonly Part[], turned: boolean): { readonly dag: DynamicDag; readonly prints: Map<string, string> } => {
      const dag = Dag.dynamic('d').input('xs').input('ys');
      const prints = new Map([
        ['xs', 'xs'],
        ['ys', 'ys'],
      ]);
      const adding = parts.map(({ kind, over, args, when, test, extra }, at) => {
        const named = (given: number): string => ['xs', 'ys', ...parts.slice(0, at).map((_, k) => `f${k}`)][given % (at + 2)]!;
        const condition = when === null ? undefined : test ? { id: named(when), ...test } : named(when);
        const wires = { args: args.map(named), ...(kind === 'map' && { over: named(over) }) };
        const tested = condition === undefined ? '' : typeof condition === 'string' ? 'truthy' : keyOf(test);
        const consumed = [...wires.args, ' over ', wires.over ?? '', ' when ', when === null ? '' : named(when)];
        prints.set(`f${at}`, JSON.stringify([kind, extra, consumed, consumed.map((id) => prints.get(id)), tested]));
        const spec = { id: `f${at}`, code, extraArgs: extra, ...wires, ...(condition !== undefined && { when: condition }) };
        return () => (dag as unknown as Record<string, (spec: object) => unknown>)[kind]!(spec);
      });
      for (const act of turned ? adding.toReversed() : adding) act();
      return { dag, prints };
    };
    const counts = { same: 0, changed: 0 };
    const law = (parts: readonly Part[], others: readonly Part[], picks: readonly boolean[], turned: boolean): void => {
      const now = parts.map((one, at) => (picks[at % picks.length] ? (others[at] ?? one) : one));
      const [first, second] = [made(parts, false), made(now, turned)];
      for (const [id, change] of Object.entries(changes(recordOf(first.dag), recordOf(second.dag)))) {
        expect(change === 'same', `${id}: ${change}`).to.equal(first.prints.get(id) === second.prints.get(id));
        counts[change === 'same' ? 'same' : 'changed'] += 1;
      }
    };
    const parts = fc.array(part, { minLength: 1, maxLength: 6 });
    const picks = fc.array(fc.constantFrom(false, false, false, true), { minLength: 1, maxLength: 6 });
    fc.assert(fc.property(parts, parts, picks, fc.boolean(), law), { numRuns: 500, verbose: 0 });
    expect(Math.min(counts.same, counts.changed)).to.be.above(200);
  });
});

const keyOf = (test: object | undefined): string => JSON.stringify(test, (_, value) => (Object.is(value, -0) ? 'negative zero' : value));
