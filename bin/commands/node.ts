import { Command } from 'commander';
import { withDurableOptions } from '../durable-options.js';
import { withClusterOptions, withNodeOptions } from '../node-options.js';
import { amount, nonEmpty } from '../option-values.js';
import type { NodeCommandFlags } from '../run-node.js';
import type { Session } from '../session.js';
import { withWebOptions } from '../web-options.js';

/** `handoff node`: a node that runs what others send, until it is asked to stop. */
export function nodeCommand(session: Session): Command {
  const command = new Command('node')
    .description(
      'Runs a node until SIGINT or SIGTERM, then lets running functions end. Prints its URL, and the command that joins another node.',
    )
    .option(
      '--listen <host:port>',
      'where others reach it; default: 127.0.0.1:0, any free port; 0.0.0.0:0 when it joins another machine',
      nonEmpty,
    )
    .option(
      '--advertise <url>',
      'the URL that others dial, ws://host:port, if it differs from where it listens: NAT, mapped ports',
      nonEmpty,
    );
  const dashboard = 'serve a dashboard of the cluster there, with /metrics and /healthz';
  return withWebOptions(withDurableOptions(withNodeOptions(withClusterOptions(command))), '<[host:]port>', dashboard)
    .option(
      '--resume',
      'go on with interrupted runs by itself, at the start and whenever the lease of a driver runs out; needs a --data-dir or a --journal',
    )
    .option('--grace-ms <ms>', 'how long running functions may take to end after a signal; default: 10000', amount)
    .addHelpText(
      'after',
      `
Examples:
  handoff node --listen 0.0.0.0:7000 --cookie-file cookie
  handoff node --join ws://10.0.0.1:7000 --cookie-file cookie --resource gpu=1
  handoff node --listen 0.0.0.0:7000 --cookie-file cookie --dashboard 8787 --metrics 0.0.0.0:9464 --dashboard-token-file token
  handoff node --resume --journal postgres://me@db/runs --join ws://10.0.0.1:7000 --cookie-file cookie

Services start node_modules/.bin/handoff, not npx: that passes no signal on, and the node drains only once it sees that npx is gone.

A first signal drains the node, and it exits 0; after a second it exits 130 at once.`,
    )
    .action(async (flags: NodeCommandFlags) => {
      const { runNode } = await import('../run-node.js');
      session.exitCode = await runNode(flags, session);
    });
}
