import { expect } from 'chai';
import { fixture, handoff } from './command.js';
import { NodeProcesses } from './nodes.js';

const own = fixture('extensions.mjs');
const sums = fixture('sums.mjs');

describe('handoff --extensions', () => {
  const nodes = new NodeProcesses();
  afterEach(() => nodes.endAll());

  it('gives a run strategies to name, and its node a store backend', async () => {
    const { code, stdout, stderr } = await handoff('run', sums, '--extensions', own, '--strategy', 'loud');
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: (await handoff('run', sums)).stdout });
    expect(stderr).to.include('placed ').and.to.include('opened a shelf');
  });

  it('gives a run isolations to name', async () => {
    const { code, stdout, stderr } = await handoff('run', fixture('place.mjs'), '--json', '--extensions', own, '--isolation', 'aside');
    expect({ code, stdout: JSON.parse(stdout) }).to.deep.equal({ code: 0, stdout: { where: 'loop' } });
    expect(stderr).to.include('aside: where');
    const refused = await handoff('run', fixture('place.mjs'), '--extensions', own, '--isolation', 'nowhere');
    expect(refused.code).to.equal(2);
    expect(refused.stderr).to.include("isolation must be one of 'thread', 'loop', 'process', 'aside', not nowhere");
  });

  it('gives a node a store backend, and is part of the command that joins another', async () => {
    const node = await nodes.start(['--extensions', own]);
    expect(node.joinCommand).to.equal(`handoff node --join ${node.url} --extensions ${own}`);
  });

  for (const [what, args, why] of [
    ['a strategy that nobody gives', ['--extensions', own, '--strategy', 'quiet'], /near-data, loud, not "quiet"/],
    ['a module that there is not', ['--extensions', 'nowhere.mjs'], /Cannot load module "nowhere\.mjs": there is no such file/],
    [
      'a module without any',
      ['--extensions', sums],
      /Cannot load extensions from module ".*": it exports none of strategies, isolations, storeBackend/,
    ],
    ['a module that throws', ['--extensions', fixture('throws.mjs')], /Cannot load extensions from module ".*": it failed to load/],
    ['a module that never settles', ['--extensions', fixture('awaits-forever.mjs')], /Cannot load extensions from .*: it never settles/],
    ['an export of it', ['--extensions', `${own}#strategies`], /its exports are taken by their names/],
  ] as const) {
    it(`refuses ${what}, with exit code 2`, async () => {
      const { code, stderr } = await handoff('run', sums, ...args);
      expect(code).to.equal(2);
      expect(stderr).to.match(why);
    });
  }
});
