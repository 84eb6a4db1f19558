import { existsSync } from 'node:fs';
import { runTool, UsageError } from '../support/tool.js';
import { detectionBench } from './detection.bench.js';
import { driversBench } from './drivers.bench.js';
import { durableBench } from './durable.bench.js';
import { expandBench } from './expand.bench.js';
import { fingerprintsBench } from './fingerprints.bench.js';
import { gatheredBench } from './gathered.bench.js';
import { growthBench } from './growth.bench.js';
import { journalBench } from './journal.bench.js';
import { mapsBench } from './maps.bench.js';
import type { Bench, BenchOptions, Row } from './measure.js';
import { memoryBench } from './memory.bench.js';
import { meshBench } from './mesh.bench.js';
import { millionBench } from './million.bench.js';
import { nearDataBench } from './near-data.bench.js';
import { peersBench } from './peers.bench.js';
import { pressureBench } from './pressure.bench.js';
import { recoveryBench } from './recovery.bench.js';
import { remoteBench } from './remote.bench.js';
import { scaleBench } from './scale.bench.js';
import { schedulesBench } from './schedules.bench.js';
import { shapesBench } from './shapes.bench.js';
import { sizesBench } from './sizes.bench.js';
import { smallDagsBench } from './small-dags.bench.js';
import { startBench } from './start.bench.js';
import { threadsBench } from './threads.bench.js';
import { valuesBench } from './values.bench.js';

const benches: readonly Bench[] = [
  shapesBench,
  millionBench,
  peersBench,
  smallDagsBench,
  mapsBench,
  memoryBench,
  threadsBench,
  startBench,
  remoteBench,
  driversBench,
  valuesBench,
  sizesBench,
  pressureBench,
  meshBench,
  schedulesBench,
  nearDataBench,
  scaleBench,
  detectionBench,
  recoveryBench,
  journalBench,
  durableBench,
  fingerprintsBench,
  growthBench,
  gatheredBench,
  expandBench,
];

const FLAGS: readonly string[] = ['--short', '--json'];

/**
 * `npm run bench [-- name …] [path …] [--short] [--json]`: every figure beside its floor, measured in the same run. It asserts nothing; a benchmark that
 * throws, because what it ran came to a wrong result, is told of among the others and makes the exit code 1. Paths are those of recorded workflows,
 * files or folders, for the benchmarks that replay them. `--short`: what one can afford to run at every commit.
 */
async function main(words: readonly string[]): Promise<void> {
  const unknownFlag = words.find((word) => word.startsWith('-') && !FLAGS.includes(word));
  if (unknownFlag) throw new UsageError(`there is no ${unknownFlag}: there are ${FLAGS.join(', ')}`);
  const isJson = words.includes('--json');
  const isShort = words.includes('--short');
  const given = words.filter((word) => !word.startsWith('-'));
  const names = given.filter((word) => benches.some(({ name }) => name === word));
  const paths = given.filter((word) => !names.includes(word));
  const unknown = paths.find((path) => !existsSync(path));
  if (unknown) throw new UsageError(`no benchmark and no file is called "${unknown}"`);
  const chosen = benches.filter(({ name, isInShort = false }) => (names.length > 0 ? names.includes(name) : !isShort || isInShort));
  const all: Record<string, readonly Row[]> = {};
  for (const bench of chosen) {
    const startMs = performance.now();
    const rows = await rowsOf(bench, { paths, isShort });
    all[bench.name] = rows;
    if (!isJson) print(bench, rows, performance.now() - startMs);
  }
  if (isJson) console.log(JSON.stringify({ node: process.version, ...all }, undefined, 2));
}

async function rowsOf(bench: Bench, options: BenchOptions): Promise<readonly Row[]> {
  try {
    return await bench.run(options);
  } catch (error) {
    process.exitCode = 1;
    console.error(`${bench.name} failed:`, error);
    return [{ what: 'failed', figure: (error as Error).message }];
  }
}

function print({ name, question }: Bench, rows: readonly Row[], tookMs: number): void {
  console.log(`\n${name}: ${question} (${(tookMs / 1000).toFixed(0)} s)`);
  for (const { what, figure, floor, ratio, target } of rows) {
    const against = floor === undefined ? '' : `  against ${floor}`;
    const reached = ratio === undefined ? '' : `  ratio ${ratio.toFixed(2)}${target ? ` (wanted: ${target})` : ''}`;
    console.log(`  ${what.padEnd(44)} ${figure.padStart(14)}${against}${reached}`);
  }
}

await runTool(
  `npm run bench -- [name …] [path …] [--short] [--json]   every figure beside its floor
names: ${benches.map(({ name }) => name).join(', ')}
paths: recorded workflows (WfFormat 1.5), files or folders, for those that replay them`,
  () => main(process.argv.slice(2)),
);
