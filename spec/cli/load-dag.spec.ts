import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import pc from 'picocolors';
import { loadDag } from '../../bin/dag/load-dag.js';
import { UsageError } from '../../bin/exit-codes.js';
import { errorReport, exitCodeOf } from '../../bin/report/error-report.js';
import { caught } from '../support/caught.js';
import { fixture } from './command.js';

const idOf = async (module: string): Promise<string> => (await loadDag(module)).id;
const refusal = async (module: string): Promise<string> => {
  const error = await caught(loadDag(module));
  expect(error).to.be.instanceOf(UsageError);
  return (error as Error).message;
};

describe('the DAG of a module', () => {
  it('is its default export: a Dag, or a function that returns one, at once or later', async () => {
    expect(await idOf(fixture('sums.mjs'))).to.equal('sums');
    expect(await idOf(fixture('common.cjs'))).to.equal('common');
    expect(await idOf(fixture('typed.ts'))).to.equal('typed');
  });

  it('is else the only Dag that it exports', async () => {
    expect(await idOf(fixture('only-one.mjs'))).to.equal('only');
  });

  it('is the export that is named, by path or file: URL', async () => {
    expect(await idOf(fixture('exports.mjs#second'))).to.equal('second');
    expect(await idOf(fixture('exports.mjs#later'))).to.equal('later');
    expect(await idOf(`${pathToFileURL(fixture('exports.mjs')).href}#first`)).to.equal('first');
    expect(await idOf(pathToFileURL(fixture('sums.mjs')).href)).to.equal('sums');
  });

  it('is read from a .json file', async () => {
    expect(await idOf(fixture('sums.json'))).to.equal('sums-from-json');
  });

  it('is refused with words whatever its module throws and returns, and that can be reported', async () => {
    const names = [
      'throwsProxy',
      'throwsUnreadable',
      'throwsMany',
      'throwsNothing',
      'returnsProxy',
      'returnsUnreadable',
      'rejected',
      'thenable',
    ];
    for (const name of names) {
      const error = await caught(loadDag(fixture(`hostile.mjs#${name}`)));
      expect(error, name).to.be.instanceOf(UsageError);
      const report = errorReport(error, pc.createColors(false));
      expect(report, name).to.match(
        /^handoff: Cannot load a DAG from module "spec\/cli\/modules\/hostile.mjs": its export "\w+" (failed|returned|is)/,
      );
      expect(report.split('\n').length, name).to.be.below(120);
      expect(exitCodeOf(error), name).to.equal(2);
      if (name === 'throwsNothing') expect(report).to.match(/ {2}thrown: undefined\n$/);
    }
  });

  it('has to be named where there are several', async () => {
    expect(await refusal(fixture('exports.mjs'))).to.equal(
      'Cannot load a DAG from module "spec/cli/modules/exports.mjs": it exports "first", "second": say which, as in spec/cli/modules/exports.mjs#first',
    );
    expect(await refusal(fixture('failing.mjs'))).to.match(/: it exports "flaky", .*"parse", .*: say which/);
  });

  it('has to be there', async () => {
    expect(await refusal(fixture('exports.mjs#third'))).to.match(/: it has no export "third", only "first", "helper", "later", "second"$/);
    expect(await refusal(fixture('exports.mjs#'))).to.match(/: nothing follows the #, which names an export$/);
    expect(await refusal(fixture('nowhere.mjs#third'))).to.equal(
      'Cannot load module "spec/cli/modules/nowhere.mjs": there is no such file',
    );
    expect(await refusal('spec/cli/modules')).to.equal('Cannot load module "spec/cli/modules": it is not a file');
    expect(await refusal(fixture('no-dag.mjs'))).to.match(/: it exports no Dag and no function, only "answer", "question"$/);
    expect(await refusal(fixture('sums.json#total'))).to.match(/: a \.json file has no exports$/);
  });

  it('has to be a Dag', async () => {
    expect(await refusal(fixture('no-dag.mjs#answer'))).to.match(
      /: its export "answer" is a number, not a Dag or a function that returns one$/,
    );
    expect(await refusal(fixture('invalid.mjs#nothing'))).to.match(/: its export "nothing" returned undefined, not a Dag$/);
    expect(await refusal('package.json')).to.match(/: it is no DAG that dag\.toJSON\(\) wrote$/);
  });
});
