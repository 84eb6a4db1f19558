import { expect } from 'chai';
import { systemClock } from '../../lib/base/index.js';
import { type Transport, webSocketTransport } from '../../lib/peer/index.js';
import { hasHostName, hostAddresses } from '../../lib/peer/transports/host-addresses.js';
import { caught } from '../support/caught.js';
import { COOKIE, type PeerNode, peerNode } from './world.js';

describe('a name that several nodes stand behind', () => {
  let nodes: PeerNode[] = [];
  beforeEach(function () {
    if (process.platform !== 'linux') this.skip();
    nodes = [];
  });
  afterEach(() => Promise.all(nodes.map(({ table }) => table.close())));

  /** A node for which `cluster.test` is those addresses, and what it has dialled. */
  const node = (name: string, addresses: readonly string[] = [], cookie: string | undefined = COOKIE) => {
    const real = webSocketTransport();
    const dialled: (string | undefined)[] = [];
    const transport: Transport = {
      schemes: real.schemes,
      listen: (address, options) => real.listen(address, options),
      dial: (url, at) => {
        dialled.push(at);
        return real.dial(url, at);
      },
      addressesOf: async () => addresses,
    };
    const one = { ...peerNode({ name, clock: systemClock, transport, cookie }), dialled };
    nodes.push(one);
    return one;
  };
  const portOf = (url: string): string => new URL(url).port;

  it('leads to any of them: each address is tried, this node itself is passed over', async () => {
    const { url } = await node('a').table.listen('127.0.0.2:0');
    const port = portOf(url);
    const c = node('c', ['127.0.0.4', '127.0.0.5', '::1', '127.0.0.2']);
    await c.table.listen(`127.0.0.4:${port}`);
    expect((await c.table.join(`ws://cluster.test:${port}`)).name).to.equal('a');
    expect(c.dialled).to.deep.equal(['127.0.0.4', '127.0.0.5', '::1', '127.0.0.2']);
  });

  it('may be tried again where only this node itself is there, or nobody; a refusal is final', async () => {
    const c = node('c', ['127.0.0.4', '127.0.0.4']);
    const { url } = await c.table.listen('127.0.0.4:0');
    const there = `ws://cluster.test:${portOf(url)}`;
    const alone = await caught(c.table.join(there));
    expect([alone.code, alone.message]).to.deep.equal([undefined, 'no other node than this one is there']);
    expect((await caught(node('d', []).table.join(there))).message).to.equal('its name has no address');
    const refused = await caught(node('e', ['127.0.0.5', '127.0.0.4'], 'another cookie of some length').table.join(there));
    expect(refused).to.include({ code: 'HANDOFF_JOIN_REFUSED', reason: 'cookie' });
  });

  it('is looked up for both families, and is no address itself', async () => {
    for (const url of ['ws://127.0.0.1:1', 'ws://[::1]:1', 'no url']) expect(hasHostName(url)).to.equal(false);
    expect(await hostAddresses('ws://localhost:1')).to.include('127.0.0.1');
    expect(hasHostName('wss://workers.default.svc.cluster.local:7000')).to.equal(true);
    const error = await caught(
      peerNode({ name: 'f', clock: systemClock, transport: webSocketTransport() }).table.join('ws://nobody.invalid:1'),
    );
    expect(error.message).to.match(/^its addresses cannot be found: getaddrinfo/);
  });

  it('says so where the other has a cookie and this node was given none', async () => {
    const { url } = await node('a').table.listen('127.0.0.1:0');
    const bare = peerNode({ name: 'b', clock: systemClock, transport: webSocketTransport(), cookie: undefined });
    expect((await caught(bare.table.join(url))).message).to.match(/it has a cookie, and this node was given none/);
  });
});
