// Functions that write to the standard streams in every way there is.
export const dots = (times: number): number => {
  for (let at = 0; at < times; at += 1) process.stdout.write('x');
  return times;
};
export const byteByByte = (text: string): void => {
  for (const byte of Buffer.from(text)) process.stdout.write(Uint8Array.of(byte));
};
export const encoded = (): void => {
  process.stdout.write('e29cc3', 'hex');
  process.stdout.write('4pyFIQ==', 'base64');
  process.stdout.write('\n');
};
export const callsBack = async (): Promise<unknown[]> => {
  const heard: unknown[] = [];
  await new Promise<void>((resolve) => process.stdout.write('one\n', () => resolve()));
  await new Promise<void>((resolve) => {
    process.stdout.write('two\n', 'utf8', (error) => {
      heard.push(error);
      resolve();
    });
  });
  await new Promise<void>((resolve) => process.stdout.end('three\n', () => resolve()));
  process.stdout.write('four\n');
  return heard;
};
export const corks = (): void => {
  process.stdout.cork();
  process.stderr.destroy();
  process.stdout.write('corked\n');
  process.stderr.write('destroyed\n');
};
export const wrong = (): string[] =>
  [
    () => process.stdout.write('x', 'nonsense' as BufferEncoding),
    () => process.stdout.write(7 as never),
    () => process.stdout.write(null as never),
  ].map((write) => {
    try {
      write();
      return 'written';
    } catch (error) {
      return (error as { code: string }).code;
    }
  });
export const tables = (): void => {
  console.table([{ a: 1 }]);
  console.dir({ deep: { er: 1 } });
  console.group('group');
  console.info('inner');
  console.groupEnd();
  console.warn('warned');
};
export const flood = (lines: number): string => {
  for (let at = 0; at < lines; at += 1) console.log('a line of a flood');
  return 'done';
};
export const environment = (): string[] => Object.keys(process.env).filter((name) => name === 'HANDOFF_COOKIE');
