import { forgetCommand } from './forget.js';
import { graphCommand } from './graph.js';
import { nodeCommand } from './node.js';
import { replayCommand } from './replay.js';
import { resumeCommand } from './resume.js';
import { runCommand } from './run.js';
import { runsCommand } from './runs.js';
import { statusCommand } from './status.js';
import { validateCommand } from './validate.js';

/** All commands, in the order of the help. A new one is one file and one line here. */
export const COMMANDS = [
  runCommand,
  nodeCommand,
  statusCommand,
  runsCommand,
  resumeCommand,
  forgetCommand,
  graphCommand,
  validateCommand,
  replayCommand,
] as const;
