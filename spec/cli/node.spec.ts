import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { call, fixture, handoff } from './command.js';
import { NodeProcesses } from './nodes.js';

describe('handoff node', () => {
  const nodes = new NodeProcesses();
  const folder = mkdtempSync(join(tmpdir(), 'handoff-node-'));
  const cookieFile = join(folder, 'cookie');
  before(() => writeFileSync(cookieFile, 'a cookie of some length\n', { mode: 0o600 }));
  afterEach(() => nodes.endAll());
  after(() => rmSync(folder, { recursive: true }));

  it('prints its URL and the command that joins another, which works as it stands', async () => {
    const first = await nodes.start(['--name', 'first']);
    expect(first.url).to.match(/^ws:\/\/127\.0\.0\.1:\d+$/);
    expect(first.joinCommand).to.equal(`handoff node --join ${first.url}`);
    const second = await nodes.start(first.joinCommand.split(' ').slice(2));
    expect(second.joinCommand).to.equal(`handoff node --join ${second.url}`);
    await first.says('node joined');
  });

  it('drains on SIGTERM and on SIGINT: exits 0, and the others see it leave', async () => {
    const first = await nodes.start(['--name', 'first']);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const second = await nodes.start(['--name', `ends-by-${signal}`, '--join', first.url]);
      second.child.kill(signal);
      expect((await second.ended).code).to.equal(0);
      await first.says(`"member":"ends-by-${signal}","msg":"node left"`);
    }
  });

  it('lets end what runs for others before it goes', async () => {
    const worker = await nodes.start(['--name', 'worker', '--resource', 'gpu=1']);
    const run = call(['run', fixture('spread.mjs#shortGpu'), '--join', worker.url, '--cpu', '0']);
    await run.says('on worker');
    worker.child.kill('SIGTERM');
    expect((await worker.ended).code).to.equal(0);
    const { code, stdout } = await run.ended;
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: 'first: worker\n' });
  });

  it('leaves at once, with 130, on a second signal', async () => {
    const worker = await nodes.start(['--name', 'worker', '--resource', 'gpu=1']);
    const run = call(['run', fixture('spread.mjs#gpu'), '--join', worker.url, '--cpu', '0']);
    await run.says('on worker');
    worker.child.kill('SIGTERM');
    await run.says('node is leaving: worker');
    await worker.says('leaving: running attempts may end');
    worker.child.kill('SIGTERM');
    expect((await worker.ended).code).to.equal(130);
    run.child.kill('SIGKILL');
    await run.ended;
  });

  it('is let in with the same cookie, from a file or the environment, and refused with another, with 3', async () => {
    const first = await nodes.start(['--cookie-file', cookieFile]);
    expect(first.joinCommand).to.equal(`handoff node --join ${first.url} --cookie-file ${cookieFile}`);
    await nodes.start(['--join', first.url], { env: { HANDOFF_COOKIE: 'a cookie of some length' } });
    const wrong = await call(['node', '--join', first.url], { env: { HANDOFF_COOKIE: 'another cookie of some length' } }).ended;
    expect(wrong.code).to.equal(3);
    expect(wrong.stderr).to.include('the cookies differ (HANDOFF_JOIN_REFUSED)');
    const without = await handoff('node', '--join', first.url);
    expect(without.code).to.equal(3);
    const secrets = [wrong, without].map(({ stderr }) => stderr).join('');
    expect(secrets).to.not.include('a cookie of some length');
  });

  it('is refused with the name of a living one', async () => {
    const first = await nodes.start(['--name', 'twin']);
    const { code, stderr } = await handoff('node', '--name', 'twin', '--join', first.url, '--join-timeout-ms', '3000');
    expect(code).to.equal(3);
    expect(stderr).to.match(/: a living node has this name \(HANDOFF_JOIN_REFUSED\)/);
  });

  it('exits 3 when nobody answers in time, and 2 when it cannot listen', async () => {
    const { code, stderr } = await handoff('node', '--join', 'ws://127.0.0.1:9', '--join-timeout-ms', '200');
    expect(code).to.equal(3);
    expect(stderr).to.equal(
      'handoff: Cannot join within 200 ms: ws://127.0.0.1:9: connect ECONNREFUSED 127.0.0.1:9 (HANDOFF_JOIN_REFUSED)\n',
    );
    const first = await nodes.start();
    const taken = await handoff('node', '--listen', first.url.slice('ws://'.length));
    const address = first.url.slice('ws://'.length);
    expect(taken).to.deep.equal({ code: 2, stdout: '', stderr: `handoff: Cannot listen on ${address}: the port is in use (EADDRINUSE)\n` });
    const strange = await handoff('node', '--listen', '192.0.2.1:0', '--cookie-file', cookieFile);
    expect(strange).to.deep.equal({
      code: 2,
      stdout: '',
      stderr: 'handoff: Cannot listen on 192.0.2.1:0: this machine has no such address (EADDRNOTAVAIL)\n',
    });
  });
});
