// For a process that tells its parent about itself, over IPC where there is some.
import { occupied, ProcessWatch } from './process-watch.mjs';
import { StationProfile } from './station-profile.mjs';

/** @type {ProcessWatch | undefined} */
let watch;
/** @type {StationProfile | undefined} */
let profile;

const commands = {
  occupied,
  watch: () => {
    watch = new ProcessWatch();
    return {};
  },
  watched: () => watch?.end(),
  profile: () => {
    profile = new StationProfile();
    return {};
  },
  profiled: () => profile?.end(),
};

if (process.send) process.on('message', (/** @type {keyof typeof commands} */ command) => process.send?.(commands[command]()));
