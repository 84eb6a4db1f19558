import { existsSync } from 'node:fs';
import { detectionBench } from './detection.bench.js';
import { driversBench } from './drivers.bench.js';
import type { Bench, Row } from './measure.js';
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
];

/**
 * `npm run bench [-- name …] [path …] [--json]`: every figure beside its floor, measured in the same run. It asserts nothing. Paths are those of recorded
 * workflows, files or folders, for the benchmarks that replay them.
 */
async function main(words: readonly string[]): Promise<void> {
  const isJson = words.includes('--json');
  const isShort = words.includes('--short');
  const given = words.filter((word) => !word.startsWith('--'));
  const names = given.filter((word) => benches.some(({ name }) => name === word));
  const paths = given.filter((word) => !names.includes(word));
  const unknown = paths.find((path) => !existsSync(path));
  if (unknown)
    throw new TypeError(`no benchmark and no file is called "${unknown}": there are ${benches.map(({ name }) => name).join(', ')}`);
  const all: Record<string, readonly Row[]> = {};
  for (const bench of benches) {
    if (names.length > 0 && !names.includes(bench.name)) continue;
    const rows = await bench.run({ paths, isShort });
    all[bench.name] = rows;
    if (isJson) continue;
    console.log(`\n${bench.name}: ${bench.question}`);
    for (const { what, figure, floor, ratio, target } of rows) {
      const against = floor === undefined ? '' : `  against ${floor}`;
      const reached = ratio === undefined ? '' : `  ratio ${ratio.toFixed(2)}${target ? ` (wanted: ${target})` : ''}`;
      console.log(`  ${what.padEnd(40)} ${figure.padStart(14)}${against}${reached}`);
    }
  }
  if (isJson) console.log(JSON.stringify({ node: process.version, ...all }, undefined, 2));
}

await main(process.argv.slice(2));
