import { loopIsolation } from 'handoff-dag';

/** Tells on standard error which strategy was asked. */
export const strategies = {
  loud: () => ({
    name: 'loud',
    place({ nodes, functionId }) {
      process.stderr.write(`placed ${functionId}\n`);
      return nodes.find(({ fits }) => fits)?.name;
    },
  }),
};

export const storeBackend = {
  name: 'map',
  open: () => {
    const values = new Map();
    process.stderr.write('opened a shelf\n');
    return {
      get sizeBytes() {
        return [...values.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      },
      put: (id, value) => void values.set(id, value),
      get: (id) => values.get(id),
      delete: (id) => void values.delete(id),
      ids: () => values.keys(),
    };
  },
};

/** Tells on standard error which function it calls, on the loop. */
export const isolations = {
  aside(options) {
    const runner = loopIsolation(options);
    return {
      start(call, settle) {
        process.stderr.write(`aside: ${call.context.functionId}\n`);
        return runner.start(call, settle);
      },
      close: () => runner.close(),
    };
  },
};

export const somethingElse = 7;
