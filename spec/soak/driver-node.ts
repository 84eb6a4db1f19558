// A node in a process of its own that executes what it is told to, until it is killed.
import { inspectNode } from '../../lib/handoff/index.js';
import { Handoff, HandoffError, type NodeOptions } from '../../lib/index.js';
import { driverDag } from './driver-dag.js';

/** What a node is told. */
export type NodeRequest =
  | { readonly type: 'start'; readonly options: NodeOptions }
  | {
      readonly type: 'execute';
      readonly key: string;
      readonly seed: number;
      readonly file: string;
      readonly durability: 'strict' | 'batched';
    }
  | { readonly type: 'inspect' }
  | { readonly type: 'stop' };

/** What it tells. */
export type NodeReport =
  | { readonly type: 'started'; readonly url: string }
  | { readonly type: 'running'; readonly key: string; readonly runId: string }
  | { readonly type: 'completed'; readonly key: string; readonly results: Readonly<Record<string, unknown>>; readonly recalled: number }
  | { readonly type: 'failed'; readonly key: string; readonly code: string; readonly message: string }
  | { readonly type: 'held'; readonly left: readonly string[] };

const report = (message: NodeReport): void => void process.send?.(message);
let node: Handoff;

process.on('message', (request: NodeRequest) => {
  perform(request).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
let isStopped = false;
// The soak has ended before the node.
process.on('disconnect', () => {
  if (!isStopped) process.exit(1);
});

async function perform(request: NodeRequest): Promise<void> {
  switch (request.type) {
    case 'start':
      node = await Handoff.start(request.options);
      return report({ type: 'started', url: node.address! });
    case 'execute':
      return execute(request);
    case 'inspect': {
      const { isFree, slotsUsed, running, runs, guestRuns, farAttempts, requests, fetches, offers } = node[inspectNode]();
      const counts = { claims: Number(!isFree), slotsUsed, running, runs, guestRuns, farAttempts, requests, fetches, offers };
      return report({ type: 'held', left: Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`${count} ${what}`] : [])) });
    }
    case 'stop':
      await node.stop();
      isStopped = true;
      // Nothing else keeps the process alive.
      process.disconnect();
  }
}

async function execute({ key, seed, file, durability }: Extract<NodeRequest, { type: 'execute' }>): Promise<void> {
  const run = node.execute(driverDag(seed, file).dag, { key, durability, waitMs: 60_000, lostNodeWaitMs: 60_000, maxRetries: 5 });
  let recalled = 0;
  const watched = (async () => {
    for await (const event of run) {
      if (event.type === 'run-started') report({ type: 'running', key, runId: run.id });
      if (event.type === 'function-succeeded' && event.source === 'journal') recalled += 1;
    }
  })();
  try {
    const { results } = await run;
    await watched;
    report({ type: 'completed', key, results: results as Readonly<Record<string, unknown>>, recalled });
  } catch (error) {
    const code = HandoffError.is(error) ? error.code : '';
    report({ type: 'failed', key, code, message: error instanceof Error ? error.message : String(error) });
  }
}
