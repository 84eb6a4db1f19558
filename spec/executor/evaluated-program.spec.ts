import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

const LIB = new URL('../../lib/index.ts', import.meta.url).href;
const TASKS = new URL('./modules/tasks.ts', import.meta.url).href;

const program = `
import { Dag, functionsIn, Handoff } from ${JSON.stringify(LIB)};
const { list } = functionsIn(${JSON.stringify(TASKS)});
const handoff = await Handoff.start({ threads: 1, root: ${JSON.stringify(fileURLToPath(new URL('.', import.meta.url)))} });
const dag = Dag.dynamic();
for (const isolation of ['thread', 'process', 'loop']) dag.add({ id: isolation, code: list, extraArgs: [isolation], isolation, maxRetries: 0 });
console.log(JSON.stringify((await handoff.execute(dag)).results));
await handoff.stop();
`;

describe('a program that Node is given as text', function () {
  this.timeout(120_000);

  it('runs functions in every isolation', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program]);
    expect(JSON.parse(stdout)).to.deep.equal({ thread: ['thread'], process: ['process'], loop: ['loop'] });
  });
});
