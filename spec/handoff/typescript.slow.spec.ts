import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

const project = fileURLToPath(new URL('../..', import.meta.url));

/** Runs plain Node, without what mocha was started with. */
async function node(args: readonly string[], cwd = project): Promise<string> {
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, cwd });
  return stdout;
}

describe('a module in TypeScript', () => {
  it('runs on the loop of a process that was started without tsx, where tsx is to be found', async () => {
    expect(await node([fileURLToPath(new URL('./processes/loop-typescript.mjs', import.meta.url))])).to.equal('42\n');
  });
});

describe('the tsconfig.json of a function', () => {
  let folder: string;
  /** What `f` returns under the compiler options of its own project: with experimental decorators, the key is a string. */
  const compiledByItsOwn = 'ten 10, decorated by string';
  const files = (type: string): Readonly<Record<string, string>> => ({
    'package.json': JSON.stringify({ name: type, type }),
    'tsconfig.json': '{ "extends": "./base.json" }',
    'base.json': JSON.stringify({
      compilerOptions: { target: 'es2022', experimentalDecorators: true, baseUrl: '.', paths: { '@inner/*': ['./src/inner/*'] } },
    }),
    'src/inner/ten.ts': 'export const ten: number = 10;',
    'src/tasks.ts': `import { ten } from '@inner/ten';
let by = '';
const mark = (_target: object, key: unknown): void => void (by = typeof key);
export class Marked { @mark method(): void {} }
export const f = (): string => \`ten \${ten}, decorated by \${by}\`;
`,
    'dag.ts': `import { ten } from '@inner/ten';
import { Dag } from 'handoff-dag';
export default new Dag('d').add({ id: 'f', code: { module: './src/tasks.ts', name: 'f' } }).add({ id: 'ten', code: () => ten });
`,
  });

  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'handoff-')));
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(project, join(folder, 'node_modules/handoff-dag'));
    symlinkSync(join(project, 'node_modules/tsx'), join(folder, 'node_modules/tsx'));
    const all: Record<string, string> = {
      'elsewhere/package.json': '{ "type": "module" }',
      'elsewhere/tsconfig.json': '{ "compilerOptions": { "experimentalDecorators": false, "paths": { "@inner/*": ["./nowhere/*"] } } }',
      'elsewhere/main.mjs': `import { Dag, Handoff } from 'handoff-dag';
const [root, isolation] = process.argv.slice(2);
const handoff = await Handoff.start({ root, threads: 1 });
const dag = Dag.dynamic('d').add({ id: 'f', code: { module: './src/tasks.ts', name: 'f' }, isolation, maxRetries: 0 });
console.log((await handoff.execute(dag)).results.f);
await handoff.stop({ graceMs: 0 });
`,
    };
    for (const type of ['module', 'commonjs']) for (const [name, text] of Object.entries(files(type))) all[`${type}/${name}`] = text;
    for (const [name, text] of Object.entries(all)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const type of ['module', 'commonjs']) {
    for (const isolation of ['thread', 'loop']) {
      it(`is that of root, not of the working directory: ${type}, ${isolation}`, async () => {
        const stdout = await node(['main.mjs', join(folder, type), isolation], join(folder, 'elsewhere'));
        expect(stdout).to.equal(`${compiledByItsOwn}\n`);
      });
    }

    it(`is found from a root within the project: ${type}`, async () => {
      writeFileSync(join(folder, type, 'src/package.json'), JSON.stringify({ type }));
      mkdirSync(join(folder, type, 'src/src'), { recursive: true });
      writeFileSync(join(folder, type, 'src/src/tasks.ts'), "export { f } from '../tasks';");
      const stdout = await node(['main.mjs', join(folder, type, 'src'), 'thread'], join(folder, 'elsewhere'));
      expect(stdout).to.equal(`${compiledByItsOwn}\n`);
    });

    it(`is that of root in a process that runs under tsx, in threads: ${type}`, async () => {
      const stdout = await node(['--import', 'tsx', 'main.mjs', join(folder, type), 'thread'], join(folder, 'elsewhere'));
      expect(stdout).to.equal(`${compiledByItsOwn}\n`);
    });

    it(`is that of the module, on the command line: ${type}`, async () => {
      const args = ['run', join(folder, type, 'dag.ts'), '--root', join(folder, type), '-q'];
      expect(await node([join(project, 'dist/bin/handoff.js'), ...args], join(folder, 'elsewhere'))).to.equal(
        `f: ${compiledByItsOwn}\nten: 10\n`,
      );
    });
  }
});
