// What the pool loads in each thread. Plain JavaScript, as a thread cannot begin with TypeScript: from sources it registers tsx first.
const load = async () => {
  try {
    return await import('./thread-worker.js');
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const { register } = await import('tsx/esm/api');
    register();
    return await import('./thread-worker.ts');
  }
};

/** The pool awaits the export that it calls. */
export const run = load().then((worker) => worker.run);
