import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

/** The package names of the compilers, by what they are called here. */
export const COMPILERS = { 'TypeScript 7': 'typescript', 'TypeScript 5.9': 'typescript-5.9' } as const;

/** What a compiler says, one line per error: `folder/file.ts:line`, and the whole text. */
export interface Diagnosis {
  readonly places: readonly string[];
  readonly text: string;
}

/** Runs a compiler over the project in a folder. */
export function compileProject(compiler: string, project: string): Promise<Diagnosis> {
  const tsc = join(REPOSITORY, 'node_modules', compiler, 'bin', 'tsc');
  return new Promise((resolve) => {
    const options = { cwd: project, maxBuffer: 32 * 2 ** 20 };
    execFile(process.execPath, [tsc, '-p', project, '--pretty', 'false'], options, (_, stdout, stderr) => {
      const places = [...stdout.matchAll(/^(\S.*?)\((\d+),\d+\): error /gm)].map(([, file, line]) => `${file}:${line}`);
      resolve({ places, text: stdout + stderr });
    });
  });
}
