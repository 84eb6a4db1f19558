import { existsSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runTool, UsageError } from '../support/tool.js';
import { compareRuns, type MeasuredRow, type MeasuredRows, shown } from './comparison.js';
import { detectionBench } from './detection.bench.js';
import { digestsBench } from './digests.bench.js';
import { driversBench } from './drivers.bench.js';
import { durableBench } from './durable.bench.js';
import { expandBench } from './expand.bench.js';
import { filesBench } from './files.bench.js';
import { fingerprintsBench } from './fingerprints.bench.js';
import { gatheredBench } from './gathered.bench.js';
import { growthBench } from './growth.bench.js';
import { journalBench } from './journal.bench.js';
import { mapsBench } from './maps.bench.js';
import type { Bench, BenchOptions, Row } from './measure.js';
import { memoryBench } from './memory.bench.js';
import { meshBench } from './mesh.bench.js';
import { metgBench } from './metg.bench.js';
import { millionBench } from './million.bench.js';
import { nearDataBench } from './near-data.bench.js';
import { orderBench } from './order.bench.js';
import { peersBench } from './peers.bench.js';
import { pressureBench } from './pressure.bench.js';
import { gathered, rowsInProcess, spinning } from './processes.js';
import { recoveryBench } from './recovery.bench.js';
import { rememberedBench } from './remembered.bench.js';
import { remoteBench } from './remote.bench.js';
import { differencesOf, madeHere, readRun, type SavedRun } from './saved-run.js';
import { scaleBench } from './scale.bench.js';
import { schedulesBench } from './schedules.bench.js';
import { seeingBench } from './seeing.bench.js';
import { seeingDashboardBench } from './seeing-dashboard.bench.js';
import { seeingPageBench } from './seeing-page.bench.js';
import { seeingReportBench } from './seeing-report.bench.js';
import { seeingViewsBench } from './seeing-views.bench.js';
import { shapesBench } from './shapes.bench.js';
import { sizesBench } from './sizes.bench.js';
import { smallDagsBench } from './small-dags.bench.js';
import { spillBench } from './spill.bench.js';
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
  metgBench,
  startBench,
  remoteBench,
  driversBench,
  valuesBench,
  sizesBench,
  pressureBench,
  spillBench,
  meshBench,
  schedulesBench,
  nearDataBench,
  orderBench,
  scaleBench,
  detectionBench,
  recoveryBench,
  journalBench,
  filesBench,
  durableBench,
  rememberedBench,
  fingerprintsBench,
  digestsBench,
  growthBench,
  gatheredBench,
  expandBench,
  seeingDashboardBench,
  seeingBench,
  seeingPageBench,
  seeingReportBench,
  seeingViewsBench,
];

const OPTIONS = {
  short: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  only: { type: 'string' },
  processes: { type: 'string' },
  busy: { type: 'boolean', default: false },
  save: { type: 'string' },
  against: { type: 'string' },
} as const;
/** So many processes are enough to tell noise from a change. */
const PROCESSES_TO_COMPARE = 5;

/**
 * Prints every figure beside its floor, measured in the same run. It asserts nothing. A benchmark that throws, because what it ran came to a wrong
 * result, is told of among the others and makes the exit code 1; so does a ratio that became worse than that of the run it is compared with.
 */
