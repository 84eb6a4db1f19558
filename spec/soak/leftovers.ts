import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Handoff, inspectNode } from '../../lib/handoff/index.js';

/** How long a cluster may take to come to rest once nothing is to be done and nothing is wrong, ms: a beat, a redial, and a loaded machine. */
const REST_MS = 30_000;

/** What is left on the nodes of a cluster in which nothing is to be done: none when it is at rest within half a minute. `names`: who must be there. */
export async function leftovers(node: Handoff, names: readonly string[]): Promise<readonly string[]> {
  const untilMs = performance.now() + REST_MS;
  for (;;) {
    const left = [...leftOn(node), ...(await leftElsewhere(node, names))];
    if (left.length === 0 || performance.now() > untilMs) return left;
    await sleep(250);
  }
}

function leftOn(node: Handoff): readonly string[] {
  const { isFree, slotsUsed, running, runs, guestRuns, farAttempts, requests, fetches, offers, heldBytes } = node[inspectNode]();
  const counts = { claims: Number(!isFree), slotsUsed, running, runs, guestRuns, farAttempts, requests, fetches, offers, heldBytes };
  return nonZero(node.name, counts);
}

async function leftElsewhere(node: Handoff, names: readonly string[]): Promise<readonly string[]> {
  const { nodes, runs, waiting } = await node.status();
  const left = nonZero('the cluster', { runs: runs.length, waiting: waiting.length });
  for (const name of names) {
    const one = nodes.find((other) => other.name === name);
    if (!one?.isHeard || one.status !== 'up') left.push(`${name} is ${one?.status ?? 'no member'}`);
    else {
      const { used, running, queued, threads, loopPlaces, ownSlots, heldBytes } = one;
      const slots = Object.fromEntries(Object.entries(ownSlots).map(([isolation, { used: taken }]) => [`${isolation} slots`, taken]));
      left.push(...nonZero(name, { ...used, ...slots, running, queued, threads: threads.used, loopPlaces: loopPlaces.used, heldBytes }));
    }
  }
  return left;
}

function nonZero(name: string, counts: Readonly<Record<string, number>>): string[] {
  return Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [] : [`${name}: ${count} ${what}`]));
}

/** The processes that this one has started and that live, with the memory of each, MiB; nodes by their names. Those of the loader of TypeScript are not counted. */
export function childProcesses(): readonly { readonly pid: number; readonly what: string; readonly rssMiB: number }[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,rss=,args='], { encoding: 'utf8' }).trim().split('\n');
  return lines.flatMap((line) => {
    const [, pid, parent, rss, args] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    if (Number(parent) !== process.pid || /^ps |esbuild/.test(args!)) return [];
    return [{ pid: Number(pid), what: / --name=(\S+)/.exec(args!)?.[1] ?? args!, rssMiB: Number(rss) / 1024 }];
  });
}
