// Brain: pure.
import type { Phases } from '../../../runner/index.js';
import type { RunHeader } from '../../views/view-types.js';
import { countOf, durationText, percentText } from '../format/amounts.js';

/** The name of a phase within `Phases`. */
export type PhaseName = keyof Phases;

/** What happens in each phase, as it reads after "62 % of the critical path was …". In the order in which phases happen. */
export const PHASE_DEEDS: Readonly<Record<PhaseName, string>> = {
  waitMs: 'waiting for room',
  fetchMs: 'fetching values',
  loadMs: 'loading code and arguments',
  runMs: 'running',
  packMs: 'packing results',
  handOverMs: 'on the way to a slot and back',
};

/** The names of the phases, in the order in which they happen. */
export const PHASES_IN_ORDER = Object.keys(PHASE_DEEDS) as readonly PhaseName[];

/** How long all phases took together. */
export const allPhasesOf = (phases: Phases): number => PHASES_IN_ORDER.reduce((sum, phase) => sum + phases[phase], 0);

/** Without waiting: how long an attempt used a slot, or was on the way to one. */
export const tookOf = (phases: Phases): number => allPhasesOf(phases) - phases.waitMs;

/** How many phases a sentence names, and what part of the whole one must be to be named. */
const MOST_NAMED = 3;
const LEAST_NAMED = 0.05;

/** What the critical path was made of, as a sentence: "62 % of the critical path was running, 30 % waiting for room". */
export function madeOfWords(phases: Phases): string {
  const total = allPhasesOf(phases);
  if (total <= 0) return 'The critical path took no time';
  const byLength = [...PHASES_IN_ORDER].sort((a, b) => phases[b] - phases[a]);
  const named = byLength.filter((phase, at) => at === 0 || phases[phase] >= LEAST_NAMED * total).slice(0, MOST_NAMED);
  const words = named.map((phase, at) => {
    const part = percentText(phases[phase], total);
    return at === 0 ? `${part} of the critical path was ${PHASE_DEEDS[phase]}` : `${part} ${PHASE_DEEDS[phase]}`;
  });
  return words.length === 1 ? words[0]! : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** What would make the run faster, as far as its critical path shows it; nothing if no phase stands out. */
export function adviceFor(phases: Phases): string | undefined {
  const total = allPhasesOf(phases);
  const partOf = (phase: PhaseName): number => (total > 0 ? phases[phase] / total : 0);
  if (partOf('waitMs') >= 0.3) return 'It waited for slots or resources: more of them, or more nodes, would shorten the run.';
  if (partOf('fetchMs') >= 0.25)
    return 'Values travelled: functions near their values (strategy near-data, collocation) would shorten the run.';
  if (partOf('loadMs') >= 0.25)
    return 'Code and arguments took long to load: fewer, larger functions, or smaller arguments, would shorten the run.';
  if (partOf('packMs') >= 0.25) return 'Results took long to pack: smaller ones, or typed arrays, would shorten the run.';
  if (partOf('handOverMs') >= 0.4) return 'The functions are short: fewer, larger ones would shorten the run.';
  if (partOf('runMs') >= 0.75) return 'It waited for the functions themselves: only faster ones, or another order, would shorten the run.';
  return undefined;
}

/** How the critical path relates to the run: "14 functions in a row took 11.8 s of 12.4 s". */
export function lengthWords(functions: number, tookMs: number, elapsedMs: number): string {
  const took = functions === 1 ? 'took' : 'in a row took';
  return `${countOf(functions, 'function')} ${took} ${durationText(tookMs)} of the ${durationText(Math.max(elapsedMs, tookMs))}`;
}

/** Says why there is no critical path: a run may have taken all its results from its record. */
export function noPathWords({ progress: { succeeded = 0 } }: Pick<RunHeader, 'progress'>): {
  readonly title: string;
  readonly text: string;
} {
  return succeeded > 0
    ? { title: 'Nothing had to run', text: 'All results were recorded or remembered, or are older than the attempts that are kept.' }
    : { title: 'No function has succeeded', text: 'The critical path is the chain of functions that the last success waited for.' };
}
