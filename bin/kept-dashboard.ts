import type { Handoff } from '../lib/index.js';
import type { Session } from './session.js';

/** Keeps a node whose run is over until a signal comes, so that its dashboard can be looked at. Does nothing if there was no run. */
export async function keptDashboard(handoff: Handoff, { interrupt }: Session, say: (line: string) => void): Promise<void> {
  const { dashboardUrl } = handoff;
  if (dashboardUrl === undefined || interrupt.isInterrupted) return;
  const runs = await handoff.allRuns().catch(() => []);
  if (!runs.some(({ driver }) => driver === handoff.name)) return;
  const over = new Promise<void>((resolve) => interrupt.ends(resolve));
  say(`handoff: the dashboard stays at ${dashboardUrl} until Ctrl-C`);
  await Promise.race([over, handoff.stopped]);
}
