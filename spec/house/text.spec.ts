import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { ERROR_CODES } from '../../lib/index.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(`${project}/${file}`, 'utf8');

describe('what the project says of itself', () => {
  it('explains every error code in the README, and no other', () => {
    const table = [...read('README.md').matchAll(/^\| `(HANDOFF_[A-Z_]+)` \|/gm)].map((match) => match[1]);
    expect(table).to.have.members([...ERROR_CODES]);
  });

  it('keeps the README under 400 lines', () => {
    expect(read('README.md').split('\n').length).to.be.at.most(400);
  });

  it('records no download address in the lockfile', () => {
    expect(read('package-lock.json')).to.not.include('"resolved"');
  });

  it('needs no package that is not declared', () => {
    const { dependencies, devDependencies, peerDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
    const used = (...paths: string[]): RegExpStringIterator<RegExpExecArray> =>
      execFileSync('git', ['grep', '-hoE', "from '[^./][^']*'", '--', ...paths], { cwd: project, encoding: 'utf8' }).matchAll(
        /from '((?:@[^/']+\/)?[^/':]+)/g,
      );
    // What the build joins into our own files, and what the page is made of, is in the package: users install none of it.
    const [, list = ''] = /^const JOINED = \[(.*)\];$/m.exec(read('bundle.mjs'))!;
    const joined = Object.fromEntries([...list.matchAll(/'([^']+)'/g)].map(([, name]) => [name!, devDependencies![name!]]));
    for (const [, name] of used('lib', 'bin', ':!lib/observe/page')) {
      if (name === 'node' || name === 'handoff-dag') continue;
      expect({ ...dependencies, ...peerDependencies, ...joined }, name)
        .to.have.property(name!)
        .that.is.a('string');
    }
    expect(dependencies).to.not.have.any.keys(...Object.keys(joined));
    for (const [, name] of used('lib/observe/page')) if (name !== 'node') expect(devDependencies, name).to.have.property(name!);
  });

  it('gives types that need nothing but those of Node and of packages that bring their own', () => {
    const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, { types?: string }> };
    const files = new Set(Object.values(exports).flatMap(({ types }) => (types ? [join(project, types)] : [])));
    const packages = new Set<string>();
    for (const file of files) {
      for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(/^(?! *\*).*?(?:from |import\()'([^']+)'/gm)) {
        if (name.startsWith('.')) files.add(join(dirname(file), name.replace(/\.js$/, '.d.ts')));
        else if (!name.startsWith('node:')) packages.add(name);
      }
    }
    expect(files.size, 'the files of types that a program gets to').to.be.above(20);
    for (const name of packages) {
      const { types, exports, main = 'index.js' } = JSON.parse(read(`node_modules/${name}/package.json`));
      const besideMain = existsSync(join(project, 'node_modules', name, main.replace(/\.js$/, '.d.ts')));
      expect(types ?? (JSON.stringify(exports ?? {}).includes('"types"') || besideMain), `types of ${name}`).to.be.ok;
    }
  });
});
