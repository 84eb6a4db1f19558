import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { serialize } from 'node:v8';
import { doAtOnce } from '../../lib/base/index.js';
import { comparePlans, compile, Dag, type Plan, type PlanRecord, recordPlan } from '../../lib/dag/index.js';
import { ModuleContents } from '../../lib/executor/index.js';
import { ConstantColumn, digestOf } from '../../lib/value/index.js';
import { type Bench, pairs, type Row } from './measure.js';

const ROUNDS = 5;
const SHORT_ROUNDS = 1;
const FUNCTIONS = 1_000_000;
const SHORT_FUNCTIONS = 100_000;
const ROWS = 20_000;
const BINARY_MIB = 16;
const MIB = 2 ** 20;

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Processor time of this process, ms: others on the machine do not count. */
async function cpuMs(action: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function planOf(functions: number): Plan {
  const table = { rows: Array.from({ length: 1000 }, (_, k) => ({ k })) };
  const dag = Dag.dynamic('fingerprints');
  for (let k = 0; k < functions; k += 1) {
    dag.add({
      id: `f${k}`,
      code: { module: './tasks.js', name: 'f' },
      args: k < 2 ? [] : [`f${k - 1}`, `f${k >> 1}`],
      extraArgs: [k, table],
    });
  }
  return compile(dag);
}

const record = (plan: Plan): PlanRecord =>
  doAtOnce(
    recordPlan(plan, {
      nameOf: (module) => module,
      contentOf: () => 'content',
      constants: new ConstantColumn(),
      inputDigest: () => undefined,
      epoch: 1,
    }),
  );

/** What durable runs ask before they begin: what modules hold, whether a plan is the recorded one, what values are. */
export const fingerprintsBench: Bench = {
  name: 'fingerprints',
  question: 'What does it cost to know what is still the same: modules, plans of a million functions, values?',
  isInShort: true,
  async run({ isShort }) {
    const rows: Row[] = [];
    const rounds = isShort ? SHORT_ROUNDS : ROUNDS;
    const compared = async (a: () => unknown, b: () => unknown): ReturnType<typeof pairs> =>
      pairs(
        rounds,
        () => cpuMs(a),
        () => cpuMs(b),
      );

    let files = 0;
    const content = async (module: string): Promise<void> => {
      const { fileCount } = await new ModuleContents({ root, node: 'bench' }).contentOf(module);
      files = fileCount;
    };
    const modules = await compared(
      () => content('./lib/base/index.ts'),
      () => content('./lib/index.ts'),
    );
    rows.push({
      what: `content of this package, ${files} modules`,
      figure: `${modules.bMs.toFixed(0)} ms, ${(modules.bMs / files).toFixed(2)} ms each`,
    });

    const count = isShort ? SHORT_FUNCTIONS : FUNCTIONS;
    const plan = planOf(count);
    const before = record(planOf(count));
    const plans = await compared(
      () => record(plan),
      () => doAtOnce(comparePlans(before, record(plan), 'same-code')),
    );
    rows.push({
      what: `record a plan of ${count.toLocaleString('en')} functions, and compare it with a recorded one`,
      figure: `${((plans.bMs / count) * 1000).toFixed(2)} µs each`,
      floor: `${((plans.aMs / count) * 1000).toFixed(2)} µs to record it`,
    });

    const table = Array.from({ length: ROWS }, (_, id) => ({
      id,
      name: `row ${id}`,
      tags: ['a', 'b'],
      at: new Date(id),
      isOdd: id % 2 === 1,
    }));
    const sizeBytes = serialize(table).byteLength;
    const perSecond = (bytes: number, ms: number): string => `${(bytes / MIB / (ms / 1000)).toFixed(0)} MiB/s`;
    const small = await compared(
      () => digestOf(table, { where: 'value', isChecked: true }),
      () => serialize(table),
    );
    rows.push({
      what: `digest of ${ROWS.toLocaleString('en')} rows`,
      figure: perSecond(sizeBytes, small.aMs),
      floor: `v8.serialize ${perSecond(sizeBytes, small.bMs)}`,
      ratio: 1 / small.ratio,
    });

    const binary = new Uint8Array(BINARY_MIB * MIB);
    const long = await compared(
      () => digestOf(binary, { where: 'value' }),
      () => createHash('sha256').update(binary).digest(),
    );
    rows.push({
      what: `digest of ${BINARY_MIB} MiB of binary data`,
      figure: perSecond(BINARY_MIB * MIB, long.aMs),
      floor: `SHA-256 alone ${perSecond(BINARY_MIB * MIB, long.bMs)}`,
      ratio: 1 / long.ratio,
      target: 'at least 0.9',
    });
    return rows;
  },
};
