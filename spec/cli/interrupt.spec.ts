import { once } from 'node:events';
import { expect } from 'chai';
import { call, fixture } from './command.js';

describe('handoff run, interrupted', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`cancels the run on ${signal}, and exits 130`, async () => {
      const { child, ended, says } = call(['run', fixture('waiting.mjs#patient')]);
      await says('[wait] waiting');
      child.kill(signal);
      const { code, stdout, stderr } = await ended;
      expect(stderr.endsWith('[wait] waiting\nhandoff: interrupted\n')).to.equal(true);
      expect({ code, stdout }).to.deep.equal({ code: 130, stdout: '' });
    });
  }

  it('ends a function that hears nothing', async () => {
    const { child, ended, says } = call(['run', fixture('waiting.mjs#stubborn')]);
    await says('[spin] spinning');
    child.kill('SIGINT');
    expect((await ended).code).to.equal(130);
  });

  it('leaves at once on a second signal', async () => {
    const { child, ended, says } = call(['run', fixture('waiting.mjs#stubborn')]);
    await says('[spin] spinning');
    child.kill('SIGINT');
    await says('handoff: interrupted');
    child.kill('SIGINT');
    expect((await ended).code).to.equal(130);
  });

  it('leaves at once while the module still loads', async () => {
    const { child, ended, says } = call(['run', fixture('loads-forever.mjs')]);
    await says('loading');
    child.kill('SIGTERM');
    expect((await ended).code).to.equal(130);
  });

  it('takes no harm from a reader that has gone', async () => {
    const { child, ended, says } = call(['run', fixture('waiting.mjs#long')]);
    await says('running');
    child.stdout!.destroy();
    await once(child, 'close');
    const { code, stderr } = await ended;
    expect(stderr).to.match(/^handoff: done in [^\n]+\n$/m);
    expect(stderr).to.not.include('EPIPE');
    expect(code).to.equal(0);
  });

  it('takes no harm from nobody reading what it says', async () => {
    const { child, ended } = call(['run', fixture('sums.mjs')]);
    child.stderr!.destroy();
    const { code, stdout } = await ended;
    expect(stdout).to.match(/^report:\n/);
    expect(code).to.equal(0);
  });
});
