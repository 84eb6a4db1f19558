import { expect } from 'chai';
import { exited, startActorSystem, tell } from '../../lib/actor/index.js';
import { systemClock } from '../../lib/base/index.js';
import { MemoryNetwork, startPeerHub } from '../../lib/peer/index.js';
import { numbered, peerNode } from './world.js';

describe('PeerHub', () => {
  it('ends with the error of a listener, which breaks no link', async () => {
    const network = new MemoryNetwork({ clock: systemClock });
    const [a, b] = ['a', 'b'].map((name) => peerNode({ name, transport: network.transport(name), clock: systemClock }));
    const { url } = await a!.table.listen('a:1');
    const system = await startActorSystem();
    const hub = await startPeerHub(system);
    expect(await b!.table.join(url)).to.deep.equal({ name: 'a', incarnation: 'a1', address: url, isObserver: false });
    const bug = new Error('bug');
    tell(hub, { type: 'crash', error: bug });
    expect(await exited(hub)).to.equal(bug);
    await startPeerHub(system);
    b!.table.send('a', numbered(1));
    await a!.heard.when(({ told }) => told.length === 1);
    expect(a!.heard.links).to.deep.equal(['up b b1']);
    await Promise.all([a!.table.close(), b!.table.close(), system.stop()]);
  });
});