async function main(words: readonly string[]): Promise<void> {
  const { values, positionals: given } = parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true });
  const { short: isShort, json: isJson, busy: isBusy, only } = values;
  const before = values.against === undefined ? undefined : readRun(values.against);
  const isCalled = (name: string, word: string): boolean => name === word || name.startsWith(`${word}-`);
  const names = given.filter((word) => benches.some(({ name }) => isCalled(name, word)));
  const paths = given.filter((word) => !names.includes(word));
  const unknown = paths.find((path) => !existsSync(path));
  if (unknown) throw new UsageError(`no benchmark and no file is called "${unknown}"`);
  const isChosen = ({ name, isInShort = false }: Bench): boolean => {
    if (only !== undefined) return name === only;
    return names.length > 0 ? names.some((word) => isCalled(name, word)) : !isShort || isInShort;
  };
  const chosen = benches.filter(isChosen);
  const isCompared = before !== undefined || values.save !== undefined;
  const processes = Number(values.processes ?? (isCompared ? PROCESSES_TO_COMPARE : 1));
  if (!(Number.isSafeInteger(processes) && processes > 0))
    throw new UsageError(`--processes must be a number from 1 on, not ${values.processes}`);
  using _busy = isBusy ? spinning() : undefined;
  if (isCompared || values.processes !== undefined) {
    const run = madeHere({ isShort, isBusy, rows: await inProcesses(chosen, processes, [...paths, ...(isShort ? ['--short'] : [])]) });
    if (values.save !== undefined) writeFileSync(values.save, `${JSON.stringify(run, undefined, 2)}\n`);
    if (before !== undefined) compare(before, run);
    return;
  }
  const all: Record<string, readonly Row[]> = {};
  for (const bench of chosen) {
    const startMs = performance.now();
    const rows = await rowsOf(bench, { paths, isShort });
    all[bench.name] = rows;
    if (!isJson) print(bench, rows, performance.now() - startMs);
  }
  if (isJson) console.log(JSON.stringify({ node: process.version, ...all }, undefined, 2));
}

/** Runs each benchmark in fresh processes, all of them in turn, so that an hour in which the machine is slow spoils no one of them alone. */
async function inProcesses(chosen: readonly Bench[], processes: number, words: readonly string[]): Promise<MeasuredRows> {
  const runs = chosen.map((): (readonly Row[])[] => []);
  for (let round = 0; round < processes; round += 1) {
    for (const [at, { name }] of chosen.entries()) {
      runs[at]!.push(
        await rowsInProcess(name, words).catch((error) => {
          process.exitCode = 1;
          console.error(`${name} failed:`, (error as Error).message);
          return [];
        }),
      );
    }
  }
  const rows: Record<string, MeasuredRow[]> = {};
  for (const [at, { name, question }] of chosen.entries()) {
    rows[name] = gathered(runs[at]!);
    console.log(`\n${name}: ${question} (ratios; median and range of ${processes} processes)`);
    for (const { what, ratios, cold, target } of rows[name]) {
      const first = cold ? `  first round ${shown(cold)}` : '';
      console.log(`  ${what.padEnd(44)} ${shown(ratios).padStart(22)}${target ? ` (wanted: ${target})` : ''}${first}`);
    }
  }
  return rows;
}

function compare(before: SavedRun, after: SavedRun): void {
  console.log(`\n${after.commit} against ${before.commit}: what changed by more than the noise`);
  for (const difference of differencesOf(before, after)) console.log(`  not measured alike: ${difference}`);
  const changes = compareRuns(before.rows, after.rows);
  for (const { row, verdict, text } of changes) if (verdict !== 'same') console.log(`  ${verdict.padEnd(8)} ${row}  ${text}`);
  console.log(`  ${changes.filter(({ verdict }) => verdict === 'same').length} of ${changes.length} are the same`);
  if (changes.some(({ verdict }) => verdict === 'worse')) process.exitCode = 1;
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
  --only NAME        this one benchmark, and not those whose names begin so
  --processes N      ratios of N fresh processes: median and range, of the first round too
  --busy             beside a process that keeps a core busy
  --save FILE        writes such ratios, with commit, Node and machine (N is ${PROCESSES_TO_COMPARE} unless given)
  --against FILE     compares with a saved run; exit code 1 if something became worse. A ratio changed if no sample of one run lies within
                     the range of the other's, and the medians differ by more than 5 %; it takes three samples each
names: ${benches.map(({ name }) => name).join(', ')}; the first part of names chooses all that begin so
paths: recorded workflows (WfFormat 1.5), files or folders, for those that replay them`,
  () => main(process.argv.slice(2)),
);
