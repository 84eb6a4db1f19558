import { expect } from 'chai';
import { fixture, handoff, project } from './command.js';

const failing = (name: string, ...options: readonly string[]) => handoff('run', fixture(`failing.mjs#${name}`), '-q', ...options);

const PARSE = `  RangeError: row 3 cannot be parsed
    at parse (spec/cli/modules/tasks.mjs:11:11)
    caused by
      TypeError: a letter where a digit should be
        at readRow (spec/cli/modules/tasks.mjs:16:23)
        at parse (spec/cli/modules/tasks.mjs:9:12)
        column: 5
`;

describe('a run that fails', () => {
  it('says which function, after how many attempts, and shows its own stack, and that of causes, without the frames of the engine', async () => {
    expect(await failing('parse')).to.deep.equal({
      code: 1,
      stdout: '',
      stderr: `handoff: function "row" failed after 3 attempts\n${PARSE}`,
    });
  });

  it('tells each attempt while it runs', async () => {
    const { code, stderr } = await handoff('run', fixture('failing.mjs#parse'));
    expect(stderr).to.match(/^handoff: row failed on attempt 1, tried again in \d+ ms: row 3 cannot be parsed$/m);
    expect(stderr).to.match(/^handoff: row failed on attempt 2, tried again in /m);
    expect(stderr).to.match(/^handoff: row failed on attempt 3$/m);
    expect(stderr.endsWith(PARSE)).to.equal(true);
    expect(code).to.equal(1);
  });

  it('tells every failure with --on-failure continue, and prints what was done', async () => {
    const { code, stdout, stderr } = await failing('several', '--on-failure', 'continue');
    expect(stdout).to.equal('apart: done even so\n');
    expect(stderr.split('\n')[0]).to.equal('handoff: 2 functions failed');
    expect(stderr).to.include(`handoff: function "row" failed after 2 attempts\n${PARSE}`);
    expect(stderr).to.include(
      'handoff: function "disk" failed after 1 attempt\n  NonRetryableError: the disk is gone\n    at failForGood (spec/cli/modules/tasks.mjs:20:9)\n',
    );
    expect(code).to.equal(1);
  });

  it('shows what was thrown if it was no error', async () => {
    expect(await failing('text')).to.include({
      code: 1,
      stderr: 'handoff: function "text" failed after 1 attempt\n  thrown: \'only text\'\n',
    });
  });

  it('says what the engine ended it for', async () => {
    const slow = await failing('slow');
    expect(slow.stderr).to.equal(
      'handoff: function "slow" failed after 1 attempt\n  HANDOFF_FUNCTION_TIMEOUT: Function "slow" timed out: it took longer than 20 ms\n',
    );
    expect(slow.code).to.equal(1);
    const inline = await failing('inline');
    expect(inline.stderr).to.match(
      /^handoff: function "consumer" failed after 1 attempt\n {2}HANDOFF_FUNCTION_FAILED: Inline function "row" failed/,
    );
    expect(inline.stderr).to.include('      RangeError: row 1 cannot be parsed\n        at parse (spec/cli/modules/tasks.mjs:11:11)\n');
  });

  it('says that a function is not there, and what to do if its module lies outside of root', async () => {
    expect((await failing('lost')).stderr).to.match(/HANDOFF_CODE_NOT_FOUND: .*it has no export "nowhere"/);
    const outside = await failing('outside');
    expect(outside.stderr).to.match(
      /HANDOFF_CODE_NOT_FOUND: .*it lies outside root\n {2}Give the folder that holds the modules: --root <dir>\n$/,
    );
    expect(outside.code).to.equal(1);
  });

  it('succeeds if a later attempt does', async () => {
    const { code, stdout, stderr } = await handoff('run', fixture('failing.mjs#flaky'));
    expect(stdout).to.equal('flaky: 2\n');
    expect(stderr).to.match(/^handoff: flaky failed on attempt 1, tried again in \d+ ms: not on attempt 1$/m);
    expect(code).to.equal(0);
  });

  it('tells an error that comes from no function', async () => {
    const { code, stderr } = await handoff('run', fixture('waiting.mjs#outside'), '-q');
    expect(stderr).to.match(
      /^handoff: an error outside of any function\n {2}Error: thrown by a callback\n {4}at .*\(spec\/cli\/modules\/waiting\.mjs:\d+:\d+\)\n$/,
    );
    expect(stderr).to.not.include(project);
    expect(code).to.equal(1);
  });
});
