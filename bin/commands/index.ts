import { cacheCommand } from './cache.js';
import { cancelCommand } from './cancel.js';
import { dashboardCommand } from './dashboard.js';
import { forgetCommand } from './forget.js';
import { graphCommand } from './graph.js';
import { logsCommand } from './logs.js';
import { nodeCommand } from './node.js';
import { replayCommand } from './replay.js';
import { reportCommand } from './report.js';
import { resumeCommand } from './resume.js';
import { runCommand } from './run.js';
import { runsCommand } from './runs.js';
import { statusCommand } from './status.js';
import { topCommand } from './top.js';
import { validateCommand } from './validate.js';
import { whyCommand } from './why.js';

/** All commands, in the order of the help. A new one is one file and one line here. */
export const COMMANDS = [
  runCommand,
  nodeCommand,
  statusCommand,
  topCommand,
  whyCommand,
  dashboardCommand,
  logsCommand,
  cancelCommand,
  runsCommand,
  resumeCommand,
  forgetCommand,
  cacheCommand,
  reportCommand,
  graphCommand,
  validateCommand,
  replayCommand,
] as const;
