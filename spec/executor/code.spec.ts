import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import { loadFunction } from '../../lib/executor/code/code.js';
import { resolveModule } from '../../lib/executor/code/module-resolution.js';

describe('the code of a reference', () => {
  let folder: string;
  let root: string;
  const at = (...parts: string[]): string => join(root, ...parts);
  const resolved = (module: string): string => resolveModule(module, { root, node: 'here' });
  const refusal = (module: string): string => {
    try {
      resolved(module);
    } catch (error) {
      expect(HandoffError.is(error, 'HANDOFF_CODE_NOT_FOUND')).to.equal(true);
      expect(error).to.include({ node: 'here', path: module });
      return (error as Error).message;
    }
    throw new Error(`${module} was resolved`);
  };

  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'handoff-')));
    root = join(folder, 'root');
    mkdirSync(at('src'), { recursive: true });
    for (const name of ['dep', 'undeclared', '@scope/dep']) {
      mkdirSync(join(folder, 'node_modules', name), { recursive: true });
      writeFileSync(join(folder, 'node_modules', name, 'package.json'), JSON.stringify({ name, version: '1.0.0', main: 'main.cjs' }));
      writeFileSync(join(folder, 'node_modules', name, 'main.cjs'), 'exports.f = () => 1;');
    }
    writeFileSync(
      at('package.json'),
      JSON.stringify({ type: 'module', dependencies: { dep: '1', events: '1' }, devDependencies: { '@scope/dep': '1' } }),
    );
    for (const file of ['a.js', 'src/b.ts', 'both.js', 'both.ts', 'c.mts']) writeFileSync(at(file), 'export const f = () => 1;');
    writeFileSync(join(folder, 'secret.js'), 'export const f = () => 1;');
    symlinkSync(join(folder, 'secret.js'), at('link.js'));
    symlinkSync(at('a.js'), at('inner.js'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('is a file below root, by URL or by path', () => {
    const url = pathToFileURL(at('a.js')).href;
    for (const module of [url, './a.js', 'a.js', './src/../a.js', './inner.js']) expect(resolved(module), module).to.equal(url);
    expect(resolved('src/b.ts')).to.equal(pathToFileURL(at('src/b.ts')).href);
  });

  it('is the source of a compiled file that is not there, and the other way about', () => {
    expect(resolved('./src/b.js')).to.equal(pathToFileURL(at('src/b.ts')).href);
    expect(resolved('./c.mjs')).to.equal(pathToFileURL(at('c.mts')).href);
    expect(resolved('./a.ts')).to.equal(pathToFileURL(at('a.js')).href);
    expect(resolved('./both.js')).to.equal(pathToFileURL(at('both.js')).href);
  });

  it('is a module of a package that root depends on, wherever that is installed', () => {
    for (const name of ['dep', '@scope/dep', 'dep/main.cjs'])
      expect(resolved(name)).to.equal(pathToFileURL(join(folder, 'node_modules', name.replace('/main.cjs', ''), 'main.cjs')).href);
  });

  it('never lies outside root, nor is anything but a file', () => {
    const cases: readonly [string, RegExp][] = [
      ['../secret.js', /outside root/],
      [pathToFileURL(join(folder, 'secret.js')).href, /outside root/],
      ['./src/../../secret.js', /outside root/],
      ['./link.js', /once links are followed/],
      [join(root, 'a.js'), /absolute paths are not allowed/],
      ['C:\\a.js', /not allowed/],
      ['..\\secret.js', /not allowed/],
      ['node:fs', /node: modules are not allowed/],
      ['fs', /does not depend on "fs"/],
      ['events', /modules of Node itself|Cannot find package/],
      ['data:text/javascript,export const f = 1', /data: modules are not allowed/],
      ['http://localhost/a.js', /http: modules are not allowed/],
      ['file://elsewhere/a.js', /no valid file: URL|outside root/],
      ['undeclared', /does not depend on "undeclared"/],
      ['dep/../../secret.js', /outside root/],
      ['dep/../main.cjs', /neither a file below root nor a package specifier/],
      ['dep/%2e%2e/%2e%2e/secret.js', /neither a file below root nor a package specifier/],
      ['#internal', /does not depend on/],
      ['./src', /no file src/],
      ['./nowhere.js', /no file nowhere.js/],
    ];
    for (const [module, why] of cases) expect(refusal(module), module).to.match(why);
  });

  it('is loaded, and fails with what is wrong when it cannot be', async () => {
    const place = { root, node: 'here' };
    expect((await loadFunction({ module: './a.js', name: 'f' }, place)) as () => number).to.be.a('function');
    expect((await loadFunction({ module: 'dep', name: 'f' }, place)) as () => number).to.be.a('function');
    for (const ref of [
      { module: './a.js', name: 'g' },
      { module: './a.js', name: 'constructor' },
      { module: 'dep/nowhere.js', name: 'f' },
    ]) {
      const error: unknown = await loadFunction(ref, place).catch((thrown: unknown) => thrown);
      expect(HandoffError.is(error, 'HANDOFF_CODE_NOT_FOUND'), ref.name).to.equal(true);
    }
  });
});
