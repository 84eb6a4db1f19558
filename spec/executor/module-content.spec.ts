import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import { type ModuleContent, ModuleContents } from '../../lib/executor/index.js';

type Files = Readonly<Record<string, string>>;

describe('the content of a module', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'handoff-content-')));
  after(() => rmSync(folder, { recursive: true }));
  let projects = 0;

  /** A project of these files, in a folder of its own. */
  function project(files: Files): string {
    projects += 1;
    const root = join(folder, `p${projects}`);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return root;
  }
  const contentIn = (root: string, module = './main.js'): Promise<ModuleContent> =>
    new ModuleContents({ root, node: 'a' }).contentOf(module);
  const contentOf = (files: Files, module?: string): Promise<ModuleContent> => contentIn(project(files), module);
  /** Whether a change of one file is a change of the module. */
  async function sees(files: Files, changed: string, module?: string, text = '// changed'): Promise<boolean> {
    const [before, after] = await Promise.all([contentOf(files, module), contentOf({ ...files, [changed]: text }, module)]);
    return before.digest !== after.digest;
  }

  const ESM: Files = {
    'package.json': '{ "type": "module", "imports": { "#inner": "./inner.js" } }',
    'main.js': "import { a } from './a.js'; export * from './b.js'; export const c = () => import('./sub/c.js');\nimport '#inner';",
    'a.js': "import { d } from './d.js'; import data from './data.json' with { type: 'json' };",
    'b.js': '',
    'd.js': "import './main.js'; import './d.js';",
    'sub/c.js': "import '../b.js';",
    'inner.js': '',
    'data.json': '{"a":1}',
    'other.js': '',
  };

  it('is equal wherever it lies', async () => {
    const [one, other] = await Promise.all([contentOf(ESM), contentOf(ESM)]);
    expect(one.digest).to.match(/^[\w-]{43}$/);
    expect(other).to.deep.equal(one);
    expect(one).to.deep.include({ fileCount: 7, packages: [], unresolved: [] });
  });

  it('differs where a local module differs that it imports, however and through however many, and not where another does', async () => {
    for (const changed of ['main.js', 'a.js', 'b.js', 'd.js', 'sub/c.js', 'inner.js', 'data.json']) {
      expect(await sees(ESM, changed), changed).to.equal(true);
    }
    expect(await sees(ESM, 'other.js')).to.equal(false);
  });

  it('counts comments: content is content', async () => {
    expect(await sees({ 'main.js': 'export {};' }, 'main.js', './main.js', 'export {}; // why')).to.equal(true);
  });

  it('tells apart which of two files an import names', async () => {
    const linkedTo = async (to: string): Promise<string> => {
      const root = project({ 'main.js': "import './a.js'; import './b.js'; import './link.js';", 'a.js': '1', 'b.js': '2' });
      symlinkSync(to, join(root, 'link.js'));
      return (await contentIn(root)).digest;
    };
    expect(await linkedTo('a.js')).to.equal(await linkedTo('./a.js'));
    expect(await linkedTo('a.js')).to.not.equal(await linkedTo('b.js'));
  });

  it('follows require in CommonJS: endings and index left out, folders with a main file, JSON', async () => {
    const files: Files = {
      'main.cjs':
        "const { a } = require('./a'); require('./folder'); require('./packed'); require('./data'); exports.f = () => require('./late');",
      'a.js': "module.exports = require('./b.js');",
      'b.js': '',
      'folder/index.js': '',
      'packed/package.json': '{ "main": "lib/start" }',
      'packed/lib/start.js': '',
      'packed/index.js': '',
      'data.json': '1',
      'late.js': "require('./main.cjs')",
    };
    const content = await contentOf(files, './main.cjs');
    expect(content).to.deep.include({ fileCount: 7, unresolved: [] });
    for (const changed of ['a.js', 'b.js', 'folder/index.js', 'packed/lib/start.js', 'data.json', 'late.js']) {
      expect(await sees(files, changed, './main.cjs'), changed).to.equal(true);
    }
    expect(await sees(files, 'packed/index.js', './main.cjs')).to.equal(false);
  });

  it('follows TypeScript: .js for .ts, paths of the tsconfig.json, and no import of types alone', async () => {
    const files: Files = {
      'tsconfig.json': '{\n  // for aliases\n  "extends": "./base.json", }',
      'base.json': '{ "compilerOptions": { "paths": { "@lib/*": ["./src/lib/*"] } } }',
      'src/main.ts':
        "import { a } from './a.js'; import type { T } from './t.js'; import { b } from '@lib/b'; type U = typeof import('./t.js'); import './c'; import x = require('./x');",
      'src/a.ts': '',
      'src/t.ts': '',
      'src/lib/b.ts': '',
      'src/c/index.ts': '',
      'src/x.cts': '',
    };
    expect(await contentOf(files, './src/main.ts')).to.deep.include({ fileCount: 5, unresolved: [] });
    for (const changed of ['src/a.ts', 'src/lib/b.ts', 'src/c/index.ts', 'src/x.cts']) {
      expect(await sees(files, changed, './src/main.ts'), changed).to.equal(true);
    }
    expect(await sees(files, 'src/t.ts', './src/main.ts')).to.equal(false);
  });

  it('takes packages by name and version, not by what they hold', async () => {
    const files: Files = {
      'main.js': "import { a } from 'a'; import b from '@scope/b/deep.js'; import 'node:fs'; import 'path';",
      'node_modules/a/package.json': '{ "name": "a", "version": "1.2.3" }',
      'node_modules/a/index.js': "import './more.js'",
      'node_modules/@scope/b/package.json': '{ "name": "@scope/b", "version": "2.0.0" }',
      'node_modules/@scope/b/deep.js': '',
    };
    const content = await contentOf(files);
    expect(content).to.deep.include({ fileCount: 1, packages: ['@scope/b@2.0.0', 'a@1.2.3'], unresolved: [] });
    expect(await sees(files, 'node_modules/a/index.js')).to.equal(false);
    expect(await sees(files, 'node_modules/a/package.json', './main.js', '{ "name": "a", "version": "1.2.4" }')).to.equal(true);
  });

  it('takes a package that is linked from outside of node_modules for local, and one linked within it for a package', async () => {
    const linkedTo = (target: Files, link: string, to: string): string => {
      const root = project({ 'app/main.js': "import { x } from 'shared';", ...target });
      mkdirSync(join(root, 'app/node_modules'));
      symlinkSync(join(root, to), join(root, link));
      return join(root, 'app');
    };
    const local = (text: string): Promise<ModuleContent> => {
      const target = { 'shared/package.json': '{ "name": "shared", "exports": "./x.js", "version": "1.0.0" }', 'shared/x.js': text };
      return contentIn(linkedTo(target, 'app/node_modules/shared', 'shared'));
    };
    const [one, other] = await Promise.all([local('export const x = 1'), local('export const x = 2')]);
    expect(one).to.deep.include({ fileCount: 2, packages: [], unresolved: [] });
    expect(other.digest).to.not.equal(one.digest);

    const stored = 'node_modules/.store/shared@1.0.0/node_modules/shared';
    const target = { [`${stored}/package.json`]: '{ "name": "shared", "version": "1.0.0" }' };
    expect(await contentIn(linkedTo(target, 'app/node_modules/shared', stored))).to.deep.include({ packages: ['shared@1.0.0'] });
  });

  it('of a module in a package is its own, with the version of the package', async () => {
    const files: Files = {
      'package.json': '{ "dependencies": { "a": "1" } }',
      'node_modules/a/package.json': '{ "name": "a", "version": "1.0.0", "main": "index.js" }',
      'node_modules/a/index.js': "require('./more.js')",
      'node_modules/a/more.js': '',
    };
    expect(await contentOf(files, 'a')).to.deep.include({ fileCount: 1, packages: ['a@1.0.0'] });
    expect(await sees(files, 'node_modules/a/index.js', 'a')).to.equal(true);
  });

  it('of a project that lies within node_modules itself is that of its files', async () => {
    const root = project({ 'node_modules/app/main.js': "import './a.js'", 'node_modules/app/a.js': '' });
    expect(await contentIn(join(root, 'node_modules/app'))).to.deep.include({ fileCount: 2, packages: [] });
  });

  it('names imports that lead nowhere, and changes when they come to lead somewhere', async () => {
    const root = project({ 'folder/x.txt': '' });
    symlinkSync('loop.js', join(root, 'loop.js'));
    writeFileSync(
      join(root, 'main.js'),
      "import './gone.js'; import 'unheard-of'; import './folder'; import 'https://host/x.js'; import './loop.js'; import '';",
    );
    const content = await contentIn(root);
    const from = `in ${join(root, 'main.js')}`;
    const names = ['"./gone.js"', '"unheard-of"', '"./folder"', '"https://host/x.js"', '"./loop.js"', '""'];
    expect(content.unresolved).to.deep.equal(names.map((name) => `${name} ${from}`));
    writeFileSync(join(root, 'gone.js'), '');
    expect((await contentIn(root)).digest).to.not.equal(content.digest);
  });

  it('is refused with HANDOFF_CODE_NOT_FOUND where there is no such module, and looked for again when asked again', async () => {
    const root = project({ 'folder.js/x.txt': '' });
    symlinkSync('loop.js', join(root, 'loop.js'));
    const contents = new ModuleContents({ root, node: 'a' });
    for (const module of ['./main.js', './folder.js', './loop.js', 'unheard-of', '../main.js', '']) {
      const error = await contents.contentOf(module).catch((thrown: unknown) => thrown);
      expect(HandoffError.is(error, 'HANDOFF_CODE_NOT_FOUND'), module).to.equal(true);
    }
    writeFileSync(join(root, 'main.js'), '');
    expect(await contents.contentOf('./main.js')).to.deep.include({ fileCount: 1 });
  });

  it('never opens what is no file', async () => {
    const root = project({ 'main.js': "import './pipe.js'; import './pipe.json'" });
    execFileSync('mkfifo', [join(root, 'pipe.js'), join(root, 'pipe.json')]);
    expect((await contentIn(root)).unresolved).to.have.length(2);
  });

  it('is that of a module with a syntax error too', async () => {
    expect(await contentOf({ 'main.js': "import './a.js'; const = ; `", 'a.js': '' })).to.deep.include({ fileCount: 2 });
  });

  it('is taken once, however often and by whatever modules it is asked for', async () => {
    const root = project(ESM);
    const contents = new ModuleContents({ root, node: 'a' });
    const first = await contents.contentOf('./main.js');
    const a = await contents.contentOf('./a.js');
    writeFileSync(join(root, 'd.js'), '// changed');
    expect(await contents.contentOf('./main.js')).to.equal(first);
    // Modules that share a file agree about it.
    writeFileSync(join(root, 'new.js'), "import './d.js'");
    const after = await contents.contentOf('./new.js');
    const before = await new ModuleContents({ root: project({ ...ESM, 'new.js': "import './d.js'" }), node: 'a' }).contentOf('./new.js');
    expect(after.digest).to.equal(before.digest);
    expect(a.digest).to.not.equal(first.digest);
  });

  it('of hundreds of modules, each importing many, in a circle, reads each once', async () => {
    const files: Record<string, string> = {};
    for (let k = 0; k < 300; k += 1) {
      files[`m${k}.js`] = [1, 2, 3, 150, 299].map((step) => `import './m${(k + step) % 300}.js';`).join('\n');
    }
    expect(await contentOf(files, './m0.js')).to.deep.include({ fileCount: 300, unresolved: [] });
  });

  it('of a long file lets the event loop turn', async () => {
    const root = project({ 'main.js': "import './data.bin';\n", 'data.bin': '' });
    truncateSync(join(root, 'data.bin'), 80 * 1024 * 1024);
    writeFileSync(join(root, 'main.js'), `import './data.bin';\n${'export const x = "import";\n'.repeat(200_000)}`);
    let turns = 0;
    const count = (): void => {
      turns += 1;
      turning = setImmediate(count);
    };
    let turning = setImmediate(count);
    expect(await contentIn(root)).to.deep.include({ fileCount: 2, unresolved: [] });
    clearImmediate(turning);
    expect(turns).to.be.above(20);
  });
});
