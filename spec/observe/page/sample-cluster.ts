import { NO_VALUES } from '../../support/no-values.js';
import { FakeRun, sizedRun } from '../../support/observed-run.js';
import { ShownCluster, shownNode } from './shown-cluster.js';

const MIB = 1024 * 1024;

/** The run whose functions are in every state, and the one that has 100,000. */
export const STORY_RUN = '01934b1c-8a00-7bbb-8123-4f5e6a7b8c9d';
export const LARGE_RUN = '01934b1d-0000-7000-8000-000000100000';
/** A text that would like to be more than text. */
export const HOSTILE = '</script><img src=x onerror=alert(1)>';

/** A cluster with something of everything, to look at and to click through. */
export function sampleCluster(): ShownCluster {
  const cluster = new ShownCluster();
  cluster.nodes = [
    shownNode('amber', {
      used: { cpu: 4, memoryMiB: 6100 },
      threads: { used: 4, total: 4 },
      loopPlaces: { used: 3, total: 16 },
      running: 7,
      queued: 2,
      heldBytes: 310 * MIB,
      values: {
        ...NO_VALUES,
        memoryBytes: 262 * MIB,
        memoryLimitBytes: 4096 * MIB,
        diskBytes: 48 * MIB,
        rememberedResults: 1204,
        rememberedBytes: 31 * MIB,
        rememberedHits: 377,
      },
    }),
    shownNode('birch', {
      used: { cpu: 2.5, memoryMiB: 3072 },
      threads: { used: 3, total: 4 },
      running: 3,
      linkMs: 0.42,
      heldBytes: 96 * MIB,
      values: { ...NO_VALUES, memoryBytes: 96 * MIB, memoryLimitBytes: 4096 * MIB },
    }),
    shownNode('cedar', {
      capabilities: { cpu: 8, memoryMiB: 32768, gpu: 2 },
      used: { cpu: 6, memoryMiB: 20480, gpu: 2 },
      threads: { used: 6, total: 8 },
      running: 6,
      blocked: 1,
      linkMs: 12.8,
      heldBytes: 4200 * MIB,
      values: { ...NO_VALUES, memoryBytes: 2048 * MIB, memoryLimitBytes: 2048 * MIB, diskBytes: 2152 * MIB },
    }),
    shownNode('dogwood', { status: 'suspect', linkMs: 240, used: { cpu: 1 }, threads: { used: 1, total: 4 }, running: 1 }),
    shownNode('elm', { status: 'leaving', address: undefined, linkMs: 1.3 }),
  ];
  const lack = (functionId: string, dagId: string, lacking: Record<string, number>, node?: string) => ({
    functionId,
    dagId,
    driver: 'amber',
    node,
    lacking,
  });
  cluster.waiting = [
    ...Array.from({ length: 42 }, (_, at) => lack(`resize-${at}`, 'photo-album', { cpu: 1 })),
    ...Array.from({ length: 3 }, (_, at) => lack(`train-${at}`, 'photo-album', { gpu: 1 }, 'cedar')),
    lack('embed-everything', 'nightly-report', { gpu: 4, memoryMiB: 65_536 }),
  ];
  cluster.moreWaiting = 118;

  const album = cluster.add(sizedRun({ functions: 2_400, groups: 6, nodes: 3, slots: 4, done: 0.55, loseEvery: 170 }), {
    runId: '01934b1c-7d2e-7a31-9c55-0e6a1f3b7d20',
    dagId: 'photo-album',
    driver: 'amber',
  });
  Object.assign(album, { startedAtMs: Date.now() - album.elapsedMs });
  const story = cluster.add(storyRun(), {
    runId: STORY_RUN,
    dagId: 'nightly-report',
    key: 'nightly/2026-11-30',
    driver: 'amber',
  });
  Object.assign(story, { startedAtMs: Date.now() - story.elapsedMs });
  const failed = cluster.add(sizedRun({ functions: 800, groups: 4, failEvery: 97 }), {
    runId: '01934b10-1111-7777-8888-aaaaaaaaaaaa',
    dagId: 'genome-variants',
    driver: 'birch',
  });
  Object.assign(failed, { startedAtMs: Date.now() - 3_600_000 });
  const large = cluster.add(sizedRun({ functions: 100_000, groups: 20, nodes: 12, slots: 8, done: 0.7, loseEvery: 9_000 }), {
    runId: LARGE_RUN,
    dagId: 'hundred-thousand',
    driver: 'birch',
  });
  Object.assign(large, { startedAtMs: Date.now() - large.elapsedMs });
  for (let at = 0; at < 9; at++) {
    const done = cluster.add(sizedRun({ functions: 40 + 37 * at, groups: 3 }), {
      runId: `01934b0${at}-2222-7777-8888-bbbbbbbbbbb${at}`,
      dagId: ['flights', 'csv-etl', 'image-blur'][at % 3]!,
      driver: 'amber',
    });
    Object.assign(done, { startedAtMs: Date.now() - 600_000 * (at + 1), ...(at === 4 ? { state: 'cancelled' } : {}) });
  }
  return cluster;
}

