import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { arg, Dag, findCodeFaults } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { project, writeAll } from '../support/packed.js';
import { call, type Ended } from './command.js';

describe('the code of a DAG', () => {
  let root: string;
  const ref = (module: string, name = 'f'): { module: string; name: string } => ({ module, name });
  /** The reasons, by function, of a DAG that has one function for each reference. */
  const reasons = async (
    refs: Readonly<Record<string, { module: string; name: string }>>,
    timeoutMs = 60_000,
  ): Promise<Record<string, string>> => {
    const dag = Dag.dynamic('d');
    for (const [id, code] of Object.entries(refs)) dag.add({ id, code });
    const faults = await findCodeFaults(dag, { root, timeoutMs });
    return Object.fromEntries(
      faults.map(({ functionId, message }) => [functionId, message.slice(message.indexOf(` below ${root}: `) + ` below ${root}: `.length)]),
    );
  };

  before(async () => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'handoff-')));
    await mkdir(join(root, 'node_modules'));
    for (const name of ['handoff-dag', 'tsx'])
      symlinkSync(name === 'tsx' ? join(project, 'node_modules/tsx') : project, join(root, 'node_modules', name));
    writeAll(root, {
      'package.json': '{ "type": "module" }',
      'good.js': "console.log('good is loaded'); export const f = () => { throw new Error('it was called'); }; export const number = 1;",
      'typed.ts': 'export enum E { A = 1 }\nexport const f = (): number => E.A;',
      'made.cjs': 'module.exports = (() => ({ f: () => 1 }))();',
      'throws.js': "throw new Error('no licence');",
      'exits.js': 'process.exit(3);',
      'killed.js': "process.kill(process.pid, 'SIGKILL'); await new Promise((resolve) => setInterval(resolve, 1e6));",
      'unsettled.js': 'await new Promise(() => {}); export const f = () => 1;',
      'lingers.js': 'await new Promise(() => setInterval(() => {}, 1e6)); export const f = () => 1;',
      'blocks.cjs': 'for (;;);',
      'strays.js':
        "Promise.reject(new Error('stray')); setTimeout(() => { throw new Error('stray'); }); await new Promise((resolve) => setTimeout(resolve, 5)); export const f = () => 1;",
      'dag.mjs': `import { Dag } from 'handoff-dag';
console.log('the module is loaded');
export const valid = new Dag('valid').add({ id: 'a', code: { module: './good.js', name: 'f' } });
export const misspelt = new Dag('misspelt').add({ id: 'a', code: { module: './good.js', name: 'g' } }).add({ id: 'b', code: { module: './god.js', name: 'f' } });
`,
    });
  });
  after(() => rmSync(root, { recursive: true }));

  it('has no fault where all of it can be loaded; nothing of it is called', async () => {
    expect(
      await reasons({ good: ref('./good.js'), typed: ref('./typed.ts'), made: ref('./made.cjs'), strays: ref('./strays.js') }),
    ).to.deep.equal({});
  });

  it('has one for each function whose module or export is not there', async () => {
    expect(
      await reasons({
        a: ref('./good.js', 'g'),
        b: ref('./good.js', 'number'),
        c: ref('./god.js'),
        d: ref('../outside.js'),
        e: ref('lodash'),
        f: ref('./good.js'),
      }),
    ).to.deep.equal({
      a: 'it has no export "g", only "f", "number"',
      b: 'its export "number" is not a function',
      c: 'there is no file god.js',
      d: 'it lies outside root',
      e: 'there is no such file, and package.json at root does not depend on "lodash"',
    });
  });

  it('is looked at in serializers too', async () => {
    const dag = Dag.dynamic('d')
      .add({ id: 'a', code: () => 1 })
      .add({ id: 'b', code: () => 1, args: [arg('a', { serialize: ref('./good.js', 'pack'), deserialize: ref('./good.js') })] });
    const [fault, ...others] = await findCodeFaults(dag, { root });
    expect(fault).to.deep.equal({
      kind: 'code-not-found',
      functionId: 'b',
      module: './good.js',
      name: 'pack',
      message: `Cannot load a serializer of function "b": module "./good.js" below ${root}: it has no export "pack", only "f", "number"`,
    });
    expect(others).to.deep.equal([]);
  });

  it('harms nobody and hides no other fault, when a module throws, ends its process or waits for nothing', async () => {
    const refs = {
      throws: ref('./throws.js'),
      exits: ref('./exits.js'),
      killed: ref('./killed.js'),
      unsettled: ref('./unsettled.js'),
      last: ref('./good.js', 'g'),
    };
    expect(await reasons(refs)).to.deep.equal({
      throws: 'it failed to load: no licence',
      exits: 'it ended its process: process.exit(3)',
      killed: 'it ended its process: SIGKILL',
      unsettled: 'it never settles: it awaits something that can no longer happen',
      last: 'it has no export "g", only "f", "number"',
    });
  });

  it('is not waited for longer than its time', async () => {
    expect(await reasons({ a: ref('./lingers.js'), b: ref('./blocks.cjs'), c: ref('./lingers.js', 'g') }, 3000)).to.deep.equal({
      a: 'it was still loading after 3 s',
      b: 'it was still loading after 3 s',
      c: 'it was still loading after 3 s',
    });
  });

  it('is looked for below a root that is a folder', async () => {
    expect(await caught(findCodeFaults(Dag.dynamic(), { root: join(root, 'nowhere') }))).to.be.instanceOf(TypeError);
    expect(await caught(findCodeFaults(Dag.dynamic(), { root, timeoutMs: 0 }))).to.be.instanceOf(RangeError);
  });

  const handoff = (...args: readonly string[]): Promise<Ended> => call(args, { cwd: root }).ended;
  const lines = `code-not-found  Cannot load the code of function "a": module "./good.js" below ROOT: it has no export "g", only "f", "number"
code-not-found  Cannot load the code of function "b": module "./god.js" below ROOT: there is no file god.js
`;
  const told = (text: string): string => text.replaceAll(root, 'ROOT');

  it('is looked at by handoff validate, unless it is told not to', async () => {
    expect(await handoff('validate', 'dag.mjs#valid')).to.deep.equal({
      code: 0,
      stdout: 'DAG "valid" is valid: 1 function\n',
      stderr: 'the module is loaded\n',
    });
    const { code, stdout, stderr } = await handoff('validate', 'dag.mjs#misspelt');
    expect(told(stdout)).to.equal(lines);
    expect(stderr).to.equal('the module is loaded\nhandoff: DAG "misspelt" is invalid: 2 faults\n');
    expect(code).to.equal(2);
    expect(await handoff('validate', 'dag.mjs#misspelt', '--no-code')).to.include({
      code: 0,
      stdout: 'DAG "misspelt" is valid: 2 functions\n',
    });
  });

  it('is looked at by handoff graph, which draws the DAG all the same', async () => {
    const { code, stdout, stderr } = await handoff('graph', 'dag.mjs#misspelt');
    expect(stdout).to.match(/^flowchart TD\n/);
    expect(told(stderr)).to.equal(`the module is loaded\nhandoff: the code of DAG "misspelt" has 2 faults\n${lines}`);
    expect(code).to.equal(2);
    expect(await handoff('graph', 'dag.mjs#misspelt', '--no-code')).to.include({ code: 0, stdout });
    expect(await handoff('graph', 'dag.mjs#valid')).to.include({ code: 0, stderr: 'the module is loaded\n' });
  });

  it('is looked for below --root', async () => {
    expect(await call(['validate', join(root, 'dag.mjs#valid'), '--root', root]).ended).to.include({ code: 0 });
    expect(await handoff('validate', 'dag.mjs#valid', '--root', 'nowhere')).to.include({ code: 2, stdout: '' });
  });
});
