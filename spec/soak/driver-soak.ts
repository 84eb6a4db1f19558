import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgresServer } from '../support/postgres-server.js';
import { KillDrivers, type KillingCase, type KillingResult } from './kill-drivers.js';
import { childProcesses } from './leftovers.js';

/** All that a soak of drivers tries. A journal in memory has no process to survive: the simulation kills its drivers. */
const CASES: readonly KillingCase[] = [
  { journal: 'sqlite', nodes: 1 },
  { journal: 'sqlite', nodes: 3 },
  { journal: 'postgres', nodes: 1 },
  { journal: 'postgres', nodes: 3 },
];

/** The options of a soak of drivers. */
export interface DriverSoakOptions {
  /** How often a driver is killed in each case. */
  readonly rounds: number;
  readonly seed: number;
  /** All cases by default. */
  readonly journal?: string | undefined;
  readonly nodes?: number | undefined;
  readonly print?: (line: string) => void;
}

/** Kills drivers with `kill -9` in each case, and prints a table. Resolves to 1 if anything was wrong. */
export async function soakDrivers({ rounds, seed, journal, nodes, print = console.log }: DriverSoakOptions): Promise<number> {
  const cases = CASES.filter((one) => (journal === undefined || one.journal === journal) && (nodes === undefined || one.nodes === nodes));
  if (cases.length === 0) throw new Error(`there is no such case: ${CASES.map((one) => `${one.journal} on ${one.nodes}`).join(', ')}`);
  print(`${rounds} kills of a driver in each case, seed ${seed}, Node ${process.version}; a journal in memory has no process to survive`);
  const results: KillingResult[] = [];
  const others = new Set(childProcesses().map(({ pid }) => pid));
  for (const one of cases) {
    const name = `${one.journal} on ${one.nodes}`;
    const server = one.journal === 'postgres' ? await postgresServer() : undefined;
    if (one.journal === 'postgres' && !server) {
      print(`${name}: skipped, there is no PostgreSQL here`);
      continue;
    }
    const folder = await mkdtemp(join(tmpdir(), 'handoff-soak-'));
    let told = performance.now();
    const progress = (text: string): void => {
      if (performance.now() - told < 10_000) return;
      told = performance.now();
      print(`${name}: ${text}`);
    };
    try {
      results.push(await new KillDrivers(one, { folder, server, seed, rounds, progress }).run());
    } finally {
      await server?.remove();
      await rm(folder, { recursive: true, force: true });
    }
  }
  const left = childProcesses().filter(({ pid }) => !others.has(pid));
  for (const line of tableOf(results)) print(line);
  for (const { journal: of, nodes: on, wrong } of results) for (const what of wrong) print(`${of} on ${on}: ${what}`);
  if (left.length > 0) print(`processes left: ${left.map(({ pid, what }) => `${pid} ${what}`).join(', ')}`);
  return left.length > 0 || results.some(({ wrong }) => wrong.length > 0) ? 1 : 0;
}

function tableOf(results: readonly KillingResult[]): readonly string[] {
  const head = ['journal', 'nodes', 'kills', 'runs', 'functions', 'recalled', 'started again', 'adopted', 'wrong'];
  const rows = results.map((one) => [
    one.journal,
    one.nodes,
    one.kills,
    one.runs,
    one.functions,
    one.recalled,
    one.again,
    one.adopted,
    one.wrong.length === 0 ? 'nothing' : one.wrong.length,
  ]);
  const table = [head, ...rows.map((row) => row.map(String))];
  const widths = head.map((_, at) => Math.max(...table.map((row) => row[at]!.length)));
  return table.map((row) => row.map((cell, at) => cell.padEnd(widths[at]!)).join('  '));
}
