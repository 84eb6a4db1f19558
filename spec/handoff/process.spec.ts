import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

const cwd = fileURLToPath(new URL('../..', import.meta.url));
const node = (script: string, env: Record<string, string> = {}): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', fileURLToPath(new URL(`./processes/${script}`, import.meta.url))], {
    cwd,
    env: { ...process.env, ...env },
    timeout: 150_000,
  });

describe('the process of a node', () => {
  it('ends by itself when the node is idle, and has written nothing', async () => {
    expect(await node('idle.ts')).to.deep.equal({ stdout: '1\n', stderr: '' });
  });

  it('lives as long as a run, and logs what functions write as theirs', async () => {
    const { stdout, stderr } = await node('run.ts');
    expect(JSON.parse(stdout)).to.include({ waits: 'breathed', says: 1 });
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ functionId, msg, stream }) => ({ functionId, msg, stream }))).to.deep.include.members([
      { functionId: 'says', msg: 'from a thread', stream: 'stdout' },
      { functionId: 'says', msg: 'to stderr', stream: 'stderr' },
      { functionId: 'loop', msg: 'from the loop', stream: 'stdout' },
    ]);
  });

  it('freezes in production as everywhere, unless it is told not to', async () => {
    const expected = { stdout: 'HANDOFF_FUNCTION_FAILED HANDOFF_NOT_SERIALIZABLE\n[1,2] 2 function\n', stderr: '' };
    expect(await node('production.ts', { NODE_ENV: 'production' })).to.deep.equal(expected);
  });
});
