import type { PlanRecord } from '../../../dag/index.js';
import type { ModuleContents } from '../../../executor/index.js';
import type { RunHistory } from '../record/record-reader.js';
import type { ResumeNeed } from '../record/recorded-runs.js';

/**
 * Returns what a recorded run needs that this node does not have, so that it does not go on by itself here. All its functions must be
 * references, and the same here. A version stands for the code of a function. Where the recorded driver did not have a module, its name
 * alone is compared, as when the run is executed again. So it is for functions that the run has added. `undefined`: nothing is missing.
 */
export async function resumeNeed({ plan, parts }: RecordedCode, contents: ModuleContents): Promise<FoundNeed | undefined> {
  const own = await needOf(plan, contents);
  if (own) return own;
  for (const { plan: insides } of parts.all) {
    const need = insides && (await needOf(insides, contents));
    if (need) return need;
  }
  return undefined;
}

/** What a run has to run: its functions, and those of the DAGs that expansions gave. */
type RecordedCode = Pick<RunHistory, 'plan' | 'parts'>;

async function needOf(plan: PlanRecord, contents: ModuleContents): Promise<FoundNeed | undefined> {
  const unversioned = new Set<number>();
  for (const code of plan.codes) {
    if (code.kind !== 'reference') return { waitsFor: 'caller' };
    if (code.version === undefined) unversioned.add(code.module);
  }
  for (const number of unversioned) {
    const recorded = plan.contents[number] ?? null;
    const module = plan.modules[number]!;
    if (recorded !== null && (await digestHere(module, contents)) !== recorded) return { waitsFor: 'code', module };
  }
  return undefined;
}

/** What a run needs, with the module that differs. */
export interface FoundNeed {
  readonly waitsFor: ResumeNeed;
  readonly module?: string;
}

async function digestHere(module: string, contents: ModuleContents): Promise<string | undefined> {
  try {
    return (await contents.contentOf(module)).digest;
  } catch {
    // This node does not have it.
    return undefined;
  }
}
