import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { Dag, Handoff } from '../../lib/index.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Held {
  readonly options: { readonly retainMs?: number };
  readonly isWatched: boolean;
  readonly dagId: (count: number) => string;
  readonly size: number;
}

/** Runs functions whose code holds an object, and returns that weakly. */
async function heldByCode(node: Handoff, { options, isWatched, dagId, size }: Held, count: number): Promise<WeakRef<object>> {
  const held = { text: 'x'.repeat(1000) };
  const dag = Dag.dynamic(dagId(count));
  for (let index = 0; index < size; index += 1) dag.add({ id: `f${index}`, code: () => held.text.length });
  const run = node.execute(dag, options);
  if (isWatched) for await (const event of node.watch(run.id, { output: true })) void event;
  await run;
  return new WeakRef(held);
}

describe('a run that is over', () => {
  let node: Handoff;
  beforeEach(async () => {
    node = await Handoff.start({});
  });
  afterEach(() => node.stop());

  const [sameId, ownId] = [() => 'd', (count: number) => `d${count}`];
  for (const [how, options, dagId, size] of [
    ['that is not retained', { retainMs: 0 }, sameId, 1],
    ['that is retained until the next run of its DAG', {}, sameId, 1],
    ['that is retained', {}, ownId, 1],
    ['of many functions that is retained', {}, ownId, 1500],
  ] as const) {
    for (const isWatched of [false, true]) {
      it(`${how}${isWatched ? ', and was watched,' : ''} holds no code of its functions, and nothing that they hold`, async () => {
        const of = { options, isWatched, dagId, size };
        const refs: WeakRef<object>[] = [];
        for (let count = 0; count < (size === 1 ? 20 : 3); count += 1) refs.push(await heldByCode(node, of, count));
        // The last run may still be on its way out of some variable.
        await heldByCode(node, of, refs.length);
        await nextTurn();
        // One may have ended a marking that had begun before, and another thread may be marking: what was marked by then stays until the next.
        for (let rounds = 0; rounds < 4; rounds += 1) {
          await nextTurn();
          collect();
        }
        expect(refs.filter((ref) => ref.deref() !== undefined)).to.have.length(0);
      });
    }
  }
});
