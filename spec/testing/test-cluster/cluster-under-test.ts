import { Dag, type DynamicDag, functionsIn, type Handoff, type NodeOptions, type RunEvent } from '../../../lib/index.js';
import { type ClusterTransport, TestCluster } from '../../../lib/testing/index.js';
import { Door } from '../door.js';

/** Code that nodes run: it waits at a door, says in what process it is, or makes bytes. */
export const tasks = functionsIn<typeof import('../modules/knocking.js')>(new URL('../modules/knocking.js', import.meta.url));

/** The options of a node that starts fast. */
export const quick: NodeOptions = { capabilities: { cpu: 4 }, threads: 1 };
const three: readonly NodeOptions[] = [quick, quick, quick];

/** Runs code in the process of its node. */
export const loop = { isolation: 'loop' } as const;

type Added = Parameters<DynamicDag['add']>[0];

/** A cluster, and what holds its functions. */
interface Started {
  readonly cluster: TestCluster;
  readonly n1: Handoff;
  readonly door: Door;
  /** A function pinned to a node: it knocks by its id, and gives `<id> is done` when it is let in. */
  on(node: string, id: string): Added;
}

/** What the laws of clusters are tried on. */
export interface ClusterUnderTest {
  readonly transport: ClusterTransport;
  /** Starts a cluster for one spec. */
  start(nodes?: readonly NodeOptions[]): Promise<Started>;
  /** Gives one of three nodes that other specs have used, and left as it was: processes take their time to start. */
  share(): Promise<Started>;
}

/** Called in a `describe`: stops what its specs have started. */
export function clusterUnderTest(transport: ClusterTransport): ClusterUnderTest {
  let cluster: TestCluster;
  let door: Door;
  let whole: TestCluster | undefined;

  beforeEach(async () => {
    door = await Door.hang();
  });
  afterEach(async function () {
    if (this.currentTest?.isFailed()) whole = undefined;
    if (cluster !== whole) await cluster.stop();
    door.close();
  });
  after(() => whole?.stop());

  const on = (node: string, id: string): Added =>
    ({ id, code: tasks.knock, extraArgs: [door.port, id, `${id} is done`], node, ...loop }) as unknown as Added;
  const use = (one: TestCluster): Started => {
    cluster = one;
    return { cluster, n1: cluster.node(cluster.names[0]!), door, on };
  };
  return {
    transport,
    start: async (nodes = three) => use(await TestCluster.start({ nodes, transport })),
    async share() {
      whole ??= await TestCluster.start({ nodes: three, transport });
      return use(whole);
    },
  };
}

/** The first event of a type, of a function. */
export async function event(run: AsyncIterable<RunEvent>, type: RunEvent['type'], functionId?: string): Promise<RunEvent> {
  for await (const one of run) {
    if (one.type === type && (functionId === undefined || (one as { functionId?: string }).functionId === functionId)) return one;
  }
  throw new Error(`the run ended without ${type}`);
}

/** Resolves when the members that a node sees up are these. */
export async function untilUp(node: Handoff, ...names: readonly string[]): Promise<void> {
  for (;;) {
    const up = (await node.nodes()).filter(({ status }) => status === 'up').map(({ name }) => name);
    if (up.sort().join() === [...names].sort().join()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The process in which a node lives, as a function on it says. */
export async function pidOn(driver: Handoff, node: string): Promise<number> {
  const dag = Dag.dynamic(`pid-of-${node}`).add({ id: 'pid', code: tasks.pid, node, ...loop });
  return (await driver.execute(dag)).results.pid as number;
}
