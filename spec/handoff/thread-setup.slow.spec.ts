import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { Dag, Handoff, type NodeOptions } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { spyLogger } from '../support/spy-logger.js';

describe('the module that threads and processes load first', () => {
  let root: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'handoff-setup-'));
    const files = {
      'package.json': '{ "type": "module" }',
      'functions.mjs': 'export const told = () => globalThis.told;',
      'once.mjs':
        "import { isMainThread, threadId } from 'node:worker_threads'; globalThis.told = { isMainThread, loads: (globalThis.told?.loads ?? 0) + 1 };",
      'typed.ts': 'const loads: number = 7; (globalThis as { told?: unknown }).told = { loads };',
      'throws.mjs': "throw new Error('no collector')",
      'imports-nothing.mjs': "import './nowhere.mjs'",
      'exits.mjs': 'process.exit(3)',
      'waits-for-nothing.mjs': 'await new Promise(() => {})',
      'rejects.mjs': "Promise.reject(new Error('too late')); await new Promise((over) => setImmediate(() => setImmediate(over)));",
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
  });
  after(() => rmSync(root, { recursive: true }));

  const told = Dag.dynamic('d').add({ id: 'told', code: { module: './functions.mjs', name: 'told' }, maxRetries: 0 });
  async function on<T>(options: NodeOptions, body: (handoff: Handoff) => Promise<T>): Promise<T> {
    const handoff = await Handoff.start({ root, threads: 1, logger: spyLogger(), ...options });
    try {
      return await body(handoff);
    } finally {
      await handoff.stop();
    }
  }

  for (const isolation of ['thread', 'process'] as const) {
    it(`is loaded once in each ${isolation}, before its first function`, () =>
      on({ isolation, threadSetup: './once.mjs' }, async (handoff) => {
        const expected = { isMainThread: isolation === 'process', loads: 1 };
        for (const _ of [1, 2]) expect((await handoff.execute(told)).results).to.deep.equal({ told: expected });
      }));

    for (const [name, why] of [
      ['throws', 'no collector'],
      ['imports-nothing', "Cannot find module '"],
      ['exits', `the ${isolation} ended with exit code 3`],
      ['waits-for-nothing', `the ${isolation} ended with exit code`],
      ['rejects', 'too late'],
    ] as const) {
      it(`fails the functions of a ${isolation} where it ${name.replaceAll('-', ' ')}, and says what and where`, () =>
        on({ name: 'n', isolation, threadSetup: `./${name}.mjs` }, async (handoff) => {
          const { message } = await caught(handoff.execute(told));
          const url = pathToFileURL(join(root, `${name}.mjs`)).href;
          expect(message).to.include(`Function "told" failed: no worker ${isolation} could be started: `);
          expect(message).to.include(`threadSetup ${url}`).and.to.include(why);
        }));
    }
  }

  it('may be TypeScript, an absolute path or a URL', async () => {
    const path = join(root, 'typed.ts');
    for (const threadSetup of ['./typed.ts', path, pathToFileURL(path).href])
      await on({ threadSetup }, async (handoff) => expect((await handoff.execute(told)).results).to.deep.equal({ told: { loads: 7 } }));
  });

  for (const [given, why] of [
    ['./nowhere.mjs', 'threadSetup must be a module: Cannot load module "./nowhere.mjs" on node "n" below'],
    ['/nowhere/else.mjs', 'threadSetup must be a module: file:///nowhere/else.mjs: there is no such file'],
    ['node:fs', 'node: modules are not allowed'],
    ['https://example.org/setup.js', 'https: modules are not allowed'],
    ['no-such-package', 'package.json at root does not depend on "no-such-package"'],
    ['', 'threadSetup must be a module: a path, a file: URL, or a package'],
    [7, 'threadSetup must be a module: a path, a file: URL, or a package'],
  ] as const) {
    it(`is refused at the start of a node if it is ${JSON.stringify(given)}`, async () => {
      const error = await caught(Handoff.start({ name: 'n', root, logger: spyLogger(), threadSetup: given as string }));
      expect(error).to.be.instanceOf(TypeError);
      expect((error as Error).message).to.include(why);
    });
  }
});
