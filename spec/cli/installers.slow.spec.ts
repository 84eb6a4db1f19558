import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { commonJsProgram, compilerOptions, dagModule, firstProgram, output, packed, project, writeAll } from '../support/packed.js';
import { blocks, pages, pageText } from '../support/pages.js';

/** Each installer, as the words before the packages: one call adds them to the project in the folder. */
const INSTALLERS: Readonly<Record<string, (scratch: string) => readonly string[]>> = {
  npm: () => ['npm', 'install', '--no-audit', '--no-fund'],
  'npm --legacy-peer-deps': () => ['npm', 'install', '--no-audit', '--no-fund', '--legacy-peer-deps'],
  'pnpm 9': (scratch) => ['npx', '--yes', 'pnpm@9', 'add', '--store-dir', join(scratch, 'pnpm')],
  'yarn 1': (scratch) => ['npx', '--yes', 'yarn@1.22', 'add', '--non-interactive', '--cache-folder', join(scratch, 'yarn')],
};

/**
 * The folders that are compiled as well, each with a compiler and the rules that differ from those of today: layouts differ between these
 * installers, programs do not. TypeScript 5.9 takes seven times as long, and is needed for what TypeScript 7 does not have any more.
 */
const compiled: Readonly<Record<string, readonly (readonly [compiler: string, place: string, ...rules: string[]])[]>> = {
  npm: [
    ['typescript-5.9', 'esm'],
    ['typescript', 'commonjs'],
    // Older rules, for a require of an ES module and for where types are.
    ['typescript', 'commonjs', '--module', 'node16'],
    ['typescript-5.9', 'commonjs', '--module', 'commonjs', '--moduleResolution', 'node10'],
  ],
  'pnpm 9': [
    ['typescript', 'esm'],
    ['typescript', 'commonjs'],
  ],
};

/** The program of the guides that imports nact itself. */
const actorProgram = (): string =>
  blocks.find(({ code }) => code.includes("from 'nact'"))?.code ?? expect.fail('no page has a program that imports nact');

describe('the package as it is published', function () {
  // Downloads, on a machine of any speed.
  this.timeout(600_000);
  let scratch: string;
  let tarball: string;

  before(async () => {
    scratch = realpathSync(mkdtempSync(join(tmpdir(), 'handoff-installers-')));
    tarball = await packed(scratch);
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  it('carries what its pages link to, and nothing of the sources or specs', async () => {
    const files = (await output('tar', ['tzf', tarball], scratch)).trim().split('\n');
    const links = pages.flatMap((page) =>
      [...pageText(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, path]) => join('package', dirname(page), path!)),
    );
    expect(links.length).to.be.above(20);
    for (const link of links)
      expect(
        files.some((file) => file === link || file.startsWith(`${link}/`)),
        link,
      ).to.equal(true);
    expect(
      files.filter((file) => !/^package\/(dist\/|docs\/|lib\/(README|PERFORMANCE)\.md$|lib\/commonjs\/|[^/]+$)/.test(file)),
    ).to.deep.equal([]);
  });

  for (const [name, wordsOf] of Object.entries(INSTALLERS)) {
    it(`runs the README's programs, installed by ${name}`, async () => {
      const folder = join(scratch, name.replaceAll(/\W+/g, '-'));
      mkdirSync(folder);
      const [file, ...words] = wordsOf(scratch);
      const install = (...packages: readonly string[]): Promise<string> => output(file!, [...words, ...packages], folder, 300_000);
      const run = (place: string, ...args: readonly string[]): Promise<string> =>
        output(process.execPath, args, join(folder, place), 120_000);

      const { files, prints } = firstProgram();
      const tsconfig = JSON.stringify({ compilerOptions: { ...compilerOptions, noEmit: true, skipLibCheck: false } });
      writeAll(folder, { 'package.json': '{ "name": "of-a-user", "version": "1.0.0", "private": true, "license": "UNLICENSED" }' });
      writeAll(join(folder, 'esm'), {
        ...files,
        'dag.ts': dagModule.text,
        'package.json': '{ "type": "module" }',
        'tsconfig.json': tsconfig,
      });
      writeAll(join(folder, 'commonjs'), { ...commonJsProgram(), 'package.json': '{ "type": "commonjs" }', 'tsconfig.json': tsconfig });
      await install(`file:${tarball}`, 'tsx', '@types/node@20');

      for (const place of ['esm', 'commonjs']) expect(await run(place, '--import', 'tsx', 'main.ts'), place).to.equal(prints);
      expect(await output('../node_modules/.bin/handoff', ['run', 'dag.ts', '-q'], join(folder, 'esm'))).to.equal(dagModule.prints);

      for (const [compiler, place, ...rules] of compiled[name] ?? []) {
        expect(await run(place, join(project, 'node_modules', compiler, 'bin/tsc'), ...rules), rules.join(' ')).to.equal('');
      }

      // One copy of nact for both, as its actors are known to a copy only.
      await install('nact');
      writeAll(join(folder, 'esm'), { 'actor.ts': actorProgram() });
      expect(await run('esm', '--import', 'tsx', 'actor.ts')).to.equal('3\n');
    });
  }
});
