import { expect } from 'chai';
import { fixture, handoff, project } from './command.js';

describe('handoff run', () => {
  it('prints the results of the sinks on standard output, and what happened on standard error', async () => {
    const { code, stdout, stderr } = await handoff('run', fixture('sums.mjs'));
    expect(stdout).to.equal('report:\ntotal 10\nof five\ncount: { count: 5 }\n');
    const lines = stderr.trimEnd().split('\n');
    expect(lines[0]).to.equal('handoff: running "sums": 4 functions');
    expect(lines.at(-1)).to.match(/^handoff: done in \d+(\.\d)? m?s$/);
    for (const id of ['numbers', 'total', 'report', 'count']) expect(stderr).to.match(new RegExp(`^handoff: ${id} done in `, 'm'));
    expect(code).to.equal(0);
  });

  it('says nothing with -q but the results', async () => {
    expect(await handoff('run', fixture('output.mjs'), '-q', '--json')).to.deep.equal({
      code: 0,
      stdout: '{"loop":{"$type":"undefined"}}\n',
      stderr: '',
    });
    expect(await handoff('run', fixture('sums.mjs'), '--quiet')).to.include({ code: 0, stderr: '' });
  });

  it('says whose output it is, without what would move the cursor, and keeps it from standard output', async () => {
    const { code, stdout, stderr } = await handoff('run', fixture('output.mjs'));
    const lines = stderr.split('\n');
    expect(lines[0]).to.equal('the module is loaded');
    expect(lines).to.include.members(['[thread] one', '[thread] two', '[thread] 20 %', '[loop] heard 3 lines']);
    expect(stdout).to.equal('loop: undefined\n');
    expect(code).to.equal(0);
  });

  it('writes one JSON document with --json, and marks what JSON cannot carry', async () => {
    const { code, stdout } = await handoff('run', fixture('values.mjs'), '--json');
    expect(stdout.indexOf('\n')).to.equal(stdout.length - 1);
    const { values } = JSON.parse(stdout) as { values: Record<string, unknown> };
    expect(values).to.deep.include({
      text: 'täxt',
      nothing: null,
      missing: { $type: 'undefined' },
      big: { $type: 'BigInt', value: '12345678901234567890' },
      date: { $type: 'Date', value: '1970-01-01T00:00:00.000Z' },
      bytes: { $type: 'Uint8Array', value: Buffer.from([1, 2, 255]).toString('base64') },
      around: { name: 'around', list: [1, { $type: 'Reference', value: '/values/around' }] },
    });
    expect(code).to.equal(0);
  });

  it('prints an error that is a result without the frames of the engine', async () => {
    const { stdout } = await handoff('run', fixture('values.mjs'), '-q');
    expect(stdout).to.include(
      "  error: RangeError: too far\n      at code (spec/cli/modules/values.mjs:23:14) {\n    [cause]: 'the wind'\n  },\n",
    );
    expect(stdout).to.include('around: <ref *1>');
    expect(stdout).to.not.include(project);
  });

  it('gives inputs, read as JSON', async () => {
    const ended = await handoff('run', fixture('inputs.mjs'), '-q', '--input', 'rate=1.5', '--input', 'name="a=b"');
    expect(ended).to.deep.equal({ code: 0, stdout: 'price: a=b: 150\n', stderr: '' });
  });

  it('hands its options on', async () => {
    const options = ['--name', 'here', '--cpu', '1', '--memory', '512', '--strategy', 'load-balanced', '--max-retries', '0', '--root', '.'];
    expect(await handoff('run', fixture('sums.mjs'), '--json', '-q', ...options)).to.include({ code: 0, stderr: '' });
    const greedy = await handoff('run', fixture('failing.mjs#greedy'), ...options);
    expect(greedy.stderr).to.equal(
      'handoff: Cannot place function "greedy": needs cpu 1000000, the best node "here" has cpu 1, memory 512 (HANDOFF_ALLOCATION_FAILED)\n',
    );
    expect(greedy.code).to.equal(1);
  });

  it('asks nothing of cost with --local', async () => {
    expect(await handoff('run', fixture('failing.mjs#greedy'), '--local', '-q')).to.deep.equal({
      code: 0,
      stdout: 'greedy: 0\n',
      stderr: '',
    });
  });

  it('runs TypeScript, and a .json file', async () => {
    expect(await handoff('run', fixture('typed.ts'), '-q')).to.deep.equal({ code: 0, stdout: 'shout: TYPED!\n', stderr: '' });
    expect(await handoff('run', fixture('sums.json'), '-q')).to.deep.equal({ code: 0, stdout: 'total: 6\n', stderr: '' });
  });

  it('ends when the run has, whatever the module left open', async () => {
    expect(await handoff('run', fixture('waiting.mjs#open'), '-q')).to.deep.equal({ code: 0, stdout: 'open: undefined\n', stderr: '' });
  });
});