/** A run whose functions are in every state, with names and texts that try to be more than text. */
function storyRun(): FakeRun {
  const run = new FakeRun();
  run
    .add({ id: 'fetch-orders', code: './orders.mjs#fetchOrders' })
    .add({ id: 'fetch-rates', code: './rates.mjs#fetchRates', isolation: 'loop' });
  run.ended({
    id: 'fetch-orders',
    node: 'amber',
    endMs: 812,
    waitMs: 1.2,
    fetchMs: 0,
    loadMs: 24.5,
    runMs: 770,
    packMs: 11,
    handOverMs: 2.3,
  });
  run.change('fetch-orders', { sizeBytes: 4_812_331 });
  run.ended({ id: 'fetch-rates', node: 'birch', endMs: 95, outcome: 'failed', waitMs: 0.3, runMs: 90.2, handOverMs: 1 });
  run.ended({
    id: 'fetch-rates',
    node: 'birch',
    attempt: 2,
    endMs: 1_260,
    outcome: 'timed-out',
    waitMs: 160,
    runMs: 1_000,
    handOverMs: 1.5,
  });
  run.ended({
    id: 'fetch-rates',
    node: 'cedar',
    attempt: 3,
    endMs: 2_110,
    waitMs: 210,
    fetchMs: 4,
    loadMs: 31,
    runMs: 540,
    packMs: 1.4,
    handOverMs: 6,
  });
  run.change('fetch-rates', {
    sizeBytes: 18_220,
    error: {
      name: 'HandoffError',
      code: 'HANDOFF_FUNCTION_FAILED',
      message: 'Function "fetch-rates" failed: connect ECONNREFUSED 10.0.3.7:443',
      stack:
        'HandoffError: Function "fetch-rates" failed\n    at Attempt.fail (attempt.js:88:11)\n    at Executor.ended (executor.js:204:9)',
      cause: {
        name: 'Error',
        code: 'ECONNREFUSED',
        message: 'connect ECONNREFUSED 10.0.3.7:443',
        stack: 'Error: connect ECONNREFUSED 10.0.3.7:443\n    at TCPConnectWrap.afterConnect (node:net:1611:16)',
      },
    },
    lines: [
      { attempt: 1, node: 'birch', stream: 'stdout', atMs: 12, line: 'asking 10.0.3.7 for rates of 31 currencies' },
      { attempt: 1, node: 'birch', stream: 'stderr', atMs: 91, line: '\u001b[31mconnect ECONNREFUSED\u001b[0m 10.0.3.7:443' },
      { attempt: 3, node: 'cedar', stream: 'stdout', atMs: 1_700, line: `rates of 31 currencies ${HOSTILE}` },
    ],
  });
  for (let at = 0; at < 24; at++) {
    run.add({ id: `convert-${at}`, producers: ['fetch-orders', 'fetch-rates'], code: './convert.mjs#convert' });
    const node = ['amber', 'birch', 'cedar'][at % 3]!;
    if (at < 15) {
      run.ended({
        id: `convert-${at}`,
        node,
        slot: at % 4,
        endMs: 2_400 + 61 * at,
        waitMs: 3 * at,
        fetchMs: 7,
        loadMs: 2,
        runMs: 180 + 13 * at,
        packMs: 4,
        handOverMs: 1,
      });
      run.change(`convert-${at}`, { sizeBytes: 90_000 + 1_771 * at });
    } else if (at < 18) run.change(`convert-${at}`, { state: 'running', attempt: 1, node, startedMs: 3_500 + 40 * at });
    else if (at === 18)
      run.change('convert-18', {
        state: 'resting',
        attempt: 2,
        node,
        wait: { for: 'delay', sinceMs: 3_900, producers: [], lacking: [], untilMs: 9_000 },
        error: { name: 'RangeError', message: `bad currency ${HOSTILE}` },
      });
    else
      run.change(`convert-${at}`, {
        state: 'ready',
        wait: {
          for: 'room',
          sinceMs: 2_200,
          producers: [],
          lacking: [
            { node: 'amber', lacking: { cpu: 1 } },
            { node: 'birch', lacking: { cpu: 0.5, memoryMiB: 512 } },
            { node: 'cedar', lacking: { gpu: 1 } },
          ],
        },
      });
  }
  run.add({
    id: 'sum',
    producers: Array.from({ length: 24 }, (_, at) => `convert-${at}`),
    code: './sum.mjs#sum',
    wait: { for: 'producers', sinceMs: 0, producers: Array.from({ length: 9 }, (_, at) => 17 + at), lacking: [] },
  });
  run.add({ id: 'audit', producers: ['fetch-rates'], state: 'skipped', skippedFor: 'not-taken' });
  run.add({ id: HOSTILE, producers: ['sum'], code: `./evil.mjs#${HOSTILE}` });
  run.add({
    id: 'mail',
    producers: ['sum', HOSTILE],
    state: 'waiting',
    wait: { for: 'producers', sinceMs: 0, producers: [26, 28], lacking: [] },
  });
  run.add({
    id: 'archive',
    producers: ['fetch-orders'],
    state: 'failed',
    attempt: 1,
    node: 'birch',
    error: {
      name: 'Error',
      message: 'ENOSPC: no space left on device',
      stack: `Error: ENOSPC: no space left on device\n    at write (${HOSTILE})`,
    },
  });
  run.ended({
    id: 'archive',
    node: 'birch',
    outcome: 'failed',
    endMs: 1_900,
    waitMs: 2,
    fetchMs: 260,
    loadMs: 4,
    runMs: 610,
    handOverMs: 2,
  });
  run.elapsedMs = 4_700;
  return run;
}
