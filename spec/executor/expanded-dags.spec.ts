import { expect } from 'chai';
import { doAtOnce } from '../../lib/base/index.js';
import { IsolationCaller } from '../../lib/conformance/isolation-caller.js';
import { type CodeRef, compile, type DagLike, dagDataOf, isSnapshot, readDagData } from '../../lib/dag/index.js';
import { type CallOutcome, CodeRefs, guardedIsolation, isolations, moduleOnWire } from '../../lib/executor/index.js';
import { Dag } from '../../lib/index.js';
import { StoredValue } from '../../lib/value/index.js';
import * as dags from './modules/dags.js';

const module = new URL('./modules/dags.ts', import.meta.url).href;

const { refOf } = new CodeRefs();

/** A reference as every node finds it below its own root. */
const named = ({ module, name }: CodeRef): CodeRef => ({ module: moduleOnWire(module, process.cwd()), name });

/** The functions of a DAG as they are written down, with the constants that a reader opens. */
const written = (dag: DagLike): unknown[] =>
  [...dag.functions.values()].map((spec) => ({
    ...spec,
    code: named(spec.code as CodeRef),
    args: spec.args.map((one) => {
      if (typeof one === 'string') return one;
      const { serialize, deserialize } = one as { readonly serialize?: CodeRef; readonly deserialize?: CodeRef };
      return { ...one, ...(serialize && { serialize: named(serialize) }), ...(deserialize && { deserialize: named(deserialize) }) };
    }),
    extraArgs: [...spec.extraArgs],
  }));

const read = (held: StoredValue): { readonly id: string; readonly functions: unknown[]; readonly inputs: readonly string[] } => {
  const { snapshot, constants } = doAtOnce(readDagData((part) => held.partAt(part).open(false), refOf));
  const valuesOf = (values: readonly unknown[]): unknown => {
    const found = constants.find((one) => one.values === values);
    return found ? held.partAt(found.part).open(false) : [...values];
  };
  const functions = snapshot.graph.graph.specs.map((spec) => ({
    ...spec,
    code: { ...(spec.code as object) },
    args: spec.args.map((one) => (typeof one === 'string' ? one : { ...one, extra: valuesOf(one.extra) })),
    extraArgs: valuesOf(spec.extraArgs),
  }));
  return { id: snapshot.dagId, functions, inputs: snapshot.graph.inputs };
};

for (const [name, make] of isolations) {
  for (const isGuarded of [false, true]) {
    describe(`a DAG that a function returns in isolation ${name}${isGuarded ? ', given by a user' : ''}`, () => {
      let caller: IsolationCaller;
      before(() => {
        caller = new IsolationCaller((options) => (isGuarded ? guardedIsolation('own', make(options), options) : make(options)), {
          root: process.cwd(),
          threads: 1,
        });
      });
      after(() => caller.isolation.close());
      const run = (functionName: string, ...args: readonly unknown[]): Promise<CallOutcome> =>
        new Promise((resolve) => {
          const inputs = args.map((value) => caller.result(value));
          const step = { role: 'function', functionId: 'e', code: { module, name: functionName }, inputs, asList: false } as const;
          const context = { dagId: 'd', runId: 'r', functionId: 'e', attempt: 1, node: 'here' };
          caller.isolation.start({ context, steps: [{ ...step, extra: undefined, wanted: true, shape: 'dag' }] }, resolve);
        });
      const failure = async (functionName: string): Promise<Error & Record<string, unknown>> => {
        const outcome = await run(functionName);
        expect(outcome).to.deep.include({ type: 'failed', final: true });
        return (outcome as { error: Error & Record<string, unknown> }).error;
      };
      const dagOf = async (...call: [string, ...unknown[]]): Promise<ReturnType<typeof read>> => {
        const outcome = await run(...call);
        if (outcome.type !== 'succeeded') throw new Error(outcome.type, { cause: outcome });
        return read(StoredValue.packed(outcome.values[0]!.pack('result')));
      };

      it('leaves the call as data that makes the same DAG', async () => {
        expect(await dagOf('everything')).to.deep.equal({ id: 'everything', functions: written(dags.everything()), inputs: [] });
        expect(await dagOf('empty')).to.deep.equal({ id: 'empty', functions: [], inputs: [] });
        expect(await dagOf('chains', 200, 3)).to.deep.equal({ id: 'chains', functions: written(dags.chains(200, 3)), inputs: [] });
        expect((await dagOf('withInput')).inputs).to.deep.equal(['x']);
      });

      it('may have constants as deep as any', async () => {
        const { functions } = await dagOf('deepConstant', 1000);
        expect(functions).to.have.length(1);
        expect(await run('deepConstant', 1001)).to.deep.include({ type: 'failed', final: true });
      });

      it('is no DAG, or cannot leave, for good', async () => {
        expect((await failure('noDag')).message).to.equal('what it returned is not a Dag');
        const plain = await failure('plain');
        expect([plain.code, (plain.faults as { functionId: string }[]).map(({ functionId }) => functionId)]).to.deep.equal([
          'HANDOFF_INVALID_DAG',
          ['f'],
        ]);
        const faulty = await failure('faulty');
        expect((faulty.faults as { field: string }[]).map(({ field }) => field)).to.deep.equal(['cost', 'timeoutMs']);
        const constant = await failure('badConstant');
        expect(constant).to.include({ code: 'HANDOFF_NOT_SERIALIZABLE', functionId: 'f', path: 'extraArgs[1].no' });
      });
    });
  }
}

describe('the DAG that a plain function returns', () => {
  it('stays as it was at that moment', async () => {
    const make = isolations.get('loop')!;
    const caller = new IsolationCaller(make, { root: process.cwd() });
    const dag = Dag.dynamic('live').add({ id: 'f', code: () => 1 });
    const outcome = await new Promise<CallOutcome>((resolve) => {
      const step = {
        role: 'function',
        functionId: 'e',
        code: () => dag,
        inputs: [],
        asList: false,
        extra: undefined,
        wanted: true,
      } as const;
      const context = { dagId: 'd', runId: 'r', functionId: 'e', attempt: 1, node: 'here' };
      caller.isolation.start({ context, steps: [{ ...step, shape: 'dag' }] }, resolve);
    });
    dag.add({ id: 'late', code: () => 2 });
    const value = (outcome as { values: readonly StoredValue[] }).values[0]!.open(true);
    expect(isSnapshot(value) && value.graph.size).to.equal(1);
    await caller.isolation.close();
  });
});

describe('a DAG as data', () => {
  it('makes the same plan', () => {
    const dag = dags.everything();
    const { plain, constants } = dagDataOf(dag, (module) => module);
    const parts = [...plain, ...constants];
    const { snapshot } = doAtOnce(readDagData((part) => structuredClone(parts[part]), refOf));
    expect(snapshot.graph.graph.flags).to.deep.equal([...compile(dag).functions].map((_, at) => snapshot.graph.graph.flags[at]));
    expect(snapshot.graph.size).to.equal(dag.size);
  });

  it('is refused where it is none', () => {
    for (const wrong of [undefined, null, 1, {}, { format: 2 }, []])
      expect(() => doAtOnce(readDagData(() => wrong, refOf)), String(wrong)).to.throw(TypeError);
  });
});
