import { expect } from 'chai';
import { call, fixture, handoff } from './command.js';
import { NodeProcesses } from './nodes.js';

const WAYS = ['timer', 'immediate', 'tick', 'microtask', 'rejection', 'later', 'event'];

describe('an error that a loop function leaves to nobody', function () {
  this.timeout(160_000);
  const nodes = new NodeProcesses();
  afterEach(() => nodes.endAll());

  it('is the failure of the attempt if it still runs, and the node lives', async () => {
    const worker = await nodes.start(['--name', 'worker', '--resource', 'gpu=100']);
    const args = ['--join', worker.url, '--cpu', '0', '--max-retries', '0', '--on-failure', 'continue'];
    const { code, stderr } = await handoff('run', fixture('strays.mjs#running'), ...args);
    expect(code).to.equal(1);
    for (const way of WAYS) expect(stderr).to.contain(`left behind: ${way}`);
    worker.child.kill('SIGTERM');
    expect((await worker.ended).code).to.equal(0);
  });

  it('is logged as the function’s if its attempt is over, and the node lives', async () => {
    const worker = await nodes.start(['--name', 'worker', '--resource', 'gpu=100']);
    const run = call(['run', fixture('strays.mjs#over'), '--join', worker.url, '--cpu', '0', '--max-retries', '0']);
    const { code, stdout, stderr } = await run.ended;
    expect(code).to.equal(0);
    expect(stdout).to.contain('rest: rested');
    // Told to the driver while the run lasts, to the node's own log after.
    worker.child.kill('SIGTERM');
    const ended = await worker.ended;
    expect(ended.code).to.equal(0);
    const told = stderr + ended.stderr;
    for (const way of WAYS) expect(told).to.match(new RegExp(`${way}\\b.*after the attempt had ended: left behind: ${way}`));
  });

  it('is the failure of the attempt of `handoff run` too', async () => {
    const { code, stderr } = await handoff('run', fixture('strays.mjs#running'), '--resource', 'gpu=100', '--max-retries', '0');
    expect(code).to.equal(1);
    expect(stderr).to.match(/function "\w+" failed after 1 attempt\n {2}RangeError: left behind: /);
  });
});
