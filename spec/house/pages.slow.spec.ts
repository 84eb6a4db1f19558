import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { compilerOptions, project } from '../support/packed.js';
import { type Block, blocks, pages, pageText } from '../support/pages.js';

const run = promisify(execFile);
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const compiler = join(project, 'node_modules', 'typescript', 'bin', 'tsc');

/** What each program prints, by its page and the heading it stands under. A `main.ts`, or a block without a name, is a program. */
const prints: Readonly<Record<string, RegExp>> = {
  'README.md: handoff-dag': /^total 10, mean 2\.5\n$/,
  'README.md: A DAG': /^flowchart [\s\S]*prices[\s\S]*receipt/,
  'README.md: Graphs that grow': /^\[ 3, 7, 5 \] cake 6\n$/,
  'README.md: Running it': /^name took 1 attempt\ngreeting took 1 attempt\nHello, Ada Ada\n$/,
  'docs/durable-runs.md: Durable runs': /^6\n$/,
  'docs/errors.md: Errors': /^wrong 1 the order is empty\nunstable 3 no answer\n\{ fine: 'done' \}\n$/,
  'docs/errors.md: Time-outs and cancelling': /^HANDOFF_FUNCTION_FAILED HANDOFF_FUNCTION_TIMEOUT\n$/,
  'docs/extending.md: A strategy': /^\{ nine: 9 \}\n$/,
  'docs/extending.md: A store backend': /^\[ 'Ada', 'Grace' \]\n$/,
  'docs/extending.md: An isolation': /^\{ nine: 9 \}\n$/,
  'docs/extending.md: A transport': /^\[ 'second', 'first' \]\n$/,
  'docs/getting-started.md: ES modules with tsx': /^10\n$/,
  'docs/getting-started.md: CommonJS': /^10\n$/,
  'docs/getting-started.md: A run for each request': /^\[ 'Hello, Ada', 'Hello, Grace' \]\n$/,
  'docs/getting-started.md: Embedding a node in your program': /^nobody waits for me\n$/,
  'docs/graphs.md: Graphs that branch, fan out and contain each other':
    /^\[ '30 EUR', '30 EUR' \] a large order 1 \{ best: 30, worst: 30 \}\n\[ 'rates' \]\n$/,
  'docs/isolations.md: Your own isolation': /^42\n$/,
  'docs/memory-and-disk.md: Remembered results': /^first rows run\nfirst total run\nsecond rows cache\nsecond total cache\n$/,
  'docs/observing.md: Runs of other nodes': /^hello: hello\ngreet \S+ completed 1\n$/,
  'docs/observing.md: Report': /^$/,
  'docs/observing.md: Dashboard': /^http:\/\/127\.0\.0\.1:\d+\n$/,
  'docs/observing.md: Traces': /^\[ 'one succeeded', 'two succeeded' \]\n$/,
  'docs/observing.md: OpenTelemetry': /^handoff\.function ask-\* true\nhandoff\.run true\n$/,
  'docs/strategies.md: Your own strategy': /^\{ one: '.+' \}\n$/,
  'docs/supervisors.md: Supervisors': /^2\n$/,
  'docs/supervisors.md: From your own actors': /^3\n$/,
  'docs/testing.md: Clusters that you can harm': /^n2 died: 20540\nseed 1: 20540\nseed 2: 20540\nseed 3: 20540\n$/,
  'docs/values-and-limits.md: Freezing and copies': /^true \{ xs: \[ 3, 1, 2 \], right: \[ 1, 2, 3 \] \}\n$/,
};

/** What the command prints of each module with a DAG, by its page and heading. */
const runs: Readonly<Record<string, string>> = { 'docs/getting-started.md: Without a program of your own': 'total: 10\n' };

const placeOf = ({ page, under }: Block): string => `${page}: ${under}`;

