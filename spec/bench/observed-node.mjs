// `handoff node` as it is, in a process that tells its parent about itself.
import './observed.mjs';

await import('../../dist/bin/handoff.js');
