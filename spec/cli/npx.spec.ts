import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { project } from './command.js';
import { NodeProcesses } from './nodes.js';

describe('handoff node, started by npx', () => {
  const nodes = new NodeProcesses();
  const folder = mkdtempSync(join(tmpdir(), 'handoff-npx-'));
  afterEach(() => nodes.endAll());
  after(() => rmSync(folder, { recursive: true }));

  it('drains when npx is ended, which passes no signal on', async function () {
    if (!existsSync('/proc/self/stat') || spawnSync('npx', ['--version'], { stdio: 'ignore' }).status !== 0) {
      console.log('      (not checked: this machine has no npx, or no /proc)');
      return this.skip();
    }
    const first = await nodes.start(['--name', 'first']);
    mkdirSync(join(folder, 'node_modules', '.bin'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "name": "of-a-user", "type": "module" }');
    symlinkSync(project, join(folder, 'node_modules', 'handoff-dag'));
    symlinkSync('../handoff-dag/dist/bin/handoff.js', join(folder, 'node_modules', '.bin', 'handoff'));
    const npx = spawn('npx', ['handoff', 'node', '--name', 'second', '--join', first.url], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(npx.stdout, 'data');
    await first.says('"member":"second"');
    npx.kill('SIGTERM');
    await first.says('"member":"second","msg":"node left"');
    expect(npx.killed).to.equal(true);
  });
});