describe('the pages', () => {
  let folder: string;
  const files = blocks.filter(({ language, file }) => language === 'ts' || file?.endsWith('.json'));
  const programs = files.filter(({ language, file }) => language === 'ts' && (file === undefined || file === 'main.ts'));
  const folderOf = (place: string): string => join(folder, place.replaceAll(/\W+/g, '-').toLowerCase());

  before(() => {
    // A project of a user's, that has the package installed.
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'handoff-pages-')));
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(project, join(folder, 'node_modules', 'handoff-dag'));
    for (const name of ['nact', '@types', '@opentelemetry'])
      symlinkSync(join(project, 'node_modules', name), join(folder, 'node_modules', name));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', type: 'module' }));
    const { outDir: _, ...options } = compilerOptions;
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...options, noEmit: true, skipLibCheck: true }, include: ['*/*.ts'] }),
    );
    for (const block of files) {
      mkdirSync(folderOf(placeOf(block)), { recursive: true });
      writeFileSync(join(folderOf(placeOf(block)), block.file ?? 'main.ts'), block.code);
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  it('have programs that are all known here, one to a heading', () => expect(programs.map(placeOf)).to.have.members(Object.keys(prints)));

  it('have programs that compile', async () => {
    await run(process.execPath, [compiler, '-p', folder], { cwd: folder }).catch((error: { stdout: string }) => expect.fail(error.stdout));
  });

  it('have tsconfig.json blocks that are alike, and compile the programs beside them, with the types of libraries checked', async () => {
    const configs = blocks.filter(({ file }) => file === 'tsconfig.json');
    expect(configs.length).to.be.above(1);
    for (const config of configs) {
      expect(JSON.parse(config.code)).to.deep.equal({ compilerOptions: { ...compilerOptions, outDir: 'dist' } }, placeOf(config));
      const beside = folderOf(placeOf(config));
      if (!existsSync(join(beside, 'main.ts'))) continue;
      const words = [compiler, '-p', beside, '--noEmit'];
      await run(process.execPath, words, { cwd: beside }).catch((error: { stdout: string }) => expect.fail(error.stdout));
    }
  });

  for (const place of programs.map(placeOf)) {
    it(`have a program that runs, and prints what it should: ${place}`, async () => {
      const program = join(folderOf(place), 'main.ts');
      const { stdout, stderr } = await run(process.execPath, ['--import', tsx, program], {
        cwd: folder,
        // That nodes join and leave, and what functions print, is said at info. Clusters of the testing kit say nothing, unless they are told to.
        env: /^docs\/(extending|observing)\.md/.test(place) ? { ...process.env, HANDOFF_LOG_LEVEL: 'warn' } : process.env,
        timeout: 150_000,
      });
      expect(stdout).to.match(prints[place]!);
      expect(stderr).to.equal('');
    });
  }

  it('have tests only in docs/extending.md, which spec/conformance runs on the package as it is installed', () => {
    const tests = files.filter(({ file }) => file?.endsWith('.test.ts'));
    expect(new Set(tests.map(({ page }) => page))).to.deep.equal(new Set(['docs/extending.md']));
  });

  for (const [place, printed] of Object.entries(runs)) {
    it(`have a DAG that the command runs: ${place}`, async () => {
      const command = join(project, 'dist', 'bin', 'handoff.js');
      await run(process.execPath, [command, 'validate', 'dag.ts'], { cwd: folderOf(place) });
      const { stdout } = await run(process.execPath, [command, 'run', 'dag.ts', '-q'], { cwd: folderOf(place) });
      expect(stdout).to.equal(printed);
    });
  }

  it('have JSON that can be read', () => {
    for (const block of blocks) if (block.language === 'json') expect(() => JSON.parse(block.code), placeOf(block)).to.not.throw();
  });

  it('have links that lead somewhere', () => {
    // As GitHub makes them.
    const anchorOf = (heading: string): string =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-');
    for (const page of pages) {
      for (const [, path] of pageText(page).matchAll(/\]\(https:\/\/github\.com\/handoff-dag\/handoff-dag\/tree\/HEAD\/([^)\s]+)\)/g))
        expect(existsSync(join(project, path!)), `${page}: ${path}`).to.equal(true);
      for (const [, path, anchor] of pageText(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)) {
        const target = path === '' ? page : join(dirname(page), path!);
        expect(existsSync(join(project, target)), `${page}: ${path}`).to.equal(true);
        if (anchor === undefined) continue;
        const headings = [...pageText(target).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!));
        expect(headings, `${page}: ${path}`).to.include(anchor);
      }
    }
  });

  it('are all linked from the README', () => {
    for (const page of pages.slice(1)) expect(pageText('README.md')).to.include(`(${page})`);
  });
});
