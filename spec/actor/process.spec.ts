import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

const program = fileURLToPath(new URL('../support/actor-program.ts', import.meta.url));

/** Runs the program to its own end; rejects unless it ends with code 0. `said` is what it reported on standard error. */
async function run(story: string): Promise<{ stdout: string; said: unknown }> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    '--import',
    'tsx',
    '--unhandled-rejections=strict',
    program,
    story,
  ]);
  return { stdout, said: JSON.parse(stderr) };
}

describe('a process with a system of actors', () => {
  it('prints nothing, whatever crashes, and ends by itself after the stop, with no timer left', async () => {
    expect(await run('everything')).to.deep.equal({
      stdout: '',
      said: { gaveUp: 'shutdown', answer: 'answer', asked: ['HANDOFF_STOPPED', 'HANDOFF_STOPPED', 'HANDOFF_STOPPED'], timers: 0 },
    });
  });

  it('lives until what it waits for has had its time: a question, a stop', async () => {
    expect(await run('waits')).to.deep.equal({ stdout: '', said: { asked: 'HANDOFF_TIMEOUT', reason: 'killed' } });
  });

  it('keeps nothing of what the starts of temporary children hold on to', async () => {
    expect(await run('forgets')).to.deep.equal({ stdout: '', said: { active: 5, held: ['kept'] } });
  });

  it('is not kept alive by actors that have nothing to do', async () => {
    expect(await run('idles')).to.deep.equal({ stdout: '', said: 'idle' });
  });
});
