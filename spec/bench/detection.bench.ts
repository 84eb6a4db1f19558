import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Dag, functionsIn, Handoff } from 'handoff-dag';
import { driver } from './far-node.js';
import { type Bench, median, type Row } from './measure.js';
import { Alarms, WatchedNode } from './watched-node.js';

const tasks = functionsIn<typeof import('./fault-tasks.mjs')>(new URL('./fault-tasks.mjs', import.meta.url));

const KILLS = 5;
const STOPS = 3;
const NODES = 3;
const BUSY_MS = 20_000;
/** How long this process, which is a node too, does nothing else at a time, and how often about. */
const BLOCK_MS = 400;
const EACH_MS = 2000;

const seen = async (handoff: Handoff, name: string, wanted: boolean): Promise<void> => {
  for (;;) {
    const isThere = (await handoff.nodes()).some((node) => node.name === name && (node.status === 'up' || !wanted));
    if (isThere === wanted) return;
    await sleep(5);
  }
};

/** How long until a node that was struck is a member no more, ms. */
async function noticed(handoff: Handoff, join: string, { signal, name }: { signal: 'SIGKILL' | 'SIGSTOP'; name: string }): Promise<number> {
  await using victim = await WatchedNode.start(name, { join: [join] });
  await seen(handoff, name, true);
  // A beat or two, at another time in each round.
  await sleep(500 + Math.random() * 500);
  const startMs = performance.now();
  victim.strike(signal);
  await seen(handoff, name, false);
  return performance.now() - startMs;
}

async function struck(signal: 'SIGKILL' | 'SIGSTOP', rounds: number, limitMs: number): Promise<Row> {
  await using other = await WatchedNode.start('other');
  await using handoff = await Handoff.start(driver(other.url));
  const tookMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) tookMs.push(await noticed(handoff, other.url, { signal, name: `victim${round}` }));
  const most = Math.max(...tookMs);
  return {
    what: `${signal} of a node is noticed, median of ${rounds}`,
    figure: `${median(tookMs).toFixed(0)} ms`,
    floor: `at most ${most.toFixed(0)} ms, limit ${limitMs} ms`,
    ratio: most / limitMs,
    target: 'at most 1',
  };
}

/** A loop that is late, as when a program computes on it. */
function block(): void {
  const untilMs = performance.now() + BLOCK_MS;
  while (performance.now() < untilMs);
}

async function falseAlarms(): Promise<readonly Row[]> {
  const alarms = new Alarms();
  const heard = (_fields: object, text: string): void => alarms.heard(text);
  await using first = await WatchedNode.start('busy1', { alarms });
  await using second = await WatchedNode.start('busy2', { join: [first.url], alarms });
  await using third = await WatchedNode.start('busy3', { join: [first.url], alarms });
  const logger = { debug() {}, info() {}, warn: heard, error() {} };
  await using handoff = await Handoff.start({ ...driver(first.url), logger });
  for (const { name } of [second, third]) await seen(handoff, name, true);
  const dag = Dag.dynamic('busy');
  for (const { name } of [first, second, third]) {
    for (let at = 0; at < availableParallelism(); at += 1) {
      dag.add({ id: `${name} ${at}`, code: tasks.busy, extraArgs: [BUSY_MS], cost: { cpu: 1 }, node: name });
    }
  }
  const startMs = performance.now();
  const run = handoff.execute(dag);
  let isOver = false;
  const ended = run.then(() => {
    isOver = true;
  });
  let blocks = 0;
  while (!isOver) {
    await Promise.race([sleep(EACH_MS / 2 + Math.random() * EACH_MS), ended]);
    block();
    blocks += 1;
  }
  const hours = (performance.now() - startMs) / 3_600_000;
  // Each of the four observes the others.
  const linkHours = hours * (NODES + 1) * NODES;
  const under = `${(availableParallelism() * NODES).toFixed(0)} busy threads, ${blocks} blocks of ${BLOCK_MS} ms, ${linkHours.toFixed(3)} link-hours`;
  return [
    {
      what: 'suspected while all are busy',
      figure: `${alarms.suspicions}`,
      floor: `${(alarms.suspicions / linkHours).toFixed(1)} per link-hour: ${under}`,
    },
    { what: 'taken for lost', figure: `${alarms.losses}`, floor: '0', ratio: alarms.losses, target: 'at most 0' },
  ];
}

/** How soon a node that is gone is missed, and whether one that is only busy is. */
export const detectionBench: Bench = {
  name: 'detection',
  question: 'How soon is a dead or a silent node noticed, and is a busy one taken for one?',
  async run() {
    return [await struck('SIGKILL', KILLS, 1000), await struck('SIGSTOP', STOPS, 5500), ...(await falseAlarms())];
  },
};
