import { Command } from 'commander';
import type { ReplayFlags } from '../replay-trace.js';
import type { Session } from '../session.js';

/** `handoff replay`: shows what a run was at the end of its recording. */
export function replayCommand(session: Session): Command {
  return new Command('replay')
    .description(
      'Shows what a run was at the end of its recording: where each function is, its last transitions, what was outstanding. Runs nothing.',
    )
    .argument('<file>', 'a recording, as handoff run --record writes it')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExamples:\n  handoff run dag.ts --record run.jsonl\n  handoff replay run.jsonl')
    .action(async (file: string, flags: ReplayFlags) => {
      const { replayFile } = await import('../replay-trace.js');
      session.exitCode = await replayFile(file, flags, session);
    });
}
