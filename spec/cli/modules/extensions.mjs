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

export const somethingElse = 7;
