import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { call, fixture, handoff, project } from './command.js';

describe('handoff, called', () => {
  it('for its version or help, answers on standard output', async () => {
    const { version } = JSON.parse(readFileSync(`${project}/package.json`, 'utf8')) as { version: string };
    expect(await handoff('--version')).to.deep.equal({ code: 0, stdout: `${version}\n`, stderr: '' });
    const help = await handoff('--help');
    expect(help).to.include({ code: 0, stderr: '' });
    for (const part of ['run', 'graph', 'validate', 'node', 'status', 'Exit codes:']) expect(help.stdout).to.include(part);
  });

  const sums = fixture('sums.mjs');
  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['without a command', [], /^Usage: handoff/],
    ['with a command that there is not', ['rum'], /^handoff: unknown command 'rum'\n\(Did you mean run\?\)\nTry "handoff --help"\.\n$/],
    ['without a module', ['run'], /^handoff: missing required argument 'module'\nTry "handoff run --help"\.\n$/],
    ['with one thing too many', ['validate', sums, sums], /^handoff: too many arguments/],
    ['with an unknown option', ['run', sums, '--joint', 'ws://there'], /^handoff: unknown option '--joint'/],
    ['with a URL that is none', ['run', sums, '--join', 'there:1'], /"there:1" is not of the form ws:\/\/host:port\./],
    ['with a resource without a number', ['node', '--resource', 'gpu'], /It must be of the form name=n, as in gpu=1\./],
    ['with a resource that has its own option', ['node', '--resource', 'cpu=1'], /"cpu" has an option of its own, --cpu\./],
    ['with a resource given twice', ['node', '--resource', 'gpu=1', '--resource', 'gpu=2'], /Resource "gpu" is given twice\./],
    [
      'with a cookie file that there is not',
      ['node', '--cookie-file', 'no-such'],
      /^handoff: --cookie-file: Cannot read "no-such": there is no such file/,
    ],
    ['with a certificate and no key', ['node', '--tls-cert', 'package.json'], /^handoff: TLS needs --tls-cert and --tls-key\n$/],
    [
      'with an address beyond this machine and no cookie',
      ['node', '--listen', '0.0.0.0:0'],
      /^handoff: Cannot listen at "0\.0\.0\.0:0": .*give a cookie/,
    ],
    ['with an address that is none', ['node', '--listen', 'here'], /^handoff: Cannot start: listen must be host:port/],
    [
      'with a port that there is not',
      ['node', '--join', 'ws://there:99999'],
      /^handoff: Cannot start: join must be .*"ws:\/\/there:99999" is not one\n$/,
    ],
    [
      'with a password in a URL',
      ['status', '--join', 'ws://me:secret@there:1'],
      /^handoff: Cannot show the status: join must be a list of URLs without user, password/,
    ],
    ['with nobody to look at', ['status'], /^handoff: Cannot show the status: give the URL of a member with --join or HANDOFF_JOIN\n$/],
    [
      'with cpu that is no number',
      ['run', sums, '--cpu', 'two'],
      /'--cpu <n>' argument 'two' is invalid\. It must be a number, at least 0\./,
    ],
    ['with less memory than none', ['run', sums, '--memory', '-1'], /'--memory <MiB>' argument '-1' is invalid\./],
    [
      'with half a retry',
      ['run', sums, '--max-retries', '0.5'],
      /'--max-retries <n>' argument '0\.5' is invalid\. It must be a whole number\./,
    ],
    ['with an empty name', ['run', sums, '--name', ''], /'--name <n>' argument '' is invalid\. It must not be empty\./],
    [
      'with a strategy that there is not',
      ['run', sums, '--strategy', 'best'],
      /--strategy must be one of first-available, load-balanced, near-data, not "/,
    ],
    ['with a format that there is not', ['graph', sums, '--format', 'png'], /Allowed choices are mermaid, dot\./],
    ['with an input that has no value', ['run', sums, '--input', 'rate'], /It must be of the form id=json, as in rate=1\.2\./],
    [
      'with an input that is no JSON',
      ['run', sums, '--input', 'day=monday'],
      /is invalid\. .*JSON\. Text needs its quotes: 'day="text"'\./,
    ],
    ['with an input given twice', ['run', sums, '--input', 'a=1', '--input', 'a=2'], /Input "a" is given twice\./],
    [
      'with an input that the DAG does not have',
      ['run', sums, '--input', 'a=1'],
      /^handoff: Cannot run: inputs has "a", which is no input of the DAG\n$/,
    ],
    ['with a root that is no folder', ['run', sums, '--root', 'package.json'], /^handoff: Cannot run: root must be the path of a folder/],
    ['with a module that there is not', ['run', 'nowhere.mjs'], /^handoff: Cannot load module "nowhere\.mjs": there is no such file\n$/],
    [
      'with a module that throws',
      ['run', fixture('throws.mjs')],
      /^handoff: Cannot load a DAG from module "spec\/cli\/modules\/throws\.mjs": it failed to load\n {2}Error: the module is broken\n {4}at spec\/cli\/modules\/throws\.mjs:1:7\n$/,
    ],
    [
      'with an export that throws',
      ['graph', fixture('invalid.mjs#broken')],
      /its export "broken" failed\n {2}Error: no network here\n {4}at broken \(spec\/cli\/modules\/invalid\.mjs:\d+:\d+\)\n$/,
    ],
  ];
  for (const [how, args, says] of wrong) {
    it(`${how}, exits 2 and says what is wrong`, async () => {
      const { code, stdout, stderr } = await handoff(...args);
      expect(stderr).to.match(says);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
    });
  }

  it('with an invalid DAG, or without its inputs, exits 2 and lists every fault before anything runs', async () => {
    const faulty = await handoff('run', fixture('invalid.mjs'));
    expect(faulty.stderr.split('\n')).to.have.lengthOf(5);
    expect(faulty.stderr).to.match(
      /^handoff: DAG "faulty" is invalid: 3 faults\n {2}missing-function {2}.*\n {2}invalid-cost {6}.*\n {2}cycle {13}.*\n$/,
    );
    const twice = await handoff('run', fixture('invalid.mjs#twice'));
    expect(twice.stderr).to.match(/^handoff: DAG "twice" is invalid: 1 fault\n {2}invalid-option {2}Cannot add function "one"/);
    const inputs = await handoff('run', fixture('inputs.mjs'), '--input', 'rate=1');
    expect(inputs.stderr).to.match(/^handoff: DAG "inputs" is invalid: 1 fault\n {2}missing-input {2}.*"name"/);
    for (const { code, stdout } of [faulty, twice, inputs]) expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
  });

  it('finds modules from where it is called', async () => {
    const ended = await call(['validate', 'sums.mjs'], { cwd: `${project}/spec/cli/modules` }).ended;
    expect(ended).to.deep.equal({ code: 0, stdout: 'DAG "sums" is valid: 4 functions\n', stderr: '' });
  });
});
