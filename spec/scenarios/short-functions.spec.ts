import { expect } from 'chai';
import { Dag, type DynamicDag, functionsIn, HandoffError, type Run } from '../../lib/index.js';
import { simulate, type TestCluster } from '../../lib/testing/index.js';
import { seededRandom } from '../../lib/testing/seeded-random.js';

const { lasting } = functionsIn<typeof import('./modules/short.mjs')>(new URL('./modules/short.mjs', import.meta.url));
const SEEDS = 12;
const FUNCTIONS = 60;

/** Mostly short functions in the slots of threads, of several costs and priorities; and what each comes to. */
function shortOnes(random: () => number): { readonly dag: DynamicDag; readonly expected: ReadonlyMap<string, number> } {
  const dag = Dag.dynamic();
  const expected = new Map<string, number>();
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  for (let at = 0; at < FUNCTIONS; at += 1) {
    const args = [...new Set(Array.from({ length: Math.floor(random() * 4) }, () => Math.floor(random() * at)))].filter((of) => of < at);
    const names = args.map((of) => `f${of}`);
    const ms = random() < 0.05 ? 500 : one([0, 1, 2, 5]);
    const cost = random() < 0.8 ? { cpu: 1 } : one([{ cpu: 0.5 }, { cpu: 2 }]);
    const priority = random() < 0.1 ? 5 : 0;
    dag.add({ id: `f${at}`, code: lasting, args: names, extraArgs: [ms], isolation: 'thread', cost, priority });
    expected.set(`f${at}`, Math.max(0, ...names.map((name) => expected.get(name)!)) + 1);
  }
  return { dag, expected };
}

/** Runs such functions, and looks at what has become of them. Returns whether the run was cancelled. */
async function checked(cluster: TestCluster, random: () => number): Promise<boolean> {
  const { dag, expected } = shortOnes(random);
  const run: Run<Record<string, unknown>> = cluster
    .node('n1')
    .execute(dag, { collect: 'all', ...(random() < 0.3 && { maxConcurrency: 2 }) });
  if (random() < 0.3) setTimeout(() => void run.cancel(), Math.floor(random() * 200));
  const started: string[] = [];
  const seen = (async () => {
    for await (const event of run) if (event.type === 'function-started') started.push(`${event.functionId} ${event.attempt}`);
  })();
  try {
    expect((await run).results).to.deep.equal(Object.fromEntries(expected));
    await seen;
    expect([...started].sort()).to.deep.equal([...expected.keys()].map((id) => `${id} 1`).sort());
    return false;
  } catch (error) {
    if (!HandoffError.is(error, 'HANDOFF_RUN_CANCELLED')) throw error;
    await seen;
    expect(new Set(started).size, 'none has started twice').to.equal(started.length);
    return true;
  }
}

describe('short functions in the slots of threads', function () {
  this.timeout(240_000);

  it('run once each, never beyond what their node has, whatever lies, is recalled or is cancelled', async () => {
    let cancelled = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const random = seededRandom(seed);
      const { result } = await simulate({ seed, nodes: [{ capabilities: { cpu: 2 }, threads: 4 }] }, (cluster) =>
        Promise.all([checked(cluster, random), checked(cluster, random)]),
      );
      cancelled += result.filter(Boolean).length;
    }
    expect(cancelled).to.be.within(1, SEEDS * 2 - 1);
  });
});
