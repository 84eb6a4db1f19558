import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { UsageError } from '../support/tool.js';
import { compareRuns, type MeasuredRow, type RowChange } from './comparison.js';
import { gathered } from './processes.js';
import { differencesOf, madeHere, readRun } from './saved-run.js';

describe('two runs of the benchmarks, compared', () => {
  const row = (ratios: readonly number[], target: string | undefined = 'at least 1'): MeasuredRow => ({
    what: 'a',
    ratios,
    ...(target !== undefined && { target }),
  });
  const verdict = (before: MeasuredRow, after: MeasuredRow): RowChange['verdict'] =>
    compareRuns({ b: [before] }, { b: [after] })[0]!.verdict;

  it('are the same while a sample of one lies within the range of the other', () => {
    expect(verdict(row([1, 1.1, 1.2]), row([1.19, 1.5, 1.6]))).to.equal('same');
    expect(verdict(row([1, 1.1, 1.2]), row([1.21, 1.5, 1.6]))).to.equal('better');
  });

  it('are the same if the medians differ by 5 % at most, however quiet the machine was', () => {
    expect(verdict(row([1, 1, 1]), row([1.049, 1.049, 1.049]))).to.equal('same');
    expect(verdict(row([1, 1, 1]), row([1.06, 1.06, 1.06]))).to.equal('better');
  });

  it('are better or worse as the target says, and only changed without one', () => {
    expect(verdict(row([1, 1, 1]), row([0.8, 0.8, 0.8]))).to.equal('worse');
    expect(verdict(row([1, 1, 1], 'at most 1.3'), row([0.8, 0.8, 0.8], 'at most 1.3'))).to.equal('better');
    expect(verdict(row([1, 1, 1]), { what: 'a', ratios: [0.8, 0.8, 0.8] })).to.equal('changed');
  });

  it('are not judged by fewer than three samples', () => {
    expect(verdict(row([1, 1]), row([2, 2, 2]))).to.equal('too few');
  });

  it('name rows that one of them lacks, but no benchmark that was not run', () => {
    const changes = compareRuns({ b: [row([1])], other: [row([1])] }, { b: [{ what: 'n', ratios: [2] }] });
    expect(changes).to.deep.equal([
      { row: 'b: n', verdict: 'new', text: '2.00' },
      { row: 'b: a', verdict: 'missing', text: '1.00' },
    ]);
  });

  it('tell both medians and ranges', () => {
    expect(compareRuns({ b: [row([1, 1.1, 1.2])] }, { b: [row([2, 2.2, 2.4])] })[0]!.text).to.equal(
      '1.10 (1.00 to 1.20) to 2.20 (2.00 to 2.40): +100 %',
    );
  });

  it('are made of the rows with a ratio; a figure beside two floors is two of them', () => {
    const run = (ratio: number) => [
      { what: 'a', figure: '', ratio, cold: ratio / 2, target: 'at least 1' },
      { what: 'a', figure: '', ratio: 10 * ratio },
      { what: 'no ratio', figure: '' },
    ];
    expect(gathered([run(1), run(2)])).to.deep.equal([
      { what: 'a', ratios: [1, 2], cold: [0.5, 1], target: 'at least 1' },
      { what: 'a, once more', ratios: [10, 20] },
    ]);
  });
});

describe('a saved run of the benchmarks', () => {
  let folder: string;
  const file = (text: string): string => {
    const path = join(folder, 'run.json');
    writeFileSync(path, text);
    return path;
  };
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'handoff-bench-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const made = () => madeHere({ isShort: true, isBusy: false, rows: { b: [{ what: 'a', ratios: [1] }] } });

  it('is read as it was written', () => {
    expect(readRun(file(JSON.stringify(made())))).to.deep.equal(made());
  });

  it('says in what it was not measured alike', () => {
    expect(differencesOf({ ...made(), node: 'v1' }, { ...made(), isBusy: true })).to.deep.equal([
      `node: v1 before, ${process.version} now`,
      'isBusy: false before, true now',
    ]);
  });

  it('is refused if it is none, or of another form', () => {
    const refused = (text: string, why: RegExp): void => {
      expect(() => readRun(file(text)), text)
        .to.throw(UsageError)
        .with.property('message')
        .that.matches(why);
    };
    for (const text of ['null', '[]', '{}', '"text"', '{"format":1}', '{"format":1,"rows":{"b":[{"what":"a","ratios":["1"]}]}}'])
      refused(text, /^Cannot compare with .*run\.json: no run was saved there$/);
    refused('{"format":', /^Cannot compare with .*run\.json: .*JSON/);
    refused(JSON.stringify({ ...made(), format: 2 }), /: it has format 2, this commit reads 1$/);
    expect(() => readRun(join(folder, 'none.json'))).to.throw(UsageError, 'ENOENT');
  });

  it('is refused before anything is measured, with exit code 2 and the usage', () => {
    const suite = fileURLToPath(new URL('./index.ts', import.meta.url));
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', suite, '--against', file('{}')], {
      encoding: 'utf8',
    });
    expect({ status, stdout }).to.deep.equal({ status: 2, stdout: '' });
    expect(stderr).to.match(/no run was saved there\nnpm run bench -- /);
  });
});
