import { layersBench } from './layers.bench.js';
import type { Bench, Row } from './measure.js';
import { meshBench } from './mesh.bench.js';
import { remoteBench } from './remote.bench.js';
import { startBench } from './start.bench.js';
import { threadsBench } from './threads.bench.js';
import { valuesBench } from './values.bench.js';

const benches: readonly Bench[] = [layersBench, threadsBench, startBench, remoteBench, valuesBench, meshBench];
/** `npm run bench [-- name …] [--json]`: every figure beside its floor, measured in the same run. It asserts nothing. */
async function main(words: readonly string[]): Promise<void> {
  const isJson = words.includes('--json');
  const names = words.filter((word) => !word.startsWith('--'));
  const unknown = names.find((name) => !benches.some((bench) => bench.name === name));
  if (unknown) throw new TypeError(`no benchmark is called "${unknown}": there are ${benches.map(({ name }) => name).join(', ')}`);
  const all: Record<string, readonly Row[]> = {};
  for (const bench of benches) {
    if (names.length > 0 && !names.includes(bench.name)) continue;
    const rows = await bench.run();
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
