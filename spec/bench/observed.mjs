// For a process that tells its parent about itself, over IPC where there is some.
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

if (process.send) process.on('message', (/** @type {keyof typeof commands} */ command) => process.send?.(commands[command]()));
