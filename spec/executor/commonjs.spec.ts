import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import { loadFunction } from '../../lib/executor/code/code.js';
import { arg, Dag, functionsIn, Handoff } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { spyLogger } from '../support/spy-logger.js';

/** Modules of CommonJS by their file; `f` of each gives its own file. */
const HOLDING_F: Readonly<Record<string, string>> = {
  'plain.cjs': "exports.f = () => 'plain.cjs';",
  'made.cjs': "const make = () => ({ f: () => 'made.cjs' }); module.exports = make();",
  'assigned.cjs': "Object.assign(exports, { f: () => 'assigned.cjs' });",
  'computed.cjs': "for (const name of ['f']) exports[name] = () => 'computed.cjs';",
  'getter.cjs': "Object.defineProperty(exports, 'f', { enumerable: true, get: () => () => 'getter.cjs' });",
  'compiled.cjs':
    "Object.defineProperty(exports, '__esModule', { value: true }); exports.default = () => 'its default'; exports.f = () => 'compiled.cjs';",
  'callable.cjs': "module.exports = () => 'itself'; module.exports.f = () => 'callable.cjs';",
  'by-type.js': "module.exports = (() => ({ f: () => 'by-type.js' }))();",
  'typed.ts': "export const f = (): string => 'typed.ts';\nexport default (): string => 'its default';",
  'typed.cts': "export const f = (): string => 'typed.cts';",
  'assigned.ts': "const made = { f: (): string => 'assigned.ts' };\nexport = made;",
};

describe('a module of CommonJS', () => {
  let root: string;
  before(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'handoff-')));
    // As `npm init -y` writes it.
    writeFileSync(join(root, 'package.json'), '{ "name": "of-a-user", "version": "1.0.0", "type": "commonjs" }');
    for (const [file, text] of Object.entries(HOLDING_F)) writeFileSync(join(root, file), text);
    writeFileSync(
      join(root, 'throws.cjs'),
      "Object.defineProperty(exports, 'f', { enumerable: true, get() { throw new Error('not yet'); } });",
    );
  });
  after(() => rmSync(root, { recursive: true }));

  const load = (file: string, name: string): ReturnType<typeof loadFunction> =>
    loadFunction({ module: `./${file}`, name }, { root, node: 'here' });

  it('gives every function that it exports, on the loop and in a thread', async () => {
    const dag = Dag.dynamic('commonjs');
    const expected: Record<string, string> = {};
    for (const isolation of ['loop', 'thread'] as const) {
      for (const file of Object.keys(HOLDING_F)) {
        expected[`${file} ${isolation}`] = file;
        dag.add({ id: `${file} ${isolation}`, code: functionsIn(join(root, file)).f!, isolation, cost: {} });
      }
    }
    const handoff = await Handoff.start({ root, threads: 2, logger: spyLogger() });
    try {
      expect((await handoff.execute(dag, { maxRetries: 0 })).results).to.deep.equal(expected);
    } finally {
      await handoff.stop({ graceMs: 0 });
    }
  });

  it('gives serializers and inline functions alike', async () => {
    const tasks = functionsIn<Record<'f', () => string>>(join(root, 'made.cjs'));
    const handoff = await Handoff.start({ root, threads: 1, logger: spyLogger() });
    try {
      for (const isolation of ['loop', 'thread'] as const) {
        const dag = Dag.dynamic()
          .add({ id: 'one', code: tasks.f, isolation })
          .add({ id: 'inner', code: tasks.f, type: 'inline', isolation })
          .add({ id: 'two', code: tasks.f, args: ['inner', arg('one', { serialize: tasks.f, deserialize: tasks.f })], isolation });
        expect((await handoff.execute(dag, { maxRetries: 0 })).results).to.deep.equal({ one: 'made.cjs', two: 'made.cjs' });
      }
    } finally {
      await handoff.stop({ graceMs: 0 });
    }
  });

  it('has as its default what was compiled to be that, else the whole', async () => {
    for (const [file, gives] of [
      ['compiled.cjs', 'its default'],
      ['typed.ts', 'its default'],
      ['callable.cjs', 'itself'],
    ] as const) {
      expect(((await load(file, 'default')) as () => string)(), file).to.equal(gives);
    }
  });

  it('has no export but its own, and says which it has', async () => {
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty', '__esModule', 'default', 'module.exports']) {
      const error = await caught(load('made.cjs', name));
      expect(HandoffError.is(error, 'HANDOFF_CODE_NOT_FOUND'), name).to.equal(true);
    }
    expect((await caught(load('made.cjs', 'g'))).message).to.match(/: it has no export "g", only "f"$/);
    expect((await caught(load('throws.cjs', 'f'))).message).to.match(
      /: its export "f" cannot be read: not yet$|: it failed to load: not yet$/,
    );
  });
});

describe('an ES module', () => {
  let root: string;
  before(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'handoff-')));
    writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'default', 'then', 'f'];
    writeFileSync(join(root, 'odd.js'), `const g = () => 'odd';\nexport { ${names.map((name) => `g as ${name}`).join(', ')} };\n`);
    writeFileSync(
      join(root, 'then.ts'),
      "export function then(): string { return 'then'; }\nexport const f = (): string => 'beside then';\n",
    );
    writeFileSync(join(root, 'holder.js'), "export default { f: () => 'inside' };\n");
  });
  after(() => rmSync(root, { recursive: true }));

  it('gives exports of any name, also beside one that is called then', async () => {
    const handoff = await Handoff.start({ root, threads: 1, logger: spyLogger() });
    const dag = Dag.dynamic();
    const expected: Record<string, string> = {};
    for (const isolation of ['loop', 'thread'] as const) {
      for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'default', 'then', 'f']) {
        dag.add({ id: `${name} ${isolation}`, code: { module: './odd.js', name }, isolation, cost: {} });
        expected[`${name} ${isolation}`] = 'odd';
      }
      dag.add({ id: `typed then ${isolation}`, code: { module: './then.ts', name: 'then' }, isolation, cost: {} });
      dag.add({ id: `typed f ${isolation}`, code: { module: './then.ts', name: 'f' }, isolation, cost: {} });
      Object.assign(expected, { [`typed then ${isolation}`]: 'then', [`typed f ${isolation}`]: 'beside then' });
    }
    try {
      expect((await handoff.execute(dag, { maxRetries: 0 })).results).to.deep.equal(expected);
    } finally {
      await handoff.stop({ graceMs: 0 });
    }
  });

  it('does not export what its default export has', async () => {
    const error = await caught(loadFunction({ module: './holder.js', name: 'f' }, { root, node: 'here' }));
    expect(error.message).to.match(/: it has no export "f", only "default"$/);
  });
});
