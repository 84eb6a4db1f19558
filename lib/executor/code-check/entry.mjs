// The process in which code is looked at. Plain JavaScript, as a process cannot begin with TypeScript: from sources it registers tsx first.
const load = async () => {
  try {
    return await import('./child.js');
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const { register } = await import('tsx/esm/api');
    register();
    return await import('./child.ts');
  }
};

const { serve } = await load();
serve();
