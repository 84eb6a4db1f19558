import type { Command } from 'commander';
import { nonEmpty } from './option-values.js';

/** Whether and where the code of functions is checked, as commander reads it. */
export interface CodeFlags {
  readonly code: boolean;
  readonly root?: string;
}

/** Adds the options of a command that checks the code of functions. */
export function withCodeOptions(command: Command): Command {
  return command
    .option('--no-code', 'do not check whether the code of functions can be loaded')
    .option('--root <dir>', 'the folder that the modules of functions lie in; default: that of the nearest package.json', nonEmpty);
}
