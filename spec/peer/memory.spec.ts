import { expect } from 'chai';
import { MemoryNetwork, type SocketEvents } from '../../lib/peer/index.js';
import { testClock } from '../support/test-clock.js';

function listening(): { readonly told: string[]; readonly events: SocketEvents } {
  const told: string[] = [];
  return { told, events: { opened: () => told.push('opened'), frame: () => told.push('frame'), closed: ({ text }) => told.push(text) } };
}

describe('the network in memory: a node that is killed', () => {
  const connected = async () => {
    const network = new MemoryNetwork({ clock: testClock() });
    const accepted = listening();
    const { url } = await network.transport('a').listen('a:1', {
      isProtected: true,
      accept: (socket) => socket.attach(accepted.events),
      turnedAway: () => {},
    });
    const dialled = listening();
    const socket = network.transport('b').dial(url);
    socket.attach(dialled.events);
    while (dialled.told.length === 0 || accepted.told.length === 0) await new Promise(setImmediate);
    return { network, socket, dialled, accepted };
  };

  it('hears of the end of a connection when it closes it itself, and not before', async () => {
    const { network, socket, dialled, accepted } = await connected();
    network.kill('b');
    expect(dialled.told).to.deep.equal(['opened']);
    expect(accepted.told).to.deep.equal(['opened', 'connection reset']);
    socket.close();
    expect(dialled.told).to.deep.equal(['opened', 'closed']);
  });

  it('hears of the end of a connection that it was closing already', async () => {
    const { network, socket, dialled } = await connected();
    socket.send([new Uint8Array(1)]);
    socket.close();
    expect(dialled.told).to.deep.equal(['opened']);
    network.kill('b');
    expect(dialled.told).to.deep.equal(['opened', 'connection reset']);
  });
});

describe('the network in memory: a node that listens at no port in particular', () => {
  const given = { isProtected: true, accept: () => {}, turnedAway: () => {} };

  it('has the port back that it had before it was killed, as a node that was cut off knows no other', async () => {
    const network = new MemoryNetwork({ clock: testClock() });
    const { url } = await network.transport('a').listen('a:0', given);
    network.kill('a');
    expect(await network.transport('b').listen('b:0', given)).to.not.have.property('url', url);
    expect(await network.transport('a').listen('a:0', given)).to.have.property('url', url);
  });

  it('has another one while it still listens at the first', async () => {
    const network = new MemoryNetwork({ clock: testClock() });
    const { url } = await network.transport('a').listen('a:0', given);
    expect(await network.transport('a').listen('a:0', given)).to.not.have.property('url', url);
  });
});
