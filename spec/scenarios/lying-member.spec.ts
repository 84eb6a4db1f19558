import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { silentLogger, systemClock } from '../../lib/base/index.js';
import { Handoff } from '../../lib/index.js';
import { webSocketTransport } from '../../lib/peer/index.js';
import { COOKIE, type PeerNode, peerNode } from '../peer/world.js';
import { caught } from '../support/caught.js';

describe('a member that lies', () => {
  let ends: (() => unknown)[] = [];
  beforeEach(() => {
    ends = [];
  });
  afterEach(async () => {
    for (const end of ends.reverse()) await end();
  });

  const start = async (name: string, join: readonly string[] = []): Promise<Handoff> => {
    const options = { name, join, listen: '127.0.0.1:0', cookie: COOKIE, logger: silentLogger, capabilities: { cpu: 1 } };
    const node = await Handoff.start(options);
    ends.push(() => node.stop({ graceMs: 0 }));
    return node;
  };
  const liarAt = async (node: Handoff): Promise<PeerNode> => {
    const liar = peerNode({ name: 'liar', clock: systemClock, transport: webSocketTransport() });
    ends.push(() => liar.table.close());
    await liar.table.join(node.address!);
    return liar;
  };
  /** A server that is no node, and what is asked of it. */
  const server = async () => {
    const asked: IncomingMessage[] = [];
    let open = 0;
    let most = 0;
    let told = (): void => {};
    const http = createServer((request, response) => {
      asked.push(request);
      response.writeHead(404).end();
    });
    http.on('connection', (wire) => {
      open += 1;
      most = Math.max(most, open);
      wire
        .on('error', () => {})
        .on('close', () => {
          open -= 1;
        });
    });
    http.on('upgrade', (request, wire) => {
      asked.push(request);
      told();
      wire.on('error', () => {});
      // As a server that is slow: those that are dialled at once stand side by side.
      setImmediate(() => wire.end('HTTP/1.1 404 Not Found\r\n\r\n'));
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    ends.push(() => http.close());
    const until = (count: number): Promise<void> =>
      new Promise((resolve) => {
        told = () => asked.length >= count && resolve();
        told();
      });
    return { asked, until, port: (http.address() as { port: number }).port, most: () => most };
  };

  it('brings nobody to ask a server for a path, or to give it credentials', async () => {
    const { asked, until, port } = await server();
    const node = await start('node');
    const liar = await liarAt(node);
    liar.table.send('node', {
      type: 'members',
      members: [
        ['p', 'p1', `ws://me:secret@127.0.0.1:${port}/latest/meta-data?x=1`],
        ['q', 'q1', `http://127.0.0.1:${port}/`],
        ['r', 'r1', 'file:///etc/passwd'],
        ['s', 's1', 'no url'],
      ],
    });
    await until(2);
    for (const { url, headers } of asked) expect([url, headers.authorization]).to.deep.equal(['/', undefined]);
    const known = (await node.nodes()).map(({ name, address }) => [name, address]);
    expect(known)
      .to.deep.include(['p', `ws://127.0.0.1:${port}`])
      .and.to.deep.include(['q', undefined]);
  });

  it('brings about no more than a few connections at once with thousands that it tells of, and keeps no honest node out', async () => {
    const { until, port, most } = await server();
    const node = await start('node');
    const liar = await liarAt(node);
    const members = Array.from({ length: 3000 }, (_, at) => [`p${at}`, 'x', `ws://127.0.0.1:${port}`] as const);
    liar.table.send('node', { type: 'members', members: [['honest', 'another', `ws://127.0.0.1:${port}`], ...members] });
    await until(8);
    const honest = await start('honest', [node.address!]);
    expect((await honest.nodes()).find(({ name }) => name === 'node')?.status).to.equal('up');
    expect((await node.nodes()).find(({ name }) => name === 'honest')?.address).to.equal(honest.address);
    expect(await node.resourcesAvailable('honest', { cpu: 1 })).to.equal(true);
    expect(most()).to.be.at.most(8);
  });

  it('cannot take the name of a node that is there', async () => {
    const node = await start('node');
    const honest = await start('honest', [node.address!]);
    const thief = peerNode({ name: 'honest', incarnation: 'thief', clock: systemClock, transport: webSocketTransport() });
    ends.push(() => thief.table.close());
    expect((await caught(thief.table.join(node.address!))).message).to.include('a living node has this name');
    expect(await node.resourcesAvailable('honest', { cpu: 1 })).to.equal(true);
    expect(honest.stopped).to.be.instanceOf(Promise);
  });
});
