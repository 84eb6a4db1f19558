// The process that `alone` starts: calls what it is told to, and answers over IPC.
type Measuring = (argument: unknown) => Promise<unknown>;

async function called([module, name, argument]: readonly [string, string, string]): Promise<object> {
  const { [name]: measure } = (await import(new URL(module, import.meta.url).href)) as Record<string, Measuring>;
  return { answer: await measure!(JSON.parse(argument)) };
}

process.send!(
  await called(process.argv.slice(2) as [string, string, string]).catch((error: Error) => ({ error: error.stack ?? error.message })),
);
