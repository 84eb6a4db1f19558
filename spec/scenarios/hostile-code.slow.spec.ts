import { expect } from 'chai';
import { Dag, type ExecuteOptions, functionsIn, type Handoff, HandoffError } from '../../lib/index.js';
import { TestCluster } from '../../lib/testing/index.js';
import { caught } from '../support/caught.js';
import { RETURNED, THROWN } from './modules/hostile.js';

const code = functionsIn<typeof import('./modules/hostile.js')>(new URL('./modules/hostile.ts', import.meta.url));

/** Where a function runs. */
const PLACES: Readonly<Record<string, { readonly node?: string; readonly isolation: 'thread' | 'loop' | 'process' }>> = {
  'a thread of the driver': { isolation: 'thread', node: 'n1' },
  'the loop of the driver': { isolation: 'loop', node: 'n1' },
  'a thread of another node': { isolation: 'thread', node: 'n2' },
  'a process of the driver': { isolation: 'process', node: 'n1' },
  'a process of another node': { isolation: 'process', node: 'n2' },
  'the loop of another node': { isolation: 'loop', node: 'n2' },
};

for (const transport of ['memory', 'websocket'] as const) {
  // What happens within the driver is the same over each.
  const places = Object.entries(PLACES).filter(([, { node }]) => transport === 'memory' || node === 'n2');

  describe(`code that throws and returns anything, on nodes over ${transport}`, () => {
    let cluster: TestCluster;
    let driver: Handoff;
    before(async () => {
      cluster = await TestCluster.start({ nodes: 2, transport });
      driver = cluster.node('n1');
    });
    after(() => cluster.stop());

    const failure = async (dag: Parameters<Handoff['execute']>[0], options: ExecuteOptions = {}): Promise<HandoffError> => {
      const error = await caught(driver.execute(dag as never, { maxRetries: 0, ...options } as never));
      expect(HandoffError.is(error), String(error)).to.equal(true);
      return error as unknown as HandoffError;
    };

    for (const [place, where] of places) {
      for (const what of Object.keys(THROWN)) {
        it(`is that function's failure, once, in ${place}: ${what}`, async () => {
          for (const fails of [code.throws, code.rejects]) {
            const error = await failure(Dag.dynamic().add({ id: 'f', code: fails, extraArgs: [what], ...where }));
            expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'f', attempts: 1 });
            expect(error.message).to.be.a('string').with.length.below(25_000);
            expect(() => `${error.cause instanceof Error && error.cause.stack}`).not.to.throw();
          }
        });
      }

      for (const what of Object.keys(RETURNED)) {
        it(`ends the run, whatever is returned, in ${place}: ${what}`, async () => {
          for (const gives of [code.returns, code.resolves]) {
            const dag = Dag.dynamic().add({ id: 'f', code: gives, extraArgs: [what], ...where });
            const ended = await driver.execute(dag, { maxRetries: 0 }).then(
              () => 'completed',
              (error: HandoffError) => error.code,
            );
            expect(ended).to.be.oneOf(['completed', 'HANDOFF_FUNCTION_FAILED']);
          }
        });
      }

      it(`refuses what is too deep where it is made, with the path, in ${place}`, async () => {
        const error = await failure(Dag.dynamic().add({ id: 'f', code: code.nest, extraArgs: [3000], ...where }), { maxRetries: 3 });
        expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', attempts: 1 });
        expect(error.cause).to.include({ code: 'HANDOFF_NOT_SERIALIZABLE' });
        expect((error.cause as HandoffError).path).to.match(/^result\.a\.a/);
      });

      it(`passes on what is 1,000 deep, from ${place} to anywhere`, async () => {
        for (const to of Object.values(PLACES)) {
          const dag = Dag.dynamic()
            .add({ id: 'deep', code: code.nest, extraArgs: [1000], ...where })
            .add({ id: 'depth', code: code.depthOf, args: ['deep'], ...to });
          const { results } = await driver.execute(dag);
          expect(results.depth).to.equal(1000);
          expect(results.deep).to.be.an('object');
        }
      });

      it(`throws 42 as it is, in ${place}`, async () => {
        const error = await failure(Dag.dynamic().add({ id: 'f', code: code.throws42, ...where }));
        expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', cause: 42 });
        expect(error.message).to.contain('42');
      });

      it(`gives a Buffer as a Buffer, from ${place} to anywhere`, async () => {
        for (const to of Object.values(PLACES)) {
          const dag = Dag.dynamic()
            .input('given')
            .add({ id: 'small', code: code.buffer, extraArgs: ['abc'], ...where })
            .add({ id: 'nested', code: code.nested, extraArgs: ['abc'], ...where })
            .add({ id: 'large', code: code.largeBuffer, extraArgs: [300_000], ...where })
            .add({ id: 'empty', code: code.buffer, extraArgs: [''], ...where })
            .add({ id: 'smallKind', code: code.kindOf, args: ['small'], ...to })
            .add({ id: 'nestedKinds', code: code.kindsIn, args: ['nested'], ...to })
            .add({ id: 'largeKind', code: code.kindOf, args: ['large'], ...to })
            .add({ id: 'emptyKind', code: code.kindOf, args: ['empty'], ...to })
            .add({ id: 'inputKind', code: code.kindOf, args: ['given'], ...to })
            .add({ id: 'constantKind', code: code.kindOf, extraArgs: [Buffer.from('abc')], ...to });
          const { results } = await driver.execute(dag, { inputs: { given: Buffer.from('abc') } });
          for (const id of ['smallKind', 'inputKind', 'constantKind']) expect(results[id], id).to.equal('Buffer abc');
          expect(results.nestedKinds).to.equal('Buffer abc,Buffer abc');
          expect(results.emptyKind).to.equal('Buffer ');
          expect(results.largeKind).to.equal(`Buffer ${'\u0007'.repeat(300_000)}`);
          for (const id of ['small', 'large', 'empty']) expect(Buffer.isBuffer(results[id]), id).to.equal(true);
        }
      });
    }

    it('gives a stored Buffer as a Buffer, here and elsewhere', async () => {
      await driver.storeValue('stored', 'here', Buffer.from('abc'));
      await driver.storeResult('stored', 'there', { large: Buffer.alloc(100_000, 1), small: Buffer.from('abc') }, 'n2');
      for (const name of ['n1', 'n2']) {
        const node = cluster.node(name);
        expect(Buffer.isBuffer(await node.getValue('stored', 'here')), name).to.equal(true);
        const { large, small } = (await node.getResult('stored', 'there')) as { large: unknown; small: unknown };
        expect([large, small].every(Buffer.isBuffer), name).to.equal(true);
      }
    });

    it('a reason to cancel may be anything, and as large as it likes', async () => {
      const { proxy, revoke } = Proxy.revocable(new Error('gone'), {});
      revoke();
      const deep = Object.assign(new Error('deep'), { tree: RETURNED['what is too deep']() });
      for (const reason of [
        'x'.repeat(5 * 1024 * 1024),
        new Error('y'.repeat(5 * 1024 * 1024)),
        deep,
        proxy,
        undefined,
        Symbol('x'),
        () => 1,
      ]) {
        for (const [, where] of places) {
          const run = driver.execute(Dag.dynamic().add({ id: 'f', code: code.waits, ...where }), { stopGraceMs: 10_000 });
          const events = run[Symbol.asyncIterator]();
          while ((await events.next()).value?.type !== 'function-started');
          await run.cancel(reason);
          expect(await caught(run)).to.include({ code: 'HANDOFF_RUN_CANCELLED' });
        }
      }
    });
  });
}
