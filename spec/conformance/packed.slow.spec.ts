import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { compilerOptions, output, packed, project, writeAll } from '../support/packed.js';
import { blocksOf } from '../support/pages.js';

/** The variants of the guide, and the tests that hold them to their laws. */
const variants = Object.fromEntries(
  blocksOf('docs/extending.md')
    .filter(({ file }) => file?.endsWith('.ts') && file !== 'main.ts')
    .map(({ file, code }) => [file!, code]),
);

/** Two nodes on a transport of the user's own, with a store backend, a strategy and an isolation of the user's own. */
const main = `import { Dag, functionsIn, Handoff, type NodeOptions } from 'handoff-dag';
import { patient } from './patient.js';
import { serial } from './serial.js';
import { tcp } from './tcp.js';
import { zipped } from './zipped.js';

const tasks = functionsIn<typeof import('./tasks.js')>(new URL('./tasks.js', import.meta.url));
const own = (): NodeOptions => ({
  strategies: { patient: () => patient(50) },
  storeBackend: zipped(),
  transport: tcp(),
  isolations: { serial },
});
await using worker = await Handoff.start({ ...own(), name: 'worker', listen: '127.0.0.1:0' });
await using driver = await Handoff.start({ ...own(), name: 'driver', capabilities: {}, join: [worker.address!] });
const dag = new Dag('all')
  .add({ id: 'nine', code: tasks.square, extraArgs: [3], isolation: 'serial', cost: { cpu: 1 } })
  .add({ id: 'more', code: tasks.square, args: ['nine'], isolation: 'serial', cost: { cpu: 1 } });
const { results, allocations } = await driver.execute(dag, { allocationStrategy: 'patient' });
console.log(results, allocations, await driver.getResult('all', 'more'), worker.address!.startsWith('tcp:'));
`;

/** What must not compile. */
const wrong = `import { Dag, type ExecuteOptions, type NodeOptions } from 'handoff-dag';
import { patient } from './patient.js';
import { serial } from './serial.js';
import './zipped.js';

export const right: ExecuteOptions = { allocationStrategy: 'patient' };
// @ts-expect-error: nobody has declared it.
export const misspelt: ExecuteOptions = { allocationStrategy: 'pateint' };
// @ts-expect-error: strategies are made for each run.
export const made: NodeOptions = { strategies: { patient: patient(1) } };
// @ts-expect-error: nobody has declared it.
export const nowhere: NodeOptions = { isolation: 'parallel' };
// @ts-expect-error: nobody has declared it.
export const unnamed: NodeOptions = { isolations: { parallel: serial } };
// @ts-expect-error: nobody has declared it.
new Dag().add({ id: 'a', code: { module: './tasks.js', name: 'square' }, isolation: 'parallel' });
// @ts-expect-error: it has no shelves.
export const shelfless: NodeOptions = { storeBackend: { name: 'none' } };
// @ts-expect-error: it has no schemes.
export const schemeless: NodeOptions = { transport: { listen: () => Promise.reject(new Error()), dial: () => expect() } };
declare function expect(): never;
`;

describe('a project of a user’s, with the package installed from its tarball', function () {
  this.timeout(600_000);
  let folder: string;
  const inFolder = (args: readonly string[]): Promise<string> => output(process.execPath, args, folder);

  before(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'handoff-own-')));
    const options = { ...compilerOptions, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
    writeAll(folder, {
      'package.json': JSON.stringify({ name: 'of-a-user', private: true, type: 'module' }),
      'tsconfig.json': JSON.stringify({ compilerOptions: options, include: ['*.ts'] }),
      ...variants,
      'main.ts': main,
      'wrong.ts': wrong,
    });
    const tarball = await packed(join(folder, 'tarball'));
    await output('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball, '@types/node@20'], folder);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('compiles variants of its own strictly, and no wrong name and no half contract', async () => {
    expect(Object.keys(variants)).to.include.members(['patient.ts', 'zipped.ts', 'tcp.ts', 'serial.ts']);
    await inFolder([join(project, 'node_modules/typescript/bin/tsc')]);
  });

  it('runs the shipped suites over them, in the runner of Node', async () => {
    const tests = Object.keys(variants).filter((file) => file.endsWith('.test.ts'));
    expect(tests).to.have.length(4);
    const printed = await inFolder(['--test', '--test-reporter=tap', ...tests.map((file) => `out/${file.replace(/\.ts$/, '.js')}`)]);
    expect(printed)
      .to.match(/^# fail 0$/m)
      .and.match(/^# skipped 0$/m);
    expect(Number(/^# pass (\d+)$/m.exec(printed)?.[1])).to.be.above(50);
    for (const contract of ['a strategy', 'a store backend', 'a transport', 'an isolation']) expect(printed).to.include(`${contract}: `);
  });

  it('runs a DAG that uses all four', async () => {
    const where = "{ nine: 'worker', more: 'worker' }";
    expect((await inFolder(['out/main.js'])).trim()).to.equal(`{ nine: 9, more: 81 } ${where} 81 true`);
  });
});
