import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import { resolveModule } from '../../lib/executor/code/module-resolution.js';
import { moduleDigest, moduleOnWire } from '../../lib/executor/index.js';
import { Dag, Handoff } from '../../lib/index.js';
import { SpecCluster } from '../support/cluster.js';
import { spyLogger } from '../support/spy-logger.js';

const touched = '(globalThis.process.env.HANDOFF_SPEC_EVALUATED = "yes")';

describe('a name that is no module', () => {
  let folder: string;
  let root: string;
  const at = (...parts: string[]): string => join(root, ...parts);
  const place = (): { root: string; node: string } => ({ root, node: 'here' });

  const refusal = (module: string): string => {
    try {
      resolveModule(module, place());
    } catch (error) {
      expect(HandoffError.is(error, 'HANDOFF_CODE_NOT_FOUND'), `${module.slice(0, 80)}: ${error}`).to.equal(true);
      return (error as Error).message;
    }
    throw new Error(`${module} was resolved`);
  };

  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'handoff-')));
    root = join(folder, 'root');
    for (const one of ['root/folder.js', 'outside', 'node_modules/dep']) mkdirSync(join(folder, one), { recursive: true });
    writeFileSync(join(folder, 'node_modules/dep/package.json'), '{ "name": "dep", "main": "notes.txt" }');
    for (const file of ['notes.txt', '.env', 'tool']) writeFileSync(join(folder, 'node_modules/dep', file), touched);
    writeFileSync(at('package.json'), '{ "dependencies": { "dep": "1" } }');
    for (const file of ['file.mjs', '.env', 'tool', 'notes.txt', 'data.json', 'addon.node']) writeFileSync(at(file), touched);
    writeFileSync(join(folder, 'outside/there.mjs'), touched);
    symlinkSync('loop-b.mjs', at('loop-a.mjs'));
    symlinkSync('loop-a.mjs', at('loop-b.mjs'));
    symlinkSync(join(folder, 'outside'), at('way-out'));
    symlinkSync(join(folder, 'outside/there.mjs'), at('out-there.mjs'));
    symlinkSync(join(folder, 'outside/nowhere.mjs'), at('out-nowhere.mjs'));
    symlinkSync(at('nowhere.mjs'), at('dangling.mjs'));
    symlinkSync(at('.env'), at('disguised.mjs'));
    symlinkSync('/dev/zero', at('device.mjs'));
    writeFileSync(at('large.mjs'), '');
    truncateSync(at('large.mjs'), 2 * 2 ** 30);
    execFileSync('mkfifo', [at('fifo.mjs')]);
  });
  after(() => rmSync(folder, { recursive: true }));

  const strange = (): readonly string[] => [
    '',
    './a\0.mjs',
    'a\0.mjs',
    'dep/a\0.mjs',
    `file://${at('a%00.mjs')}`,
    `./${'x'.repeat(256)}.mjs`,
    `./${'x/'.repeat(3000)}x.mjs`,
    'x'.repeat(2 ** 20),
    './loop-a.mjs',
    'loop-a.mjs',
    './loop-a.mjs/x.mjs',
    './file.mjs/x.mjs',
    'file.mjs/x.mjs',
    './file.mjs/',
    `file://${at('file.mjs')}/?x`,
    './folder.js',
    './',
    '.',
    './fifo.mjs',
    './device.mjs',
    './dangling.mjs',
    './.env',
    './tool',
    './notes.txt',
    './data.json',
    './package.json',
    'package.json',
    './addon.node',
    './disguised.mjs',
    'dep',
    'dep/notes.txt',
    'dep/.env',
    'dep/tool',
    'dep/package.json',
    './large.mjs',
  ];

  it('is not found, whatever the disk says of it', () => {
    for (const module of strange()) expect(refusal(module).length, module.slice(0, 80)).to.be.below(1000);
  });

  it('says what is wrong with it', () => {
    expect(refusal('./a\0.mjs')).to.match(/its name holds a NUL character$/);
    expect(refusal('x'.repeat(5000))).to.match(/its name is longer than 4096 characters$/);
    expect(refusal('./.env')).to.match(/there is no file \.env that is a module: names of modules end in \.js, /);
    expect(refusal('./large.mjs')).to.match(/larger than the 64 MiB that a module may have$/);
  });

  it('has no digest, as it is not read', () => {
    for (const module of strange()) expect(moduleDigest(module, place()), module.slice(0, 80)).to.equal(undefined);
  });

  it('does not tell what exists outside of root', () => {
    for (const [there, not] of [
      ['../outside/there.mjs', '../outside/nowhere.mjs'],
      ['./way-out/there.mjs', './way-out/nowhere.mjs'],
      ['way-out/there.mjs', 'way-out/nowhere.mjs'],
      ['./out-there.mjs', './out-nowhere.mjs'],
      ['out-there.mjs', 'out-nowhere.mjs'],
      ['./way-out/there.js', './way-out/there.mjs/x.js'],
      ['./way-out', './way-out/folder'],
      [pathToFileURL(join(folder, 'outside/there.mjs')).href, pathToFileURL(join(folder, 'outside/nowhere.mjs')).href],
    ] as const) {
      expect(refusal(there), there).to.match(/: it lies outside root/);
      expect(refusal(not).replace(JSON.stringify(not), ''), not).to.equal(refusal(there).replace(JSON.stringify(there), ''));
    }
  });

  it('fails its function for good, on the loop and in a thread', async () => {
    const handoff = await Handoff.start({ root, threads: 1, logger: spyLogger() });
    try {
      for (const module of strange().filter((one) => one !== '')) {
        for (const isolation of ['loop', 'thread'] as const) {
          const dag = Dag.dynamic().add({ id: 'f', code: { module, name: 'f' }, isolation, cost: {} });
          const error = (await handoff.execute(dag).then(
            () => undefined,
            (thrown: unknown) => thrown,
          )) as HandoffError;
          const told = `${module.slice(0, 80)} in ${isolation}`;
          expect(error, told).to.include({ code: 'HANDOFF_FUNCTION_FAILED', attempts: 1 });
          expect(HandoffError.is(error.cause, 'HANDOFF_CODE_NOT_FOUND'), told).to.equal(true);
        }
      }
    } finally {
      await handoff.stop({ graceMs: 0 });
    }
    expect(process.env.HANDOFF_SPEC_EVALUATED).to.equal(undefined);
  });

  it('fails its function for good on another node', async () => {
    const cluster = await SpecCluster.of({ a: { root: folder }, b: { root } });
    try {
      for (const module of [...strange().filter((one) => one !== ''), 'file://elsewhere/a.mjs', 'file:///%2e%2f%zz.mjs']) {
        const dag = Dag.dynamic().add({ id: 'f', code: { module, name: 'f' }, isolation: 'loop', node: 'b' });
        const error = (await cluster
          .node('a')
          .execute(dag)
          .then(
            () => undefined,
            (thrown: unknown) => thrown,
          )) as HandoffError;
        expect(error, module.slice(0, 80)).to.include({ code: 'HANDOFF_FUNCTION_FAILED', attempts: 1 });
        expect(HandoffError.is(error.cause, 'HANDOFF_CODE_NOT_FOUND'), module.slice(0, 80)).to.equal(true);
      }
    } finally {
      await cluster.stop();
    }
  });
});

describe('the name of a module on the wire', () => {
  let folder: string;
  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'handoff-')));
    mkdirSync(join(folder, 'real'));
    symlinkSync('real', join(folder, 'link'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('is relative to root, also where root is given by a link', () => {
    const url = pathToFileURL(join(folder, 'real/sub/a.mjs')).href;
    for (const root of ['real', 'link']) expect(moduleOnWire(url, join(folder, root))).to.equal('./sub/a.mjs');
    expect(moduleOnWire(pathToFileURL(join(folder, 'link/a.mjs')).href, join(folder, 'link'))).to.equal('./a.mjs');
  });

  it('is left as it is where it is below no root, or no path', () => {
    for (const module of ['file:///elsewhere/a.mjs', 'file://host/a.mjs', 'file:///a%2fb.mjs', './a.mjs', 'dep']) {
      expect(moduleOnWire(module, join(folder, 'link'))).to.equal(module);
    }
  });
});
