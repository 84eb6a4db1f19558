import { expect } from 'chai';
import fc from 'fast-check';
import { doAtOnce } from '../../lib/base/index.js';
import { comparePlans, compile, Dag, type PlanRecord, type Reuse, recordPlan, sinceEpoch } from '../../lib/dag/index.js';
import { idempotencyKey } from '../../lib/executor/attempts/idempotency-key.js';
import { ConstantColumn } from '../../lib/value/index.js';

describe('the idempotency key of a function', () => {
  it('is one for each function of each run, each element and each change, and may stand anywhere', () => {
    const part = fc.record({
      runId: fc.constantFrom('r', 'r1', '1'),
      functionId: fc.oneof(fc.constantFrom('f', '1', '1,"f"', '","', 'f1'), fc.string()),
      since: fc.nat({ max: 3 }),
      index: fc.option(fc.nat({ max: 12 }), { nil: undefined }),
    });
    const key = ({ index, ...rest }: typeof part extends fc.Arbitrary<infer T> ? T : never): string =>
      idempotencyKey({ ...rest, ...(index !== undefined && { index }) });
    fc.assert(fc.property(part, (one) => /^[\w-]{43}$/.test(key(one)) && key(one) === key({ ...one })));
    fc.assert(
      fc.property(part, part, (one, other) => (key(one) === key(other)) === (JSON.stringify(one) === JSON.stringify(other))),
      { numRuns: 1000 },
    );
  });

  it('is what it was in every resumption until the function changes, and never again what it was before', () => {
    const record = (constant: number, content: string, epoch: number): PlanRecord => {
      const dag = Dag.dynamic('d').add({ id: 'f', code: { module: './m.js', name: 'f' }, extraArgs: [constant] });
      const deps = { nameOf: (module: string) => module, contentOf: () => content, inputDigest: () => undefined };
      return doAtOnce(recordPlan(compile(dag), { ...deps, constants: new ConstantColumn(), epoch }));
    };
    let before = record(1, 'a', 1);
    let epoch = 1;
    const key = (): string => idempotencyKey({ runId: 'r', functionId: 'f', since: before.since[0]! });
    const resumed = (constant: number, content: string, reuse: Reuse = 'same-code'): string => {
      epoch += 1;
      const now = record(constant, content, epoch);
      before = { ...now, since: sinceEpoch(before, doAtOnce(comparePlans(before, now, reuse)), epoch) };
      return key();
    };
    const first = key();
    expect(resumed(1, 'a')).to.equal(first);
    expect(resumed(1, 'b', 'same-wiring')).to.equal(first);
    expect(resumed(1, 'b')).to.equal(first);
    const second = resumed(2, 'b');
    expect(second).to.not.equal(first);
    expect(resumed(2, 'b')).to.equal(second);
    const third = resumed(1, 'b');
    expect([first, second]).to.not.include(third);
    const fourth = resumed(1, 'b', 'none');
    expect([first, second, third]).to.not.include(fourth);
    expect(resumed(1, 'b')).to.equal(fourth);
  });
});
