import type { DynamicDag, Handoff } from 'handoff-dag';
import type { ObservedNode } from './far-node.js';
import type { Row } from './measure.js';
import { StationProfile } from './station-profile.mjs';

/** What is run to be looked at: so many functions in each run, and so many in all. */
export interface Profiled {
  readonly dag: DynamicDag;
  readonly functionsOfRun: number;
  readonly functions: number;
}

type Stations = Readonly<Record<string, number>>;

/** Shares below this of all that the ends took in one of the columns are told together. */
const LEAST_SHARE = 0.01;

/** Rows of a table: where each microsecond of processor time goes at the driver and at the other node, for each function. */
export async function stationRows(handoff: Handoff, far: ObservedNode, kinds: Readonly<Record<string, Profiled>>): Promise<readonly Row[]> {
  const columns: Stations[] = [];
  for (const { dag, functionsOfRun, functions } of Object.values(kinds)) {
    const run = async (): Promise<void> => {
      for (let done = 0; done < functions; done += functionsOfRun) await handoff.execute(dag);
    };
    await run();
    const here = new StationProfile();
    await far.profile();
    await run();
    for (const stations of [here.end(), await far.profiled()])
      columns.push(Object.fromEntries(Object.entries(stations).map(([name, us]) => [name, us / functions])));
  }
  const line = (of: (stations: Stations) => number): string => columns.map((stations) => of(stations).toFixed(1).padStart(7)).join('');
  const sum = (stations: Stations): number => Object.values(stations).reduce((all, us) => all + us, 0);
  const share = (name: string): number => Math.max(...columns.map((stations) => (stations[name] ?? 0) / sum(stations)));
  const names = [...new Set(columns.flatMap((stations) => Object.keys(stations)))].sort((a, b) => share(b) - share(a));
  const told = names.filter((name) => share(name) >= LEAST_SHARE);
  const rest = names.filter((name) => !told.includes(name));
  const kindsTold = Object.keys(kinds).map((kind) => `${kind}: driver, node`);
  return [
    { what: 'where each microsecond goes, µs a function', figure: kindsTold.join('; ') },
    ...told.map((name) => ({ what: `  ${name}`, figure: line((stations) => stations[name] ?? 0) })),
    { what: '  all others', figure: line((stations) => rest.reduce((all, name) => all + (stations[name] ?? 0), 0)) },
    { what: '  in all', figure: line(sum) },
  ];
}
