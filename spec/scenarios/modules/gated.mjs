// What threads run until they are let go, or that tells when it runs: by channels that the spec has too.

const channelOf = (/** @type {string} */ name) => new BroadcastChannel(`handoff spec ${name}`);

/** Runs until its gate is opened, or it is stopped. */
export const untilOpen = (/** @type {readonly string[]} */ ...given) =>
  new Promise((resolve) => {
    const gate = given[given.length - 1];
    const channel = channelOf(gate);
    channel.onmessage = () => {
      channel.close();
      resolve(gate);
    };
  });

/** Tells that it runs. */
export const tells = (/** @type {readonly unknown[]} */ ...given) => {
  const name = given[given.length - 1];
  const channel = channelOf('told');
  channel.postMessage(name);
  channel.close();
  return name;
};

/** Ends its thread. */
export const exits = () => process.exit(3);
