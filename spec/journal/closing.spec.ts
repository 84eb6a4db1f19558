import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const PROGRAM = fileURLToPath(new URL('./programs/close-at-once.ts', import.meta.url));

describe('a thread of a data folder that is closed while it answers', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'handoff-closing-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  for (const which of ['shelf', 'journal']) {
    it(`keeps the process alive until the ${which} is closed`, async () => {
      const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, folder, which], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
      expect([said, code]).to.deep.equal(['closed\n', 0]);
    });
  }
});
