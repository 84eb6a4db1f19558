import { expect } from 'chai';
import { type ActorRef, ask, exited, kill, startActorSystem } from '../../lib/actor/index.js';
import { systemClock } from '../../lib/base/index.js';
import { type Joined, MemoryNetwork, type PeerHubMessage, type PeerIdentity, startPeerHub } from '../../lib/peer/index.js';
import { numbered, peerNode } from './world.js';

describe('PeerHub', () => {
  const join = (hub: ActorRef<PeerHubMessage>, url: string): Promise<Joined> =>
    ask(hub, (replyTo: ActorRef<Joined>) => ({ type: 'join-peer', url, replyTo }) as const, 1000);
  const list = (hub: ActorRef<PeerHubMessage>): Promise<readonly PeerIdentity[]> =>
    ask(hub, (replyTo: ActorRef<readonly PeerIdentity[]>) => ({ type: 'list-peers', replyTo }) as const, 1000);

  it('joins and lists; its crash breaks no link', async () => {
    const network = new MemoryNetwork({ clock: systemClock });
    const [a, b] = ['a', 'b'].map((name) => peerNode({ name, transport: network.transport(name), clock: systemClock }));
    const { url } = await a!.table.listen('a:1');
    const system = await startActorSystem();
    const hub = await startPeerHub(system, b!.table);
    expect(await join(hub, url)).to.deep.equal({ type: 'joined', peer: { name: 'a', incarnation: 'a1', address: url, isObserver: false } });
    expect((await join(hub, 'memory://nowhere:1')).type).to.equal('not-joined');
    kill(hub);
    await exited(hub);
    const next = await startPeerHub(system, b!.table);
    expect((await list(next)).map(({ name }) => name)).to.deep.equal(['a']);
    b!.table.send('a', numbered(1));
    await a!.heard.when(({ told }) => told.length === 1);
    expect(a!.heard.links).to.deep.equal(['up b b1']);
    await Promise.all([a!.table.close(), b!.table.close(), system.stop()]);
  });
});
