import { once } from 'node:events';
import { type AddressInfo, connect, createServer, Socket } from 'node:net';
import { Deserializer, Serializer } from 'node:v8';
import { expect } from 'chai';
import { Packr, RESERVE_START_SPACE } from 'msgpackr';
import { spawn, start, stop } from 'nact';
// @ts-expect-error nact types its index only.
import systemMap from 'nact/lib/system-map.js';
import { sourcesOf } from '../support/sources.js';

/** The parts of packages and of Node that nobody promises, or no manual explains, and the one file of lib that may use each. */
const HOMES = {
  'nact/lib/': 'lib/actor/nact.ts',
  _handle: 'lib/peer/transports/node-sockets.ts',
  RESERVE_START_SPACE: 'lib/peer/protocol/codec.ts',
  _setTreatArrayBufferViewsAsHostObjects: 'lib/executor/isolations/frames.ts',
  _writeHostObject: 'lib/executor/isolations/frames.ts',
  _readHostObject: 'lib/executor/isolations/frames.ts',
};

/** A line of code, not one that only names such a part in a text. */
const isCode = (line: string): boolean => !/^\s*(?:\*|\/\/|\/\*)|^const ENGINE = /.test(line);

describe('private parts of others', () => {
  it('are used by one file each', () => {
    const sources = sourcesOf('lib', 'bin');
    for (const [part, home] of Object.entries(HOMES)) {
      const users = sources.filter(({ text }) => text.split('\n').some((line) => line.includes(part) && isCode(line)));
      expect(
        users.map(({ path }) => path),
        part,
      ).to.deep.equal([home]);
    }
  });

  it('are there: nact finds the actor of a reference, and nothing once it has ended', () => {
    const system = start();
    const { name } = (system as unknown as { system: { name: string } }).system;
    const reference = spawn(system, (state) => state, 'one');
    expect(systemMap.find(name, reference)?.dispatch).to.be.a('function');
    stop(reference);
    expect(systemMap.find(name, reference)).to.equal(undefined);
    stop(system);
  });

  it('are there: msgpackr leaves as many bytes free before a frame as it is asked to', () => {
    const packr = new Packr({ useRecords: false });
    const plain = packr.pack({ a: [1, 'two'] });
    for (const free of [1, 5]) {
      const frame = packr.pack({ a: [1, 'two'] }, RESERVE_START_SPACE + free);
      expect(frame.length).to.equal(free + plain.length);
      expect(frame.subarray(free).equals(plain)).to.equal(true);
    }
  });

  it("are there: V8's serializers pass views of memory to methods of their subclasses", () => {
    class Writer extends Serializer {
      readonly views: Uint8Array[] = [];

      _writeHostObject(view: Uint8Array): void {
        this.views.push(view);
        this.writeUint32(this.views.length);
      }
    }
    class Reader extends Deserializer {
      _readHostObject(): number[] {
        return [this.readUint32()];
      }
    }
    const writer = new Writer();
    (writer as unknown as { _setTreatArrayBufferViewsAsHostObjects(treats: boolean): void })._setTreatArrayBufferViewsAsHostObjects(true);
    writer.writeHeader();
    writer.writeValue({ a: Uint8Array.of(1), b: 'text', c: Uint8Array.of(2) });
    expect(writer.views.map(([byte]) => byte)).to.deep.equal([1, 2]);
    const reader = new Reader(writer.releaseBuffer());
    reader.readHeader();
    expect(reader.readValue()).to.deep.equal({ a: [1], b: 'text', c: [2] });
  });

  it("are there: a socket's handle can be moved to another socket, which then reads", async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const dialled = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [accepted] = (await once(server, 'connection')) as [Socket & { _handle: unknown }];
    const handle = accepted._handle;
    expect(handle).to.be.an('object');
    accepted._handle = null;
    accepted.destroy();
    const moved = new Socket({ handle, allowHalfOpen: true } as object);
    moved.resume();
    dialled.end('hello');
    const [bytes] = (await once(moved, 'data')) as [Buffer];
    expect(bytes.toString()).to.equal('hello');
    moved.destroy();
    server.close();
    await once(server, 'close');
  });
});
