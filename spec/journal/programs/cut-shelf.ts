import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import type { ShelfCall } from '../../../lib/journal/remembered/shelf-messages.js';
import { type SqliteBinding, sqliteBindings } from '../../../lib/journal/sqlite/sqlite-connection.js';
import { bytesOf, contentOf } from '../remembered/shelf-place.js';

// Keeps a shelf in the folder that it is given, and kills itself at the given step: a statement, or a call that changes files. Says what was
// remembered as soon as it was, and at the end how many steps there were.
const [path, lastStep] = [process.argv[2]!, Number(process.argv[3])];
let steps = 0;
const say = (line: string): void => void fs.writeSync(1, `${line}\n`);
function step(): void {
  steps += 1;
  if (steps === lastStep) process.kill(process.pid, 'SIGKILL');
}

const counted =
  <Args extends unknown[], T>(work: (...args: Args) => T) =>
  (...args: Args): T => {
    step();
    const done = work(...args);
    step();
    return done;
  };
const files = fs as unknown as Record<string, (...args: unknown[]) => unknown>;
for (const name of ['renameSync', 'rmSync', 'mkdirSync', 'writeFileSync']) files[name] = counted(files[name]!);
syncBuiltinESMExports();
const [binding] = sqliteBindings;
(sqliteBindings as SqliteBinding[])[0] = async (file) => {
  const connection = await binding!(file);
  return { query: counted(connection.query), close: connection.close };
};

const { openShelf } = await import('../../../lib/journal/remembered/opened-shelf.js');
const dataDir = fs.readFileSync(join(path, 'id'), 'utf8').trim();
const SIZE = 2_000;
const { keeper, database } = await openShelf({ path, dataDir, limitBytes: 10 * SIZE }, () => {});
const perform = (call: ShelfCall): void => void keeper.perform([call]);

for (let at = 1; at <= 12; at += 1) {
  // Two of three times in a file, every other of them for another driver too.
  const key = `key ${at}`;
  const held = { packed: bytesOf(SIZE, at) };
  const file = { contentDigest: contentOf(held.packed), sizeBytes: SIZE };
  if (at % 3 !== 0) {
    const beside = join(path, 'remembered', 'new', `${at}`);
    perform({ name: 'reserve', from: { sizeBytes: SIZE } });
    fs.mkdirSync(join(path, 'remembered', 'new'), { recursive: true });
    fs.writeFileSync(beside, held.packed);
    perform({ name: 'place', from: { ...file, beside, isForOther: at % 4 === 0 } });
  }
  const isFile = at % 3 !== 0;
  perform({ name: 'remember', from: { key, digest: key, madeAtMs: at, held: isFile ? { file: { ...file, dataDir } } : held } });
  say(key);
  perform({ name: 'find', from: { key: `key ${at - 2}`, madeSinceMs: 0 } });
  if (at % 5 === 0) {
    perform({ name: 'drop', from: file });
    say(`not ${key}`);
  }
  keeper.writeUses();
}
database.close();
say(`steps ${steps}`);
