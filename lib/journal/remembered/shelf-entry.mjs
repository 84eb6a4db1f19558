// The entry of the thread that keeps what is remembered. Plain JavaScript, as a thread cannot begin with TypeScript: from sources it registers
// tsx first.

const load = async () => {
  try {
    await import('./shelf-main.js');
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const { register } = await import('tsx/esm/api');
    register();
    await import('./shelf-main.ts');
  }
};

load().catch((error) => {
  setImmediate(() => {
    throw error;
  });
});
