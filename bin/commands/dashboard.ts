import { Command } from 'commander';
import { withClusterOptions } from '../node-options.js';
import type { DashboardFlags } from '../serve-dashboard.js';
import type { Session } from '../session.js';
import { webAddress, withTokenOption } from '../web-options.js';

/** `handoff dashboard`: shows a cluster in the browser without becoming its member. */
export function dashboardCommand(session: Session): Command {
  const command = withClusterOptions(
    new Command('dashboard').description('Serves the dashboard of a cluster until SIGINT or SIGTERM. Prints its URL.'),
  ).option('--port <[host:]port>', 'where it is served; default: any free port of this machine', webAddress);
  return withTokenOption(command)
    .addHelpText('after', '\nExample:\n  handoff dashboard --join ws://10.0.0.1:7000 --cookie-file cookie --port 8787')
    .action(async (flags: DashboardFlags) => {
      const { serveDashboard } = await import('../serve-dashboard.js');
      session.exitCode = await serveDashboard(flags, session);
    });
}
