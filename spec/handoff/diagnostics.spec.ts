import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Handoff } from '../../lib/index.js';
import { webSocketTransport } from '../../lib/peer/index.js';
import { caught } from '../support/caught.js';
import { spyLogger } from '../support/spy-logger.js';

describe('What a node tells tools beside its program', () => {
  const unsubscribe: (() => void)[] = [];
  const subscribe = (name: string, heard: (message: unknown) => void): void => {
    channel(name).subscribe(heard);
    unsubscribe.push(() => channel(name).unsubscribe(heard));
  };
  afterEach(() => {
    for (const end of unsubscribe.splice(0)) end();
  });

  it('are the options with which it starts, which may be changed, and the node once it has started', async () => {
    const started: unknown[] = [];
    subscribe('handoff-dag:node-starting', (options) => void Object.assign(options as object, { name: 'renamed' }));
    subscribe('handoff-dag:node-started', (node) => started.push(node));
    const options = { name: 'given', logger: spyLogger() };
    const node = await Handoff.start(options);
    expect(node.name).to.equal('renamed');
    expect(options.name).to.equal('given');
    expect(started).to.deep.equal([node]);
    await node.stop();
  });

  it('is nothing of a node that does not start', async () => {
    const started: unknown[] = [];
    subscribe('handoff-dag:node-started', (node) => started.push(node));
    await caught(Handoff.start({ listen: '203.0.113.1:1', cookie: 'one that is long enough', logger: spyLogger() }));
    expect(started).to.deep.equal([]);
  });

  it('is its name, to whatever lies between it and whom it dials, in a header', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = webSocketTransport({ node: 'ünser node, \ud800' }).dial(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    socket.attach({ opened() {}, frame() {}, closed() {} });
    const [request] = (await once(server, 'upgrade')) as [IncomingMessage];
    expect(decodeURIComponent(String(request.headers['handoff-node']))).to.equal('ünser node, \ufffd');
    socket.close(true);
    request.socket.destroy();
    server.close();
  });
});
