import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import type { ClusterStatus } from '../../lib/index.js';
import { call, type Ended, fixture, handoff } from './command.js';
import { NodeProcesses } from './nodes.js';

describe('the options of handoff run', () => {
  const json = async (name: string, ...options: readonly string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await handoff('run', fixture(name), '-q', '--json', ...options);
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    return JSON.parse(stdout);
  };

  it('--collect says whose results are printed', async () => {
    expect(await json('limits.mjs#chain')).to.deep.equal({ second: 2 });
    expect(await json('limits.mjs#chain', '--collect', 'sinks')).to.deep.equal({ second: 2 });
    expect(await json('limits.mjs#chain', '--collect', 'all')).to.deep.equal({ first: 1, second: 2 });
    expect(await json('limits.mjs#chain', '--collect', 'first')).to.deep.equal({ first: 1 });
    expect(await json('limits.mjs#chain', '--collect', 'first', '--collect', 'second')).to.deep.equal({ first: 1, second: 2 });
    const { code, stderr } = await handoff('run', fixture('limits.mjs#chain'), '--collect', 'third');
    expect({ code, stderr }).to.deep.equal({
      code: 2,
      stderr: 'handoff: Cannot run: collect names "third", which is no regular function of the DAG\n',
    });
  });

  it('--max-concurrency and --loop-concurrency bound how many functions run at once', async () => {
    expect(await json('limits.mjs#loop')).to.deep.equal({ peak: 6 });
    expect(await json('limits.mjs#loop', '--max-concurrency', '2')).to.deep.equal({ peak: 2 });
    expect(await json('limits.mjs#loop', '--loop-concurrency', '3')).to.deep.equal({ peak: 3 });
  });

  it('--threads and --thread-heap bound how many threads there are, and the heap of each', async () => {
    const { distinct } = (await json('limits.mjs#threads', '--threads', '1', '--thread-heap', '77')) as Record<string, unknown>;
    expect(distinct).to.deep.equal({ threads: 1, heapMiB: 77 });
  });

  it('--thread-setup is loaded by each thread before its first function, and refused where there is none', async () => {
    const setUp = (path: string): string[] => ['--thread-setup', relative(process.cwd(), path)];
    expect(await json('set-up.mjs', ...setUp(fixture('set-up-module.mjs')))).to.deep.equal({ told: 'by the set-up' });
    const { code, stderr } = await handoff('run', fixture('set-up.mjs'), '--thread-setup', './nowhere.mjs');
    expect(stderr).to.match(/Cannot run: threadSetup must be a module: file:\S+\/nowhere\.mjs: there is no such file/);
    expect(code).to.equal(2);
  });

  it('--timeout-ms ends a run that takes longer', async () => {
    const { code, stdout, stderr } = await handoff('run', fixture('waiting.mjs#patient'), '-q', '--timeout-ms', '50');
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
    expect(stderr).to.match(/^handoff: .*50 ms.* \(HANDOFF_RUN_TIMEOUT\)\n$/);
  });

  it('--dag-id is what the run is known by', async () => {
    const { code, stderr } = await handoff('run', fixture('limits.mjs#chain'), '--dag-id', 'tonight');
    expect(stderr.split('\n')[0]).to.equal('handoff: running "tonight": 2 functions');
    expect(code).to.equal(0);
  });

  it('--isolation says where functions run that name none', async () => {
    const place = async (...args: string[]): Promise<unknown> =>
      JSON.parse((await handoff('run', fixture('place.mjs'), '--json', ...args)).stdout);
    expect(await place()).to.deep.equal({ where: 'thread' });
    expect(await place('--isolation', 'process')).to.deep.equal({ where: 'process' });
    expect(await place('--isolation', 'loop')).to.deep.equal({ where: 'loop' });
    expect((await handoff('run', fixture('place.mjs'), '--isolation', 'nowhere')).code).to.equal(2);
  });

  it('--code-skew says whether a node whose module differs gets its functions', async () => {
    const [here, there] = ['here', 'there'].map((name) => mkdtempSync(join(tmpdir(), `handoff-skew-${name}-`))) as [string, string];
    const nodes = new NodeProcesses();
    try {
      const dag = { id: 'skew', functions: [{ id: 'one', code: { module: './tasks.mjs', name: 'one' }, cost: { gpu: 1 } }], inputs: [] };
      for (const [folder, value] of [
        [here, 1],
        [there, 2],
      ] as const) {
        writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
        writeFileSync(join(folder, 'tasks.mjs'), `export const one = () => ${value};\n`);
      }
      writeFileSync(join(here, 'dag.json'), JSON.stringify(dag));
      const { url } = await nodes.start(['--name', 'worker', '--resource', 'gpu=1', '--root', there]);
      const run = ['run', join(here, 'dag.json'), '--root', here, '--join', url, '--cpu', '1', '-q', '--json'];
      const warned = await handoff(...run);
      expect(JSON.parse(warned.stdout)).to.deep.equal({ one: 2 });
      const refused = await handoff(...run, '--code-skew', 'refuse');
      expect(refused.code).to.equal(1);
      expect(refused.stderr).to.match(/the module .*tasks\.mjs.* differs on node "worker"/);
    } finally {
      await nodes.endAll();
      for (const folder of [here, there]) rmSync(folder, { recursive: true });
    }
  });

  it('--strategy says where functions go', async () => {
    const nodes = new NodeProcesses();
    try {
      const { url } = await nodes.start(['--name', 'worker', '--cpu', '8', '--resource', 'seat=8']);
      const joined = ['--join', url, '--name', 'driver', '--cpu', '8', '--resource', 'seat=8'];
      const where = async (strategy: string): Promise<Set<unknown>> => {
        const results = (await json('spread.mjs#seats', ...joined, '--strategy', strategy)) as { together: unknown[] };
        return new Set(results.together);
      };
      expect([...(await where('first-available'))]).to.deep.equal(['driver']);
      expect(await where('load-balanced')).to.deep.equal(new Set(['driver', 'worker']));
    } finally {
      await nodes.endAll();
    }
  });

  it('leaves nothing with the nodes that worked for it', async () => {
    const nodes = new NodeProcesses();
    try {
      const worker = await nodes.start(['--name', 'worker', '--resource', 'gpu=1']);
      const run = await handoff('run', fixture('spread.mjs#bytes'), '-q', '--join', worker.url);
      expect(run).to.deep.equal({ code: 0, stdout: 'size: 300000\n', stderr: '' });
      await worker.says('run ended here');
      const { stdout } = await handoff('status', '--join', worker.url, '--json');
      expect((JSON.parse(stdout) as ClusterStatus).nodes.map(({ name, heldBytes }) => [name, heldBytes])).to.deep.equal([['worker', 0]]);
    } finally {
      await nodes.endAll();
    }
  });
});

