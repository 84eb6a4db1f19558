// The process that `alone` starts: calls what it is told to, and answers over IPC.

async function called(/** @type {readonly string[]} */ [module, name, argument]) {
  const { [String(name)]: measure } = await import(new URL(String(module), import.meta.url).href);
  return { answer: await measure(JSON.parse(String(argument))) };
}

process.send?.(await called(process.argv.slice(2)).catch((/** @type {Error} */ error) => ({ error: error.stack ?? error.message })));
