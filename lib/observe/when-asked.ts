import type { ObservedRun } from '../runner/index.js';
import type { DashboardServer } from './dashboard/dashboard-server.js';
import type { DashboardSetup } from './dashboard/dashboard-setup.js';
import type { ReportedNode } from './report/report-content.js';

// What few programs ask for is loaded when it is asked for, so that importing the package stays cheap.

/** Serves a dashboard, or metrics alone. Rejects with the system's error if it cannot listen, and leaves nothing behind. */
export async function openDashboard(setup: DashboardSetup): Promise<DashboardServer> {
  const { DashboardServer } = await import('./dashboard/dashboard-server.js');
  return DashboardServer.open(setup);
}

/** Returns the report of a run, made now, as HTML. `nodes`: the members of the cluster, as far as they are known. */
export async function reportOf(run: ObservedRun, nodes: readonly ReportedNode[]): Promise<string> {
  const [{ reportHtml }, { reportEnvironment }] = await Promise.all([
    import('./report/report-html.js'),
    import('./report/report-environment.js'),
  ]);
  return reportHtml(run, reportEnvironment(nodes));
}
