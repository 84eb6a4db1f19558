import { Dag } from '../../lib/index.js';
import { beatingNode, spyingNode } from './beat-spy.js';
import { driver, farTasks } from './far-node.js';

const SIZE_MIB = 1024;

/**
 * How late the beats of a node come, at most, that sends a value of 1 GiB on the same link. A thread makes it, as the code of a user does unless
 * told otherwise: the node's loop need not copy it. Measured where they arrive, so what holds up this process counts as well.
 */
export async function beatsDuring(): Promise<{ sizeMiB: number; tookMs: number; latestMs: number; lagMs: number; idleLatestMs: number }> {
  await using giver = await beatingNode('giver');
  const { handoff, spy } = await spyingNode({ ...driver(giver.url), capabilities: { cpu: 1 } }, giver.url);
  await using _ended = handoff;
  const made = { code: farTasks.mebibytes, node: giver.name } as const;
  const dag = (sizeMiB: number) =>
    Dag.dynamic('large')
      .add({ id: 'large', ...made, extraArgs: [sizeMiB] })
      .add({ id: 'size', code: farTasks.sizeOf, args: ['large'], node: handoff.name });
  // Threads start, modules load.
  await handoff.execute(dag(1), { collect: ['size'] });
  spy.clear();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const idleLatestMs = spy.latestMs;
  spy.clear();
  const startMs = performance.now();
  await handoff.execute(dag(SIZE_MIB), { collect: ['size'] });
  return { sizeMiB: SIZE_MIB, tookMs: performance.now() - startMs, latestMs: spy.latestMs, lagMs: spy.lagMs, idleLatestMs };
}
