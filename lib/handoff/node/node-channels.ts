import { channel } from 'node:diagnostics_channel';

// Channels for tools beside the program, such as the testing kit.

/** Carries the options of a node about to start, which subscribers may change. */
export const starting = channel('handoff-dag:node-starting');

/** Carries the place where a node listens, `{ name, url }`, before any other node is told. */
export const listening = channel('handoff-dag:node-listening');

/** Carries the `Handoff` of a node once it has started. */
export const started = channel('handoff-dag:node-started');
