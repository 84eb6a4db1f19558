// The entry of each thread or process of a pool. Plain JavaScript, as a thread cannot begin with TypeScript: from sources it registers tsx.

// The program needs these secrets; functions and their child processes do not.
delete process.env.HANDOFF_COOKIE;
delete process.env.HANDOFF_JOURNAL;

const load = async () => {
  try {
    await import('./worker-main.js');
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const { register } = await import('tsx/esm/api');
    register();
    await import('./worker-main.ts');
  }
};

load().catch((error) => {
  // Ends the worker, whatever its process does with rejections that nobody handles.
  setImmediate(() => {
    throw error;
  });
});
