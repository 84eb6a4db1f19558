import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { compilerOptions, dagModule, firstProgram, output, packed, writeAll } from '../support/packed.js';
import { blocksOf } from '../support/pages.js';

const COOKIE = 'a cookie for this spec only';

/** The stages of a Dockerfile, as lists of instructions. */
function stagesOf(dockerfile: string): (readonly [instruction: string, rest: string])[][] {
  const stages: (readonly [string, string])[][] = [];
  for (const line of dockerfile.trim().split('\n')) {
    const [, instruction, rest] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (instruction === 'FROM') stages.push([]);
    if (instruction) stages.at(-1)!.push([instruction, rest!]);
  }
  return stages;
}

/** Does what a Dockerfile says with folders in place of containers: each stage has a folder that stands for its working directory. Returns the last one. */
async function builtAs(dockerfile: string, context: string, scratch: string): Promise<string> {
  const byName = new Map<string, string>();
  let folder = '';
  for (const [at, stage] of stagesOf(dockerfile).entries()) {
    folder = join(scratch, `stage-${at}`);
    mkdirSync(folder);
    for (const [instruction, rest] of stage) {
      if (instruction === 'FROM') byName.set(/ AS (\w+)$/.exec(rest)?.[1] ?? String(at), folder);
      if (instruction === 'RUN') await output('sh', ['-c', rest], folder, 300_000);
      if (instruction !== 'COPY') continue;
      const words = rest.split(' ');
      const [, stageName] = /^--from=(\w+)$/.exec(words[0]!) ?? [];
      if (stageName !== undefined) words.shift();
      const to = words.pop()!;
      for (const from of words) {
        const source = stageName === undefined ? join(context, from) : join(byName.get(stageName)!, from.replace(/^\/app\//, ''));
        cpSync(source, to.endsWith('/') ? join(folder, to, from) : join(folder, to), { recursive: true });
      }
    }
  }
  return folder;
}

/** A port that nobody listens on now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.2');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('the guide to deployment, done to the letter', function () {
  // Downloads, on a machine of any speed.
  this.timeout(600_000);
  const dockerfile = blocksOf('docs/deployment.md').find(({ language }) => language === 'dockerfile')!.code;
  let scratch: string;
  let source: string;
  let image: string;
  let cookie: string;
  const children: ChildProcess[] = [];

  /** The command of the image, with some words in place of others; resolves with its first line. */
  const node = async (words: readonly string[], via: readonly string[] = []): Promise<{ child: ChildProcess; url: string }> => {
    const [program, ...args] = [...via, join(image, 'node_modules/.bin/handoff'), ...words];
    const child = spawn(program!, args, {
      cwd: image,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, HANDOFF_LOG_LEVEL: 'error' },
    });
    children.push(child);
    const [chunk] = (await once(child.stdout!, 'data')) as [Buffer];
    return { child, url: chunk.toString().split('\n')[0]! };
  };
  const wordsOf = (instruction: string): string[] =>
    JSON.parse(new RegExp(`^${instruction} (\\[.*\\])$`, 'm').exec(dockerfile)![1]!) as string[];
  /** The command's own words, with what differs here. */
  const words = (listen: string): string[] =>
    wordsOf('CMD').map((word, at, all) => ({ '--listen': listen, '--cookie-file': cookie })[all[at - 1] ?? ''] ?? word);

  before(async () => {
    scratch = realpathSync(mkdtempSync(join(tmpdir(), 'handoff-image-')));
    source = join(scratch, 'source');
    cookie = join(scratch, 'cookie');
    writeFileSync(cookie, COOKIE, { mode: 0o600 });
    // What the guide says that the project has.
    writeAll(source, {
      'package.json': JSON.stringify({ name: 'app', private: true, type: 'module' }),
      'tsconfig.json': JSON.stringify({ compilerOptions: { ...compilerOptions, outDir: 'dist', rootDir: 'src' } }),
      'src/tasks.ts': firstProgram().files['tasks.ts']!,
      'src/dag.ts': dagModule.text,
    });
    const tarball = await packed(scratch);
    await output('npm', ['install', '--no-audit', '--no-fund', tarball], source, 300_000);
    await output('npm', ['install', '--no-audit', '--no-fund', '--save-dev', 'typescript', '@types/node@20', 'tsx'], source, 300_000);
    image = await builtAs(dockerfile, source, scratch);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    }
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  it('builds an image that holds what is compiled, and no more', () => {
    expect(existsSync(join(image, 'dist/tasks.js'))).to.equal(true);
    expect(existsSync(join(image, 'src'))).to.equal(false);
    expect(existsSync(join(image, 'node_modules/typescript'))).to.equal(false);
    expect(readFileSync(join(image, 'node_modules/handoff-dag/docs/deployment.md'), 'utf8')).to.include(dockerfile);
  });

  it('starts a node that runs functions of the sources, and drains on SIGTERM', async () => {
    const { child, url } = await node(words('127.0.0.1:0'));
    expect(url).to.match(/^ws:\/\/127\.0\.0\.1:\d+$/);
    const run = ['run', 'src/dag.ts', '--root', 'src', '--join', url, '--cookie-file', cookie, '--cpu', '0', '-q'];
    expect(await output('node_modules/.bin/handoff', run, source)).to.equal(dagModule.prints);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).to.deep.equal([0, null]);
  });

  it('starts nodes that join through one name, which stands for all of them', async function () {
    const hosts = join(scratch, 'hosts');
    writeFileSync(hosts, '127.0.0.1 localhost\n127.0.0.2 workers\n127.0.0.3 workers\n');
    // In a namespace of its own the name means what it means here.
    const via = ['unshare', '-m', 'sh', '-c', `mount --bind ${hosts} /etc/hosts && exec "$0" "$@"`];
    if (spawnSync(via[0]!, [...via.slice(1), 'true']).status !== 0) {
      console.log('      (not checked: this process may not make namespaces)');
      return this.skip();
    }
    const port = await freePort();
    const through = ['--join', `ws://workers:${port}`, '--cookie-file', cookie];
    await Promise.all(['127.0.0.2', '127.0.0.3'].map((ip) => node([...words(`${ip}:${port}`), ...through.slice(0, 2)], via)));
    const [first, ...rest] = [...via, join(image, 'node_modules/.bin/handoff'), 'status', '--json', ...through];
    const status = JSON.parse(await output(first!, rest, image)) as { nodes: { status: string; address: string }[] };
    expect(status.nodes.map(({ address }) => address).sort()).to.deep.equal([`ws://127.0.0.2:${port}`, `ws://127.0.0.3:${port}`]);
  });
});
