import { existsSync } from 'node:fs';
import { mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { FileThread } from '../../lib/files/file-thread.js';
import { FileBytes, type FilePlace, type FileStamp, fileThread } from '../../lib/files/index.js';
import { isJoined, sharedBytes, someBytes } from '../support/bytes.js';
import { caught } from '../support/caught.js';
import { smallDisk } from '../support/small-disk.js';

const MIB = 1 << 20;

describe('the thread for files', () => {
  let base: string;
  let path: string;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'handoff-files-'));
    path = join(base, 'value');
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  const placeOf = (stamp: FileStamp, at?: number): FilePlace => ({ path, at, ...stamp });

  async function flip(at: number): Promise<void> {
    const file = await open(path, 'r+');
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
    await file.write(Uint8Array.of(buffer[0]! ^ 1), 0, 1, at);
    await file.close();
  }

  async function allOf(bytes: FileBytes, most: number): Promise<Uint8Array> {
    const reader = bytes.reader();
    const chunks: Uint8Array[] = [];
    for (;;) {
      const chunk = await reader.read(most);
      if (chunk.length === 0) break;
      expect(chunk.length).to.be.at.most(most);
      chunks.push(chunk);
    }
    reader.close();
    return Buffer.concat(chunks);
  }

  const someParts: Readonly<Record<string, readonly Uint8Array[]>> = {
    'no part': [],
    'an empty part': [new Uint8Array()],
    'one small part': [someBytes(70)],
    'a part of a pool': [Buffer.from('pooled')],
    'shared memory': [sharedBytes(6 * MIB + 3)],
    'memory of this thread': [someBytes(3 * MIB + 7)],
    'parts of both, small and large': [
      someBytes(9),
      sharedBytes(20_000, 2),
      someBytes(MIB, 3),
      sharedBytes(100, 4),
      sharedBytes(5 * MIB, 5).subarray(3),
      someBytes(2 * MIB, 6),
    ],
  };

  for (const kind of ['blocks', 'sha256'] as const) {
    for (const [what, parts] of Object.entries(someParts)) {
      it(`writes ${what} as they are, and reads them in whichever way; checked by ${kind}`, async () => {
        const stamp = await fileThread.write(path, parts, { kind, isSynced: kind === 'sha256' });
        expect(stamp.sizeBytes).to.equal(parts.reduce((sum, { length }) => sum + length, 0));
        expect(isJoined(await readFile(path), parts)).to.equal(true);
        expect((await stat(path)).mode & 0o777).to.equal(0o600);
        const bytes = new FileBytes(placeOf(stamp));
        const read = await bytes.read();
        expect(isJoined(read, parts)).to.equal(true);
        expect(read.buffer instanceof SharedArrayBuffer).to.equal(stamp.sizeBytes >= 16 * 1024);
        expect(isJoined(bytes.readNow(), parts)).to.equal(true);
        expect(isJoined(await allOf(bytes, 700_001), parts)).to.equal(true);
      });

      it(`notices one changed byte of ${what}, wherever it is; checked by ${kind}`, async () => {
        const stamp = await fileThread.write(path, parts, { kind });
        for (const at of [0, stamp.sizeBytes >> 1, stamp.sizeBytes - 1].filter((place) => place >= 0 && place < stamp.sizeBytes)) {
          await flip(at);
          const losses: string[] = [];
          const bytes = new FileBytes(placeOf(stamp), (loss) => losses.push(loss));
          for (const read of [() => bytes.read(), async () => bytes.readNow(), () => allOf(bytes, 700_001)]) {
            expect(await caught(read())).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'damaged' });
          }
          expect(losses).to.deep.equal(['damaged', 'damaged', 'damaged']);
          await flip(at);
        }
      });
    }
  }

  it('refuses to write over a file, and leaves that as it was', async () => {
    await writeFile(path, 'mine');
    expect(await caught(fileThread.write(path, [someBytes(10)], { kind: 'blocks' }))).to.include({ reason: 'not-writable' });
    expect(await readFile(path, 'utf8')).to.equal('mine');
  });

  it('puts several values into one file, each checked alone', async () => {
    const parts = [someBytes(3_000, 1), sharedBytes(70_000, 2), someBytes(10, 3)];
    let at = 0;
    const places: FilePlace[] = [];
    for (const part of parts) {
      places.push(placeOf(await fileThread.write(path, [part], { kind: 'blocks', at }), at));
      at += part.length;
    }
    fileThread.endFile(path);
    await flip(3_005);
    expect(isJoined((await fileThread.read(places[0]!)) as Uint8Array, [parts[0]!])).to.equal(true);
    expect(await fileThread.read(places[1]!)).to.equal('damaged');
    expect(isJoined((await fileThread.read(places[2]!)) as Uint8Array, [parts[2]!])).to.equal(true);
  });

  it('tells a file that is gone, short or longer from a whole one', async () => {
    const stamp = await fileThread.write(path, [someBytes(70_000)], { kind: 'blocks' });
    await truncate(path, 69_999);
    expect(await fileThread.read(placeOf(stamp))).to.equal('short');
    await truncate(path, 70_001);
    expect(await fileThread.read(placeOf(stamp))).to.equal('damaged');
    await fileThread.remove(path);
    await fileThread.remove(path);
    expect(existsSync(path)).to.equal(false);
    expect(await fileThread.read(placeOf(stamp))).to.equal('missing');
    expect(await caught(new FileBytes(placeOf(stamp)).reader().read(10))).to.include({ reason: 'damaged' });
  });

  it('reads a small value while a large one is being written, and another read', async () => {
    const small = placeOf(await fileThread.write(path, [someBytes(100)], { kind: 'blocks' }));
    const memory = new Uint8Array(new SharedArrayBuffer(64 * MIB));
    const large = { path: join(base, 'large'), ...(await fileThread.write(join(base, 'large'), [memory], { kind: 'blocks' })) };
    // A thread that has not begun has all calls before it when it does.
    const own = new FileThread();
    const order: string[] = [];
    const ended = (what: string) => (): void => void order.push(what);
    await Promise.all([
      own.write(join(base, 'other'), [memory], { kind: 'blocks' }).then(ended('written')),
      own.read(large).then(ended('read')),
      own.read(small).then(ended('small read')),
    ]);
    expect(order[0]).to.equal('small read');
  });

  it('leaves nothing of a file that does not fit on the disk', async function () {
    const disk = await smallDisk(2_048);
    if (!disk) return this.skip();
    try {
      for (const parts of [[sharedBytes(4 * MIB)], [someBytes(4 * MIB)], [someBytes(900_000), someBytes(900_000), someBytes(900_000)]]) {
        const writing = fileThread.write(join(disk.path, 'value'), parts, { kind: 'sha256' });
        expect(await caught(writing)).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'full' });
        expect(await readdir(disk.path)).to.deep.equal([]);
      }
    } finally {
      await disk.remove();
    }
  });

  it('writes and reads again what it had to do when its thread dies, in another thread; who reads in pieces is told', async () => {
    const threads: Worker[] = [];
    const see = (worker: Worker): void => void threads.push(worker);
    process.on('worker', see);
    try {
      const own = new FileThread();
      const stamp = await own.write(path, [sharedBytes(70_000)], { kind: 'blocks' });
      void threads[0]!.terminate();
      const large = [someBytes(3 * MIB, 1), someBytes(10, 2)];
      const writing = own.write(join(base, 'other'), large, { kind: 'blocks' });
      const shared = own.write(join(base, 'shared'), [someBytes(20, 3)], { kind: 'blocks', at: 5 });
      const reading = own.read(placeOf(stamp));
      const begun = caught(own.readOn(own.newReader(), placeOf(stamp), 1));
      expect((await writing).sizeBytes).to.equal(3 * MIB + 10);
      expect(isJoined(await readFile(join(base, 'other')), large)).to.equal(true);
      expect((await shared).sizeBytes).to.equal(20);
      expect(isJoined((await readFile(join(base, 'shared'))).subarray(5), [someBytes(20, 3)])).to.equal(true);
      expect(await begun).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'not-writable' });
      expect(isJoined((await reading) as Uint8Array, [sharedBytes(70_000)])).to.equal(true);
      expect((await own.write(join(base, 'third'), [someBytes(5)], { kind: 'blocks' })).sizeBytes).to.equal(5);
      expect(threads).to.have.length(2);
    } finally {
      process.off('worker', see);
    }
  });

  it('gives up what is written when the next thread dies too, and goes on', async () => {
    const killed = (worker: Worker): void => void worker.once('online', () => worker.terminate());
    process.on('worker', killed);
    const own = new FileThread();
    const writing = own.write(path, [someBytes(3 * MIB)], { kind: 'sha256' });
    expect(await caught(writing)).to.include({ code: 'HANDOFF_STORAGE_FAILED', reason: 'not-writable' });
    process.off('worker', killed);
    expect((await own.write(join(base, 'other'), [someBytes(5)], { kind: 'sha256' })).sizeBytes).to.equal(5);
  });
});
