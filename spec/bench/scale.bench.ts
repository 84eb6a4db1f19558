import { strategyNames } from '../../lib/allocator/index.js';
import { type Bench, median, perSecond, type Row } from './measure.js';
import { type ScaleShape, scheduleOnly } from './schedule-only.js';

const MILLION: ScaleShape = { nodes: 1000, cpusEach: 8, functions: 1_000_000, width: 40_000, strategy: 'first-available' };
/** A tenth of the functions, five of which wait for each cpu that there is, on so many nodes. */
const tenth = (nodes: number): ScaleShape => ({ ...MILLION, nodes, cpusEach: 8000 / nodes, functions: 100_000 });
/** Fewer are ready at once than there are cpus: most nodes have room, and each could be chosen. */
const roomy = (strategy: ScaleShape['strategy']): ScaleShape => ({ ...MILLION, functions: 100_000, width: 6000, strategy });
const ROUNDS = 3;

/** The brains of a run, its allocator and the ledgers of all nodes, on virtual time: what is left of the engine where nothing has to be waited for. */
export const scaleBench: Bench = {
  name: 'scale',
  question: 'How fast do the brains alone schedule, and what does it cost them that nodes are many?',
  async run() {
    const rows: Row[] = [];
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const few = scheduleOnly(tenth(10));
      ratios.push(scheduleOnly(tenth(1000)).tookMs / few.tookMs);
    }
    const ratio = median(ratios);
    rows.push({ what: '100,000 functions, 1,000 nodes for 10', figure: `${ratio.toFixed(2)} times`, floor: 'as long', ratio });
    for (const strategy of strategyNames) {
      const { tookMs } = scheduleOnly(roomy(strategy));
      rows.push({ what: `100,000, 1,000 nodes with room, ${strategy}`, figure: perSecond(100_000, tookMs) });
    }
    const { functions } = MILLION;
    const { makespanMs, boundMs, tookMs, residentBytes } = scheduleOnly(MILLION);
    rows.push({
      what: '1,000,000 functions, 1,000 nodes',
      figure: `${perSecond(functions, tookMs)}, ${(tookMs / 1000).toFixed(1)} s`,
      floor: `${Math.round(residentBytes / 2 ** 20)} MiB in all`,
    });
    rows.push({ what: 'their makespan', figure: `${(makespanMs / 1000).toFixed(1)} s`, floor: 'lower bound', ratio: makespanMs / boundMs });
    return rows;
  },
};
