import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { ERROR_CODES } from '../../lib/index.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(`${project}/${file}`, 'utf8');

describe('what the project says of itself', () => {
  it('explains every error code in the README, and no other', () => {
    const table = [...read('README.md').matchAll(/^\| `(HANDOFF_[A-Z_]+)` \|/gm)].map((match) => match[1]);
    expect(table).to.have.members([...ERROR_CODES]);
  });

  it('keeps the README under 400 lines', () => {
    expect(read('README.md').split('\n').length).to.be.at.most(400);
  });

  it('records no download address in the lockfile', () => {
    expect(read('package-lock.json')).to.not.include('"resolved"');
  });

  it('needs no package that is not declared', () => {
    const { dependencies, peerDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
    const used = execFileSync('git', ['grep', '-hoE', "from '[^./][^']*'", '--', 'lib', 'bin'], { cwd: project, encoding: 'utf8' });
    for (const [, name] of used.matchAll(/from '((?:@[^/']+\/)?[^/':]+)/g)) {
      if (name === 'node' || name === 'handoff-dag') continue;
      expect({ ...dependencies, ...peerDependencies }, name).to.have.property(name!);
    }
  });
});
