import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { DataDir } from '../../../lib/journal/index.js';
import { openShelf } from '../../../lib/journal/remembered/opened-shelf.js';
import { contentPath } from '../../../lib/journal/remembered/shelf-folder.js';
import type { FoundEntry } from '../../../lib/journal/remembered/shelf-messages.js';
import { bytesOf, filesIn } from './shelf-place.js';

const PROGRAM = fileURLToPath(new URL('../programs/cut-shelf.ts', import.meta.url));
const KILLS = 20;
const KEYS = 12;

/** Keeps a shelf in a process that is killed at a step. Returns what it said. */
async function cutAt(folder: string, step: number): Promise<{ readonly lines: string[]; readonly signal: string | null }> {
  (await DataDir.open(folder)).close();
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, folder, `${step}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said, [, signal]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { lines: said.trim().split('\n'), signal };
}

describe('a shelf whose process is killed', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'handoff-cut-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it(`is whole at the next start, whichever of ${KILLS} steps was the last`, async () => {
    const whole = await cutAt(folder, 0);
    const steps = Number(whole.lines.at(-1)!.replace('steps ', ''));
    expect(steps).to.be.above(200);
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await rm(folder, { recursive: true });
      const step = Math.floor((kill * steps) / (KILLS + 1)) + (kill % 5);
      const { lines, signal } = await cutAt(folder, step);
      expect(signal, `step ${step}`).to.equal('SIGKILL');
      await isWhole(`killed at step ${step} of ${steps}`, lines);
    }
  });

  async function isWhole(when: string, lines: readonly string[]): Promise<void> {
    const logged: object[] = [];
    const { id } = await DataDir.open(folder, { isReadOnly: true });
    const { keeper, database } = await openShelf({ path: folder, dataDir: id, limitBytes: 1 << 20 }, (notice) => void logged.push(notice));
    const found: string[] = [];
    const named = new Set<string>();
    for (let at = 1; at <= KEYS; at += 1) {
      const [result] = keeper.perform([{ name: 'find', from: { key: `key ${at}`, madeSinceMs: 0 } }]) as (FoundEntry | undefined)[];
      if (!result) continue;
      found.push(`key ${at}`);
      const { held } = result;
      const path = 'file' in held ? contentPath(folder, held.file.contentDigest) : undefined;
      const bytes = 'packed' in held ? held.packed : await readFile(path!);
      expect(Buffer.compare(bytes, bytesOf(2_000, at)), `${when}: value of ${at}`).to.equal(0);
      if (path !== undefined) named.add(basename(path));
    }
    const last = lines.at(-1) ?? '';
    if (last.startsWith('key ') && Number(last.slice(4)) % 5 !== 0) expect(found, when).to.include(last);
    if (last.startsWith('not ')) expect(found, when).to.not.include(last.slice(4));
    const rows = database.query('SELECT content, bytes, is_for_other FROM files');
    const ofEntries = database.query('SELECT SUM(bytes) AS bytes FROM entries');
    database.close();
    const known = rows.map(({ content }) => Buffer.from(`${content}`, 'base64url').toString('hex'));
    expect(await filesIn(folder), when).to.have.members(known);
    for (const { content, is_for_other } of rows) {
      const name = Buffer.from(`${content}`, 'base64url').toString('hex');
      expect(is_for_other === 1 || named.has(name), `${when}: what needs ${name}`).to.equal(true);
    }
    expect(keeper.stats.bytes, when).to.equal(rows.reduce((sum, row) => sum + Number(row.bytes), Number(ofEntries[0]?.bytes ?? 0)));
    expect(logged, when).to.deep.equal([]);
  }
});
