import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

const project = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(project, 'README.md'), 'utf8');
const run = promisify(execFile);
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

interface Block {
  /** The heading it stands under. */
  readonly under: string;
  /** The name after the language; none for a block that stands for itself. */
  readonly file: string | undefined;
  readonly code: string;
}

function blocks(): Block[] {
  const found: Block[] = [];
  let under = '';
  for (const match of readme.matchAll(/^#+ (?<heading>.+)$|^```ts(?: (?<file>\S+))?\n(?<code>[\s\S]*?)^```$/gm)) {
    const { heading, file, code } = match.groups!;
    if (heading) under = heading;
    else found.push({ under, file, code: code! });
  }
  return found;
}

/** What each block prints, by the heading it stands under. */
const prints: Readonly<Record<string, RegExp>> = {
  'handoff-dag': /^total 10, mean 2\.5\n$/,
  'A DAG': /^flowchart [\s\S]*prices[\s\S]*receipt/,
  'Running it': /^name took 1 attempt\ngreeting took 1 attempt\nHello, Ada Ada\n$/,
  'From another actor': /^3\n$/,
  'Your DAGs under fire': /^n2 died: 20540\nseed 1: 20540\nseed 2: 20540\nseed 3: 20540\n$/,
  Supervisors: /^2\n$/,
  'Your own strategy': /^\{ one: '.+' \}\n$/,
};

describe('the code in the README', () => {
  let folder: string;
  const programs = blocks().filter(({ file }) => file === undefined || file === 'main.ts');
  const folderOf = (under: string): string => join(folder, under.replaceAll(/\W+/g, '-').toLowerCase());

  before(() => {
    // A project of a user's, that has the package installed.
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'handoff-readme-')));
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(project, join(folder, 'node_modules', 'handoff-dag'));
    for (const name of ['nact', '@types']) symlinkSync(join(project, 'node_modules', name), join(folder, 'node_modules', name));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', type: 'module' }));
    const compilerOptions = {
      target: 'es2022',
      lib: ['es2023', 'esnext.disposable'],
      module: 'nodenext',
      strict: true,
      noEmit: true,
      types: ['node'],
    };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...compilerOptions, skipLibCheck: true }, include: ['*/*.ts'] }),
    );
    for (const { under, file = 'main.ts', code } of blocks()) {
      mkdirSync(folderOf(under), { recursive: true });
      writeFileSync(join(folderOf(under), file), code);
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  it('is all known here, one program to a heading', () => expect(programs.map(({ under }) => under)).to.deep.equal(Object.keys(prints)));

  it('compiles', async () => {
    await run(process.execPath, [join(project, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder], { cwd: folder }).catch(
      (error: { stdout: string }) => expect.fail(error.stdout),
    );
  });

  for (const { under } of programs) {
    it(`runs, and prints what it should: ${under}`, async () => {
      const program = join(folderOf(under), 'main.ts');
      const { stdout, stderr } = await run(process.execPath, ['--import', tsx, program], {
        cwd: folder,
        timeout: 150_000,
      });
      expect(stdout).to.match(prints[under]!);
      expect(stderr).to.equal('');
    });
  }
});
