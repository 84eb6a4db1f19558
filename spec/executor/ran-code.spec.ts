import { mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { RanCode, SharedLooks } from '../../lib/executor/index.js';

describe('the code that has run on a node', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'handoff-ran-')));
  after(() => rmSync(folder, { recursive: true }));
  let root = folder;
  let projects = 0;
  beforeEach(() => {
    projects += 1;
    root = join(folder, `p${projects}`);
    mkdirSync(root);
    write('package.json', '{ "type": "module" }');
    write('main.js', "import './help.js';");
    write('help.js', '');
    write('other.js', "import './help.js';");
    write('alone.js', '');
  });
  const write = (name: string, text: string): void => writeFileSync(join(root, name), text);
  /** Changes a file at a time that is later than now, however coarse the clock of the files is. */
  const change = (name: string): void => {
    const latestMs = Date.now() + 2;
    do write(name, '// changed');
    while (statSync(join(root, name)).ctimeMs <= latestMs);
  };
  const open = (): RanCode => new RanCode({ root, node: 'a' });
  const digestOf = async (code: RanCode, module = './main.js'): Promise<string> => (await code.contents.contentOf(module)).digest;

  it('is its content, as long as no file of it is changed', async () => {
    const code = open();
    const digest = await digestOf(code);
    code.used('./main.js');
    const claim = { module: './main.js', digest };
    expect(await code.isStill([claim])).to.equal(true);
    expect(await code.isStill([claim, { module: './alone.js', digest: await digestOf(code, './alone.js') }])).to.equal(true);
    expect(await code.isStill([])).to.equal(true);
    expect(await code.isStill([{ module: './main.js', digest: await digestOf(code, './alone.js') }])).to.equal(false);
    expect(await code.isStill([{ module: './none.js', digest }])).to.equal(false);
    expect(await code.isStill([claim, { module: './none.js', digest }])).to.equal(false);
    write('alone.js', 'changed');
    expect(await code.isStill([claim])).to.equal(true);
  });

  for (const [how, act] of Object.entries({
    'is changed': () => write('help.js', '// changed'),
    'is written anew with the same text': () => {
      const text = readFileSync(join(root, 'help.js'));
      writeFileSync(join(root, 'help.js.new'), text);
      renameSync(join(root, 'help.js.new'), join(root, 'help.js'));
    },
    'is gone': () => rmSync(join(root, 'help.js')),
  })) {
    it(`is not certain any more once a file of it ${how}`, async () => {
      const code = open();
      const claim = { module: './main.js', digest: await digestOf(code) };
      expect(await code.isStill([claim])).to.equal(true);
      act();
      expect(await code.isStill([claim])).to.equal(false);
    });
  }

  it('is not certain if a file was changed after the module was used, and before its content was read', async () => {
    const code = open();
    code.used('./main.js');
    change('help.js');
    expect(await code.isStill([{ module: './main.js', digest: await digestOf(code) }])).to.equal(false);
    // Another process has loaded what is there now.
    const later = open();
    later.used('./main.js');
    expect(await later.isStill([{ module: './main.js', digest: await digestOf(later) }])).to.equal(true);
  });

  it('is not certain if a file was changed after another module was used that imports it; others do not count', async () => {
    for (const [used, isCertain] of [
      ['./other.js', false],
      ['./alone.js', true],
      ['./none.js', true],
    ] as const) {
      const code = open();
      code.used(used);
      change('help.js');
      code.used('./main.js');
      expect(await code.isStill([{ module: './main.js', digest: await digestOf(code) }]), used).to.equal(isCertain);
    }
  });

  it('counts the first use of a module, however often others came between', async () => {
    const code = open();
    code.used('./main.js');
    change('help.js');
    for (const module of ['./alone.js', './main.js', './alone.js', './main.js']) code.used(module);
    expect(await code.isStill([{ module: './main.js', digest: await digestOf(code) }])).to.equal(false);
  });
});

describe('shared looks', () => {
  /** Looks that end when they are told to. */
  function openLooks() {
    const looks = new SharedLooks<number>();
    const ends: { resolve: (value: number) => void; reject: (error: Error) => void }[] = [];
    const take = (): Promise<number> => new Promise((resolve, reject) => void ends.push({ resolve, reject }));
    return { ends, look: (name = 'a') => looks.look(name, take) };
  }
  const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

  it('begin after they were asked for: who asks during one gets the next, and shares it', async () => {
    const { ends, look } = openLooks();
    const first = look();
    const [second, third] = [look(), look()];
    expect(ends.length).to.equal(1);
    ends[0]!.resolve(1);
    expect(await first).to.equal(1);
    await turn();
    expect(ends.length).to.equal(2);
    const fourth = look();
    ends[1]!.resolve(2);
    expect(await Promise.all([second, third])).to.deep.equal([2, 2]);
    await turn();
    ends[2]!.resolve(3);
    expect(await fourth).to.equal(3);
    await turn();
    const fifth = look();
    expect(ends.length).to.equal(4);
    ends[3]!.resolve(4);
    expect(await fifth).to.equal(4);
  });

  it('of different names do not wait for each other', () => {
    const { ends, look } = openLooks();
    void look('a');
    void look('b');
    expect(ends.length).to.equal(2);
  });

  it('reject for all that share them, and the next is not affected', async () => {
    const { ends, look } = openLooks();
    const first = look().catch(() => 'failed');
    const next = [look(), look()].map((one) => one.catch(() => 'failed'));
    ends[0]!.reject(new Error('no'));
    expect(await first).to.equal('failed');
    await turn();
    ends[1]!.reject(new Error('no'));
    expect(await Promise.all(next)).to.deep.equal(['failed', 'failed']);
    await turn();
    const last = look();
    ends[2]!.resolve(1);
    expect(await last).to.equal(1);
  });
});
