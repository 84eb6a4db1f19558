import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import module from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { built, call, project } from './command.js';

const SUMS = 'spec/cli/modules/sums.mjs';

/** Prints, when the process ends, what it has loaded of packages and of Node. */
const LOADED = `
import { createRequire } from 'node:module';
import { isMainThread } from 'node:worker_threads';
if (isMainThread) process.on('exit', () => {
  const packages = Object.keys(createRequire('/')('module')._cache).map((path) => /node_modules.([^\\/\\\\]+)/.exec(path)?.[1]);
  process._rawDebug(JSON.stringify({ packages: [...new Set(packages)].filter(Boolean), node: process.moduleLoadList }));
});`;

interface Loaded {
  readonly packages: readonly string[];
  readonly node: readonly string[];
}

describe('the start of the command', () => {
  const loadedBy = async (...args: readonly string[]): Promise<Loaded> => {
    const options = `--import=data:text/javascript,${encodeURIComponent(LOADED)}`;
    const { stderr } = await call(args, { bin: built, env: { NODE_OPTIONS: options } }).ended;
    return JSON.parse(stderr.trim().split('\n').at(-1)!) as Loaded;
  };

  it('loads what a run on one node needs, and neither sockets nor logs', async () => {
    const { packages, node } = await loadedBy('run', SUMS, '-q');
    expect(packages).to.deep.equal(['nact']);
    for (const name of ['http', 'https', 'tls', 'inspector']) expect(node).to.not.include(`NativeModule ${name}`);
  });

  it('loads few files: the build has joined the modules', () => {
    expect(readdirSync(`${project}/dist/lib/chunks`).length).to.be.within(2, 30);
    expect(readdirSync(`${project}/dist/bin`).filter((name) => name.endsWith('.js'))).to.deep.equal(['handoff.js', 'main.js']);
  });

  it('keeps what Node has compiled in the folder for caches, where Node can, and runs without where it cannot be written', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'handoff-caches-'));
    try {
      for (const XDG_CACHE_HOME of [folder, '/proc/none', 'relative', '']) {
        const { code, stderr } = await call(['run', SUMS, '-q'], { env: { XDG_CACHE_HOME, HOME: '', LOCALAPPDATA: '' } }).ended;
        expect({ code, stderr }, XDG_CACHE_HOME).to.deep.equal({ code: 0, stderr: '' });
      }
      const keeps = 'enableCompileCache' in module;
      expect(readdirSync(folder)).to.deep.equal(keeps ? ['handoff-dag'] : []);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
