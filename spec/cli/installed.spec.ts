import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { call, type Ended, project } from './command.js';

/** A project of a user's, with the package as npm installs it, and everything that it depends on but what is for development. */
describe('handoff, installed in a project', () => {
  let folder: string;
  const handoff = (...args: readonly string[]): Promise<Ended> =>
    call(args, { cwd: folder, bin: join(folder, 'node_modules/handoff-dag/dist/bin/handoff.js') }).ended;

  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'handoff-installed-')));
    const installed = join(folder, 'node_modules/handoff-dag');
    mkdirSync(installed, { recursive: true });
    for (const part of ['dist', 'package.json']) cpSync(join(project, part), join(installed, part), { recursive: true });
    const others = readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.') && name !== 'tsx');
    for (const name of others) symlinkSync(join(project, 'node_modules', name), join(folder, 'node_modules', name));
    const files = {
      'package.json': '{ "name": "of-a-user", "type": "module" }',
      'tasks.js': "export const fail = () => { throw new Error('of mine'); };\nexport const word = () => 'installed';\n",
      'dag.js': `import { Dag, functionsIn } from 'handoff-dag';
const tasks = functionsIn(new URL('./tasks.js', import.meta.url));
export const works = new Dag('works').add({ id: 'word', code: tasks.word });
export const fails = new Dag('fails').add({ id: 'fail', code: tasks.fail, maxRetries: 0 });
`,
      'dag.ts':
        "import { Dag } from 'handoff-dag';\nexport default new Dag('typed' as string).add({ id: 'word', code: (): string => 'typed' });\n",
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('runs modules of the project', async () => {
    expect(await handoff('run', 'dag.js#works', '-q')).to.deep.equal({ code: 0, stdout: 'word: installed\n', stderr: '' });
  });

  it("shows the project's frames only", async () => {
    expect(await handoff('run', 'dag.js#fails', '-q')).to.deep.equal({
      code: 1,
      stdout: '',
      stderr: 'handoff: function "fail" failed after 1 attempt\n  Error: of mine\n    at fail (tasks.js:1:35)\n',
    });
  });

  it('says what TypeScript needs, where neither tsx nor this Node can load it', async () => {
    const { code, stdout, stderr } = await handoff('run', 'dag.ts', '-q');
    if ((process.features as { readonly typescript?: unknown }).typescript) {
      expect({ code, stdout }).to.deep.equal({ code: 0, stdout: 'word: typed\n' });
      return;
    }
    expect(stderr).to.equal(
      'handoff: Cannot load module "dag.ts": it is TypeScript, and this Node needs tsx for it. Install tsx beside it: npm install --save-dev tsx\n',
    );
    expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
  });
});