describe('the options of handoff node', () => {
  const nodes = new NodeProcesses();
  afterEach(() => nodes.endAll());

  it('--threads and --loop-concurrency say how many places it has', async () => {
    const { url } = await nodes.start(['--threads', '5', '--loop-concurrency', '7', '--thread-heap', '64']);
    const { nodes: members } = JSON.parse((await handoff('status', '--join', url, '--json')).stdout) as ClusterStatus;
    expect(members[0]).to.deep.include({ threads: { used: 0, total: 5 }, loopPlaces: { used: 0, total: 7 } });
  });

  it('--listen says where it listens', async () => {
    const { url } = await nodes.start(['--listen', 'localhost:0']);
    expect(url).to.match(/^ws:\/\/localhost:\d+$/);
  });

  it('--grace-ms says how long what runs may take to end', async () => {
    const worker = await nodes.start(['--name', 'worker', '--resource', 'gpu=1', '--grace-ms', '1']);
    const run = call(['run', fixture('spread.mjs#gpu'), '--join', worker.url, '--cpu', '0', '--timeout-ms', '600000']);
    await run.says('on worker');
    worker.child.kill('SIGTERM');
    expect((await worker.ended).code).to.equal(0);
    run.child.kill('SIGKILL');
    await run.ended;
  });

  it('--tls-cert, --tls-key and --tls-ca let in who has a certificate, and nobody else', async function () {
    const folder = mkdtempSync(join(tmpdir(), 'handoff-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    try {
      try {
        const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
        execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject], {
          stdio: 'ignore',
        });
      } catch {
        console.log('      (not checked: this machine has no openssl)');
        return this.skip();
      }
      expect(readFileSync(cert, 'utf8')).to.include('BEGIN CERTIFICATE');
      const tls = ['--tls-cert', cert, '--tls-key', key, '--tls-ca', cert];
      const first = await nodes.start(['--name', 'first', ...tls]);
      expect(first.url).to.match(/^wss:/);
      expect(first.joinCommand).to.equal(`handoff node --join ${first.url} --tls-cert ${cert} --tls-key ${key} --tls-ca ${cert}`);
      const within = ['--join', first.url, '--join-timeout-ms', '1500'];
      const looked = await handoff('status', ...within, ...tls);
      expect(looked.stdout).to.include('first');
      expect((await handoff('status', ...within)).code).to.equal(3);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the options of every command', () => {
  const OPTION = /^ {2}(?:-\w, )?(--[\w-]+)/gm;
  const optionsOf = (help: Ended): string[] => [...help.stdout.matchAll(OPTION)].map((match) => match[1]!).sort();

  /** Each is shown to be read, here or in the spec of its command. */
  const cluster = ['--join', '--join-timeout-ms', '--cookie-file', '--tls-cert', '--tls-key', '--tls-ca', '--extensions', '--help'];
  const node = [
    '--root',
    '--name',
    '--cpu',
    '--memory',
    '--resource',
    '--threads',
    '--thread-heap',
    '--thread-setup',
    '--isolation',
    '--loop-concurrency',
    '--code-skew',
    '--value-memory',
    '--spill',
    '--no-spill',
  ];
  const place = ['--data-dir', '--journal'];
  const web = ['--dashboard', '--dashboard-token-file', '--metrics'];
  const known: Readonly<Record<string, readonly string[]>> = {
    run: [
      ...[...cluster, ...node, '--local', '--input', '--strategy', '--max-retries', '--on-failure'],
      ...['--dag-id', '--timeout-ms', '--max-concurrency', '--collect', '--json', '--quiet', '--record', '--trace'],
      ...[...place, '--key', '--strict', '--reuse', '--no-cache', ...web, '--report'],
    ],
    node: [...cluster, ...node, ...place, ...web, '--resume', '--listen', '--advertise', '--grace-ms'],
    status: [...cluster, '--json', '--watch'],
    top: [...cluster, '--json', '--watch'],
    why: [...cluster, '--run', '--json'],
    logs: [...cluster, '--run', '--function', '--follow', '--json'],
    cancel: [...cluster, '--json'],
    dashboard: [...cluster, '--port', '--dashboard-token-file'],
    graph: ['--format', '--no-code', '--root', '--help'],
    runs: [...cluster, ...place, '--root', '--state', '--json'],
    report: [...place, '--output', '--help'],
    resume: [...cluster, ...node, ...place, '--all', '--json', '--quiet'],
    forget: [...place, '--help'],
    cache: ['--data-dir', '--clear', '--json', '--help'],
    replay: ['--json', '--help'],
    validate: ['--no-code', '--root', '--help'],
  };
  const words: Readonly<Record<string, readonly string[]>> = { validate: ['<module>'], graph: ['<module>'] };
  it('are known here of each command that there is', async () => {
    const { stdout } = await handoff('--help');
    const commands = [...stdout.slice(stdout.indexOf('Commands:')).matchAll(/^ {2}([a-z]+)\b/gm)].map((match) => match[1]!);
    expect(commands.filter((command) => command !== 'help').sort()).to.deep.equal(Object.keys(known).sort());
  });

  for (const [command, options] of Object.entries(known)) {
    it(`are these, and no others, with what they mean: ${command}`, async () => {
      const help = await handoff(command, '--help');
      expect(help).to.include({ code: 0, stderr: '' });
      expect(optionsOf(help)).to.deep.equal([...options].sort());
      for (const word of words[command] ?? (options.includes('--join') ? ['HANDOFF_JOIN', 'HANDOFF_COOKIE'] : [])) {
        expect(help.stdout).to.include(word);
      }
    });
  }

  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [['run', 'x.mjs', '--timeout-ms', '-1'], /'--timeout-ms <ms>' argument '-1' is invalid\. It must be a number, at least 0\./],
    [['run', 'x.mjs', '--timeout-ms', '1e400'], /'--timeout-ms <ms>' argument '1e400' is invalid\. It must be a number, at least 0\./],
    [['run', 'x.mjs', '--max-concurrency', '0'], /'--max-concurrency <n>' argument '0' is invalid\. It must be at least 1\./],
    [['run', 'x.mjs', '--max-concurrency', '1.5'], /is invalid\. It must be a whole number\./],
    [['run', 'x.mjs', '--collect', 'a', '--collect', 'all'], /is invalid\. Give all, or sinks, or the ids of functions\./],
    [['run', 'x.mjs', '--collect', ''], /is invalid\. It must not be empty\./],
    [['node', '--threads', '0'], /'--threads <n>' argument '0' is invalid\. It must be at least 1\./],
    [['node', '--thread-heap', '8'], /'--thread-heap <MiB>' argument '8' is invalid\. It must be at least 16\./],
    [['node', '--value-memory', '-1'], /'--value-memory <MiB>' argument '-1' is invalid\. It must be a number, at least 0\./],
    [['run', 'x.mjs', '--spill', 'all'], /'--spill <MiB>' argument 'all' is invalid\. It must be a number, at least 0\./],
    [['node', '--loop-concurrency', 'many'], /'--loop-concurrency <n>' argument 'many' is invalid\. It must be a number, at least 0\./],
    [['node', '--grace-ms', 'long'], /'--grace-ms <ms>' argument 'long' is invalid\./],
  ];
  for (const [args, says] of wrong) {
    it(`are checked, with exit code 2: ${args.slice(-2).join(' ')}`, async () => {
      const { code, stdout, stderr } = await handoff(...args);
      expect(stderr).to.match(says);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
    });
  }
});
