// `handoff node` as it is, in a process that tells its parent about itself over IPC.
import { occupied, ProcessWatch } from './process-watch.mjs';

/** @type {ProcessWatch | undefined} */
let watch;

const commands = {
  occupied,
  watch: () => {
    watch = new ProcessWatch();
    return {};
  },
  watched: () => watch?.end(),
};

process.on('message', (/** @type {keyof typeof commands} */ command) => process.send?.(commands[command]()));
await import('../../dist/bin/handoff.js');
