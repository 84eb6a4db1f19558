import { existsSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cache, commonJsProgram, compilerOptions, dagModule, firstProgram, output, packed, project, writeAll } from '../support/packed.js';

/** The Node versions that we promise, as npm names ranges. The packages `node-<platform>-<arch>` carry their binaries. */
const VERSIONS = ['~20.19.0', '^22.0.0', '^24.0.0'];

/** The binary of a Node version: downloaded once, then kept. */
async function nodeBinary(range: string): Promise<string> {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const folder = join(cache, 'node', range.replace(/\W/g, ''));
  const binary = join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (!existsSync(binary)) {
    writeAll(folder, { 'package.json': '{ "private": true }' });
    await output('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save', `${name}@${range}`], folder);
  }
  return binary;
}

/** A project that has the package, tsx and TypeScript installed from the registry, and the programs of `index.ts` beside it in both kinds of modules. */
async function projectWith(tarball: string, folder: string): Promise<void> {
  const { files } = firstProgram();
  const tsconfig = JSON.stringify({ compilerOptions, include: ['*.ts'], exclude: ['dag.ts'] });
  writeAll(folder, { 'package.json': '{ "name": "of-a-user", "private": true }' });
  const wanted = ['tsx', 'typescript', '@types/node@20'];
  await output('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball, ...wanted], folder);
  writeAll(join(folder, 'esm'), { ...files, 'dag.ts': dagModule.text, 'package.json': '{ "type": "module" }', 'tsconfig.json': tsconfig });
  writeAll(join(folder, 'commonjs'), { ...commonJsProgram(), 'package.json': '{ "type": "commonjs" }', 'tsconfig.json': tsconfig });
  for (const kind of ['esm', 'commonjs']) await output(process.execPath, ['../node_modules/typescript/bin/tsc'], join(folder, kind));
}

/** What each program prints, by what it shows. Each is run in its folder, below that of the project. */
function programs(): Readonly<Record<string, { readonly in: string; readonly args: readonly string[]; readonly prints: string }>> {
  const { prints } = firstProgram();
  return {
    'ESM with tsx': { in: 'esm', args: ['--import', 'tsx', 'main.ts'], prints },
    'ESM compiled': { in: 'esm', args: ['out/main.js'], prints },
    'CommonJS with tsx': { in: 'commonjs', args: ['--import', 'tsx', 'main.ts'], prints },
    'CommonJS compiled': { in: 'commonjs', args: ['out/main.js'], prints },
    'handoff run': {
      in: 'esm',
      args: ['../node_modules/handoff-dag/dist/bin/handoff.js', 'run', 'dag.ts', '-q'],
      prints: dagModule.prints,
    },
  };
}

/** Runs all programs with one Node, and says in one line how that went. Returns whether all did what they should. */
async function smoke(range: string, folder: string): Promise<boolean> {
  const startedMs = performance.now();
  const faults: string[] = [];
  let version = range;
  const passed: string[] = [];
  try {
    const node = await nodeBinary(range);
    version = (await output(node, ['--version'], folder)).trim();
    const all = Object.entries(programs());
    const printed = await Promise.all(
      all.map(([, { in: place, args }]) => output(node, args, join(folder, place), 60_000).catch((error: Error) => error.message)),
    );
    for (const [at, [name, { prints }]] of all.entries()) {
      if (printed[at] === prints) passed.push(name);
      else faults.push(`${name}: ${printed[at]}`);
    }
  } catch (error) {
    faults.push(String(error));
  }
  const tookS = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`Node ${version}: ${faults.length === 0 ? `${passed.join(', ')}: passed` : `failed\n  ${faults.join('\n  ')}`} (${tookS} s)`);
  return faults.length === 0;
}

if (!existsSync(join(project, 'dist')) || readdirSync(join(project, 'dist')).length === 0) await output('npm', ['run', 'build'], project);
const folder = realpathSync(await mkdtemp(join(tmpdir(), 'handoff-smoke-')));
try {
  await projectWith(await packed(folder), folder);
  for (const range of VERSIONS) if (!(await smoke(range, folder))) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
