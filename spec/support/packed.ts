import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The project's folder. */
export const project = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Where downloads are kept over runs. */
export const cache = join(project, 'node_modules/.cache');

/** Runs a program without what started this one; returns its standard output. Rejects with all that it wrote, if it fails or takes `timeoutMs`. */
export async function output(file: string, args: readonly string[], cwd: string, timeoutMs = 120_000): Promise<string> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => name !== 'NODE_OPTIONS' && !/^npm_(?!config_(?:registry|.*cert|ca))/i.test(name),
  );
  try {
    return (await promisify(execFile)(file, args, { cwd, env: Object.fromEntries(inherited), timeout: timeoutMs })).stdout;
  } catch (error) {
    const { stdout, stderr, message } = error as { stdout?: string; stderr?: string; message: string };
    throw new Error(`${message}\n${stdout ?? ''}${stderr ?? ''}`);
  }
}

/** The package as it is published, from what was built: the path of the tarball, below `folder`. */
export async function packed(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const printed = await output('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], project);
  return join(folder, printed.trim().split('\n').at(-1)!);
}

/** Writes files by their path below a folder. */
export function writeAll(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** The README's first program, by file, and what it prints. */
export function firstProgram(): { readonly files: Readonly<Record<string, string>>; readonly prints: string } {
  const readme = readFileSync(join(project, 'README.md'), 'utf8');
  const files: Record<string, string> = {};
  for (const [, name, text] of readme.matchAll(/^```ts (\S+\.ts)\n([\s\S]*?)^```$/gm)) files[name!] ??= text!;
  const prints = /It prints `(.+?)`/.exec(readme)?.[1];
  if (!files['tasks.ts'] || !files['main.ts'] || prints === undefined)
    throw new Error('the README has no first program, or does not say what it prints');
  return { files: { 'tasks.ts': files['tasks.ts'], 'main.ts': files['main.ts'] }, prints: `${prints}\n` };
}

/** The compiler options that the first program needs. */
export const compilerOptions = {
  target: 'es2022',
  lib: ['es2023', 'esnext.disposable'],
  module: 'nodenext',
  strict: true,
  types: ['node'],
  outDir: 'out',
} as const;

/** The same program in a project of CommonJS, as `npm init -y` makes one. */
export function commonJsProgram(): Readonly<Record<string, string>> {
  return {
    'tasks.ts': firstProgram().files['tasks.ts']!,
    'main.ts': `import { Dag, functionsIn, Handoff } from 'handoff-dag';

const tasks = functionsIn<typeof import('./tasks')>(require.resolve('./tasks'));

const dag = new Dag('report')
  .add({ id: 'xs', code: tasks.load, extraArgs: [4] })
  .add({ id: 'total', code: tasks.sum, args: ['xs'], cost: { cpu: 1 } })
  .add({ id: 'mean', code: (xs: number[]) => xs.reduce((a, b) => a + b, 0) / xs.length, args: ['xs'] })
  .add({ id: 'report', code: tasks.report, args: ['total', 'mean'] });

async function main(): Promise<void> {
  const handoff = await Handoff.start();
  try {
    console.log((await handoff.execute(dag)).results.report);
  } finally {
    await handoff.stop();
  }
}
void main();
`,
  };
}

/** A module with a DAG for the command line, and what \`handoff run\` prints of it. */
export const dagModule = {
  text: `import { Dag, functionsIn } from 'handoff-dag';
import type * as Tasks from './tasks.js';
const tasks = functionsIn<typeof Tasks>('./tasks.js');
export default new Dag('cli').add({ id: 'xs', code: tasks.load, extraArgs: [4] }).add({ id: 'total', code: tasks.sum, args: ['xs'] });
`,
  prints: 'total: 10\n',
} as const;
