import { mkdtemp, open, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { FileBytes, fileThread } from '../../lib/files/index.js';
import { webSocketTransport } from '../../lib/peer/index.js';
import { type AwayBytes, type ByteReader, pack, StoredValue } from '../../lib/value/index.js';
import { someBytes } from '../support/bytes.js';
import { caught } from '../support/caught.js';
import { type Gate, gate } from '../support/gate.js';
import { LinkedValues, linkAll } from './linked-values.js';

const MIB = 1024 * 1024;

/** Bytes of a file that are read up to there, and then wait at the gate. */
class HeldBytes implements AwayBytes {
  readonly sizeBytes: number;
  readonly #bytes: AwayBytes;
  readonly #from: number;
  readonly gate: Gate = gate();
  readBytes = 0;

  constructor(bytes: AwayBytes, from: number) {
    this.#bytes = bytes;
    this.#from = from;
    this.sizeBytes = bytes.sizeBytes;
  }

  read = () => this.#bytes.read();
  readNow = () => this.#bytes.readNow();

  reader(): ByteReader {
    const reader = this.#bytes.reader();
    let at = 0;
    return {
      read: async (mostBytes) => {
        if (at >= this.#from) await this.gate.pass();
        const piece = await reader.read(mostBytes);
        at += piece.byteLength;
        this.readBytes += piece.byteLength;
        return piece;
      },
      close: () => reader.close(),
    };
  }
}

describe('values that are sent from files', () => {
  let folder: string;
  let a: LinkedValues;
  let b: LinkedValues;
  let url: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'handoff-streamed-'));
    a = new LinkedValues('a', webSocketTransport());
    b = new LinkedValues('b', webSocketTransport());
    url = (await a.mesh.listen('127.0.0.1:0')).url;
    await linkAll([a, b]);
  });
  afterEach(async () => {
    await Promise.all([a.close(), b.close()]);
    await rm(folder, { recursive: true });
  });

  const value = pack(someBytes(20 * MIB), { where: 'value' });
  /** Writes the value to a file. */
  const written = async (kind: 'blocks' | 'sha256'): Promise<{ readonly path: string; readonly bytes: FileBytes }> => {
    const path = join(folder, `value-${kind}`);
    const stamp = await fileThread.write(path, [value], { kind, isSynced: false });
    return { path, bytes: new FileBytes({ path, ...stamp }) };
  };
  const isWhole = (held: StoredValue): boolean => Buffer.compare(held.pack(''), value) === 0;

  for (const kind of ['blocks', 'sha256'] as const) {
    it(`arrive whole, checked by ${kind}`, async () => {
      const { bytes } = await written(kind);
      expect(isWhole(await b.fetch(a.made('x', StoredValue.away(bytes))))).to.equal(true);
    });

    it(`are lost where one byte is not what was written, checked by ${kind}`, async () => {
      const { path, bytes } = await written(kind);
      const file = await open(path, 'r+');
      await file.write(Uint8Array.of(value[11 * MIB]! ^ 1), 0, 1, 11 * MIB);
      await file.close();
      const error = await caught(b.fetch(a.made('x', StoredValue.away(bytes))));
      expect(error).to.include({ code: 'HANDOFF_RESULT_LOST', functionId: 'x' });
    });

    it(`are lost where their file is damaged while they are on their way, and others arrive over the same link, checked by ${kind}`, async () => {
      const { path, bytes } = await written(kind);
      const held = new HeldBytes(bytes, 5 * MIB);
      const lost = caught(b.fetch(a.made('x', StoredValue.away(held))));
      await held.gate.reached;
      await truncate(path, 6 * MIB);
      held.gate.open();
      expect(await lost).to.include({ code: 'HANDOFF_RESULT_LOST', functionId: 'x' });
      const other = a.made('y', StoredValue.packed(value));
      expect(isWhole(await b.fetch(other))).to.equal(true);
    });
  }

  it('are sent anew over the next link if theirs breaks in their midst', async () => {
    a.outlivesCuts = true;
    b.outlivesCuts = true;
    const { bytes } = await written('blocks');
    const held = new HeldBytes(bytes, 10 * MIB);
    const fetched = b.fetch(a.made('x', StoredValue.away(held)));
    await held.gate.reached;
    expect(b.mesh.receivedFrom('a')).to.be.above(0);
    a.mesh.drop('b');
    held.gate.open();
    await b.mesh.join(url);
    expect(isWhole(await fetched)).to.equal(true);
    expect(held.readBytes).to.be.above(29 * MIB);
  });

  it('can be read to their end when their file is deleted meanwhile', async () => {
    const { path, bytes } = await written('blocks');
    const held = new HeldBytes(bytes, 5 * MIB);
    const fetched = b.fetch(a.made('x', StoredValue.away(held)));
    await held.gate.reached;
    await rm(path);
    held.gate.open();
    expect(isWhole(await fetched)).to.equal(true);
  });
});
