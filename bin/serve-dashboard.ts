import type { Logger } from '../lib/index.js';
import { ExitCode } from './exit-codes.js';
import type { ClusterFlags } from './node-options.js';
import { openObserver } from './open-observer.js';
import { terminalLine } from './report/terminal-text.js';
import { dashboardTokenOf } from './secret-files.js';
import type { Session } from './session.js';

/** The options of `handoff dashboard`, as commander reads them. */
export interface DashboardFlags extends ClusterFlags {
  readonly port?: string;
  readonly dashboardTokenFile?: string;
}

/** Serves the dashboard of a cluster, as an observer of it, until a signal comes. */
export async function serveDashboard(flags: DashboardFlags, { output, interrupt, standardError }: Session): Promise<ExitCode> {
  const { port = '127.0.0.1:0', dashboardTokenFile } = flags;
  const warn = (_fields: object, message: string): unknown => standardError.stream.write(`handoff: ${terminalLine(message)}\n`);
  const logger: Logger = { debug() {}, info() {}, warn, error: warn };
  const token = dashboardTokenFile === undefined ? {} : { dashboardToken: dashboardTokenOf(dashboardTokenFile) };
  await using observer = await openObserver(flags, 'Cannot show a cluster', { dashboard: port, ...token, logger });
  const over = new Promise<void>((resolve) => interrupt.ends(resolve));
  void output.write(`${observer.dashboardUrl}\n`).then(() => output.forgive());
  await over;
  return ExitCode.done;
}
