import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ClusterStatus } from '../../lib/index.js';
import { call, fixture, handoff, project } from './command.js';
import { NodeProcesses } from './nodes.js';

const FULL = '/dev/full';

describe('a node whose log cannot be written', () => {
  const nodes = new NodeProcesses();
  afterEach(() => nodes.endAll());

  before(function () {
    if (existsSync(FULL)) return;
    console.log(`      (not checked: this machine has no ${FULL})`);
    this.skip();
  });

  it('goes on without it on a full disk, says so in its status, and drains on a signal', async () => {
    const first = await nodes.start(['--name', 'first'], { stderrTo: FULL });
    const second = await nodes.start(['--name', 'second', '--join', first.url]);
    await second.says('node joined');
    const { stdout } = await handoff('status', '--join', second.url, '--json');
    const status = JSON.parse(stdout) as ClusterStatus;
    expect(status.nodes.map(({ name, log }) => [name, log])).to.deep.equal([
      ['second', 'ok'],
      ['first', 'lost'],
    ]);
    expect((await handoff('status', '--join', second.url)).stdout).to.match(/^ {2}first +up, log lost /m);
    first.child.kill('SIGTERM');
    expect((await first.ended).code).to.equal(0);
  });

  it('goes on when its reader is gone', async () => {
    const first = await nodes.start(['--name', 'first']);
    first.child.stderr!.destroy();
    for (const name of ['second', 'third']) {
      const other = await nodes.start(['--name', name, '--join', first.url]);
      await other.says('"member":"first"');
    }
    const { stdout } = await handoff('status', '--join', first.url, '--json');
    expect((JSON.parse(stdout) as ClusterStatus).nodes.map(({ name, log }) => [name, log])).to.deep.include(['first', 'lost']);
  });

  it('goes on when nobody reads, in a program of its own too', async () => {
    const child = spawn(process.execPath, [fixture('chatty.mjs')], { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = once(child, 'exit');
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    await ended;
    expect(stdout).to.equal('chatted, log lost\n');
    child.stderr.destroy();
  });
});

describe('a command whose standard output is full', () => {
  const nodes = new NodeProcesses();
  afterEach(() => nodes.endAll());

  before(function () {
    if (!existsSync(FULL)) this.skip();
  });

  const calls: readonly (readonly string[])[] = [
    ['run', fixture('sums.mjs'), '-q', '--json'],
    ['run', fixture('sums.mjs'), '-q'],
    ['graph', fixture('sums.mjs')],
    ['validate', fixture('sums.mjs')],
    ['--version'],
    ['--help'],
    ['run', '--help'],
  ];
  for (const args of calls) {
    it(`exits 1 and says so: ${args.join(' ')}`, async () => {
      const { code, stderr } = await call(args, { stdoutTo: FULL }).ended;
      expect({ code, stderr }).to.deep.equal({
        code: 1,
        stderr: 'handoff: Cannot write to standard output: no space is left on the device (ENOSPC)\n',
      });
    });
  }

  it('exits 1 and says so: status, with --watch too', async () => {
    const { url } = await nodes.start();
    for (const more of [[], ['--json'], ['--watch']]) {
      const { code, stderr } = await call(['status', '--join', url, ...more], { stdoutTo: FULL }).ended;
      expect({ code, stderr }).to.deep.equal({
        code: 1,
        stderr: 'handoff: Cannot write to standard output: no space is left on the device (ENOSPC)\n',
      });
    }
  });

  it('goes on as a node', async () => {
    const first = call(['node', '--name', 'first'], { stdoutTo: FULL });
    await first.says('Cannot write to standard output: no space is left on the device (ENOSPC)');
    first.child.kill('SIGTERM');
    expect((await first.ended).code).to.equal(0);
  });

  it('keeps the exit code of what went wrong before', async () => {
    expect((await call(['validate', fixture('invalid.mjs#faulty')], { stdoutTo: FULL }).ended).code).to.equal(2);
  });
});

describe('a command that has too little to work with', () => {
  for (const limit of [20, 32, 64, 128]) {
    for (const args of [['run', fixture('sums.mjs')], ['node'], ['status', '--join', 'ws://127.0.0.1:9', '--join-timeout-ms', '100']]) {
      it(`works, or says in one line that it may open too few files: ${limit}, ${args[0]}`, async () => {
        const { child, ended } = call(args, { ulimit: `-n ${limit}` });
        const started = args[0] === 'node' && once(child.stdout!, 'data').then(() => child.kill('SIGTERM'));
        const { code, stderr } = await ended;
        if (code === 1) {
          expect(stderr).to.equal('handoff: too many open files (EMFILE): raise the limit, as in ulimit -n 4096\n');
          return;
        }
        await started;
        expect(code).to.equal(args[0] === 'status' ? 3 : 0);
      });
    }
  }

  it('hears a signal while it still loads', async () => {
    const { child, ended } = call(['node']);
    child.kill('SIGTERM');
    expect((await ended).code === 130 || child.signalCode === 'SIGTERM').to.equal(true);
  });

  describe('as one of its packages is not installed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'handoff-incomplete-'));
    const packages = join(folder, 'node_modules');
    before(() => {
      mkdirSync(packages);
      cpSync(join(project, 'dist'), join(folder, 'dist'), { recursive: true });
      cpSync(join(project, 'package.json'), join(folder, 'package.json'));
    });
    after(() => rmSync(folder, { recursive: true }));

    it('says which, and exits 1', async () => {
      for (const name of readdirSync(join(project, 'node_modules'))) {
        if (name !== 'nact') symlinkSync(join(project, 'node_modules', name), join(packages, name));
      }
      for (const args of [['run', `${project}/${fixture('sums.mjs')}`], ['node'], ['status', '--join', 'ws://127.0.0.1:9']]) {
        const { code, stdout, stderr } = await call(args, { bin: join(folder, 'dist', 'bin', 'handoff.js') }).ended;
        expect({ code, stdout, stderr }).to.deep.equal({
          code: 1,
          stdout: '',
          stderr: 'handoff: package "nact" is not installed: npm install nact\n',
        });
      }
    });
  });
});

describe('a module that does not come to an end of its own', () => {
  const cannot = (name: string): string => `handoff: Cannot load a DAG from module "spec/cli/modules/${name}.mjs": `;
  const idle = 'it never settles: it awaits something that can no longer happen\n';
  for (const [name, says] of [
    ['awaits-forever', idle],
    ['never-settles', idle],
    ['exits', 'it ended the process with exit code 0\n'],
  ] as const) {
    for (const command of ['run', 'graph', 'validate']) {
      it(`is wrong usage, and is told of: ${name}, ${command}`, async () => {
        const { code, stdout, stderr } = await handoff(command, fixture(`${name}.mjs`));
        expect({ code, stdout, stderr }).to.deep.equal({ code: 2, stdout: '', stderr: cannot(name) + says });
      });
    }
  }
});
