import { once } from 'node:events';
import { type AddressInfo, connect, createServer, Socket } from 'node:net';
import { expect } from 'chai';
import { spawn, start, stop } from 'nact';
// @ts-expect-error nact types its index only.
import systemMap from 'nact/lib/system-map.js';
import { sourcesOf } from '../support/sources.js';

/** The parts of packages and of Node that nobody promises, and the one file of lib that may use each. */
const HOMES = { 'nact/lib/': 'lib/actor/nact.ts', _handle: 'lib/peer/transports/node-sockets.ts' };

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
