import { expect } from 'chai';
import { Dag, functionsIn, Handoff } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { sparse } from '../support/modules/map-tasks.js';
import { spyLogger } from '../support/spy-logger.js';

interface Told {
  readonly results: { readonly m: unknown[]; readonly whole: readonly { n?: number }[] };
}

for (const freeze of [true, false]) {
  describe(`maps over inputs and results, ${freeze ? 'frozen' : 'not frozen'}`, () => {
    let handoff: Handoff;
    before(async () => {
      handoff = await Handoff.start({ name: 'here', capabilities: { cpu: 2 }, freeze, logger: spyLogger() });
    });
    after(() => handoff.stop());

    const overInput = (rows: unknown, code: (one: never) => unknown = (one) => one): Promise<unknown> => {
      const dag = Dag.dynamic('over')
        .input('rows')
        .map({ id: 'm', over: 'rows', code } as never)
        .add({ id: 'whole', code: (all: unknown) => all, args: ['rows'] });
      return handoff.execute(dag as never, { inputs: { rows }, collect: 'all', maxRetries: 0 } as never) as never;
    };

    it('go over few and many numbers, objects, holes and what is shared', async () => {
      const one = { n: 1 };
      const holes = new Array<unknown>(3);
      holes[1] = 'there';
      for (const rows of [[], [1, -0, Number.NaN], Array.from({ length: 5000 }, (_, at) => at / 7), [one, one, { one }], holes]) {
        const { results } = (await overInput(rows)) as Told;
        expect(results.m).to.deep.equal(Array.from(rows as unknown[]));
        expect(results.whole).to.deep.equal(Array.from(rows as unknown[]));
        if ((rows as unknown[])[0] === one) expect(results.m[0]).not.to.equal(results.m[1]);
      }
    });

    it('leave an array what it has besides its elements, for the function that gets it whole', async () => {
      const rows = Object.assign([1, 2], { unit: 'kg', of: { all: true } });
      const look = (all: typeof rows): unknown => [all.length, all.unit, all.of];
      const dag = Dag.dynamic('over')
        .input('rows')
        .add({ id: 'made', code: () => rows })
        .map({ id: 'm', over: 'rows', code: (one: unknown) => one } as never)
        .map({ id: 'n', over: 'made', code: (one: unknown) => one } as never)
        .add({ id: 'ofInput', code: look, args: ['rows'] as never })
        .add({ id: 'ofResult', code: look, args: ['made'] as never });
      const { results } = await handoff.execute(dag, { inputs: { rows }, collect: ['m', 'n', 'ofInput', 'ofResult'] });
      const whole = [2, 'kg', { all: true }];
      expect(results).to.deep.equal({ m: [1, 2], n: [1, 2], ofInput: whole, ofResult: whole });
    });

    it('fail at once over a sparse array that is longer than any run can be, wherever it was made', async () => {
      const tasks = functionsIn<typeof import('../support/modules/map-tasks.js')>(
        new URL('../support/modules/map-tasks.js', import.meta.url),
      );
      const made = (code: never): unknown =>
        Dag.dynamic('over')
          .add({ id: 'rows', code, maxRetries: 0 } as never)
          .map({ id: 'm', over: 'rows', code: (one: unknown) => one } as never);
      const runs = [
        () => overInput(sparse()),
        () => handoff.execute(made(sparse as never) as never),
        () => handoff.execute(made(tasks.sparse as never) as never, { maxFunctions: 2 ** 40 }),
      ];
      for (const run of runs) {
        const error = await caught(run());
        expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'm' });
        expect(error.message).to.include(String(2 ** 31));
      }
    });

    it('say what an input is that is no array', async () => {
      for (const [rows, what] of [
        [new Uint8Array(3), 'a Uint8Array'],
        [new Map(), 'a Map'],
        ['text', 'a string'],
        [null, 'null'],
      ] as const) {
        const error = await caught(overInput(rows));
        expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'm' });
        expect(error.message).to.include(what);
      }
    });

    it('give each function an element of its own, also of an array that another function gets whole', async () => {
      const shared = { n: 1 };
      const dag = Dag.dynamic('over')
        .add({ id: 'rows', code: () => [shared, shared, { shared, when: new Date(5) }] })
        .map({ id: 'm', over: 'rows', code: (one: unknown) => one } as never)
        .add({ id: 'whole', code: (all: readonly unknown[]) => [all[0] === all[1], all], args: ['rows'] as never });
      const { results } = (await handoff.execute(dag as never, { collect: 'all' } as never)) as unknown as {
        results: { m: unknown[]; whole: [boolean, unknown[]] };
      };
      expect(results.m).to.deep.equal([{ n: 1 }, { n: 1 }, { shared: { n: 1 }, when: new Date(5) }]);
      expect(results.m[0]).not.to.equal(results.m[1]);
      expect(results.whole[0]).to.equal(false);
      expect(results.whole[1]).to.deep.equal(results.m);
    });
  });
}
