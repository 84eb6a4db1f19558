import { expect } from 'chai';
import { systemClock } from '../../lib/base/index.js';
import type { RemoteValue } from '../../lib/executor/index.js';
import { MemoryNetwork, webSocketTransport } from '../../lib/peer/index.js';
import { pack, StoredValue } from '../../lib/value/index.js';
import { LinkedValues, linkAll } from './linked-values.js';

const MIB = 2 ** 20;
const bytes = (sizeBytes: number, filledWith: number): StoredValue =>
  StoredValue.packed(pack(new Uint8Array(sizeBytes).fill(filledWith % 251), { where: 'value' }));

describe('parts over real links', () => {
  let nodes: LinkedValues[] = [];
  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    nodes = [];
  });

  /** Nodes over web sockets, linked with each other. */
  const open = async (...names: string[]): Promise<LinkedValues[]> => {
    nodes = names.map((name) => new LinkedValues(name, webSocketTransport({ node: name })));
    await linkAll(nodes);
    return nodes;
  };

  it('are gathered from two nodes without passing through the driver, which gives the small ones', async () => {
    const [driver, b, c] = (await open('driver', 'b', 'c')) as [LinkedValues, LinkedValues, LinkedValues];
    const parts = Array.from({ length: 2500 }, (_, at): RemoteValue => {
      const held = bytes(at % 100 === 0 ? 100_000 : 10, at);
      const far = (at % 2 === 0 ? b : c).made(`m[${at}]`, held);
      return held.sizeBytes > 1000 ? far : { ...far, inline: held };
    });
    driver.composites.set('m', {
      total: parts.length,
      part: (place, to) => (parts[place]!.from === to ? { ...parts[place]!, inline: undefined } : parts[place]),
    });
    const whole = (await c.fetch(driver.composite('m'))).open(false) as Uint8Array[];
    expect(whole).to.have.length(2500);
    expect(whole.every((part, at) => part.byteLength === (at % 100 === 0 ? 100_000 : 10) && part[0] === at % 251)).to.equal(true);
    expect(driver.asked).to.deep.equal({ pages: 3, values: 0 });
    expect(b.asked, 'every hundredth, which are all there').to.deep.equal({ pages: 0, values: 25 });
    expect(driver.mesh.receivedFrom('b') + driver.mesh.receivedFrom('c')).to.equal(0);
  });

  it('are gathered where there is room for some of them at a time only', async () => {
    const network = new MemoryNetwork({ clock: systemClock });
    nodes = ['driver', 'b', 'c'].map((name) => new LinkedValues(name, network.transport(name), name === 'c' ? 8 * MIB : undefined));
    await linkAll(nodes);
    const [driver, b, c] = nodes as [LinkedValues, LinkedValues, LinkedValues];
    const parts = Array.from({ length: 30 }, (_, at) => b.made(`m[${at}]`, bytes(2 * MIB, at)));
    driver.composites.set('m', { total: 30, part: (place) => parts[place] });
    const whole = (await c.fetch(driver.composite('m'))).open(false) as Uint8Array[];
    expect(whole.map((part) => [part.byteLength, part[5]])).to.deep.equal(parts.map((_, at) => [2 * MIB, at]));
    await c.fetch(driver.composite('m'));
  });

  it('of one array go alone, also through the driver where there is no way to the node that has it', async () => {
    const [driver, b] = (await open('driver', 'b')) as [LinkedValues, LinkedValues];
    const whole = b.made('x', StoredValue.ofParts([bytes(100_000, 1), bytes(200_000, 2), bytes(20, 3)]));
    const element = (part: number): RemoteValue => ({ ...whole, value: { ...whole.value, part } as never, isSole: true });
    const opened = async (node: LinkedValues, part: number): Promise<[number, number]> => {
      const value = (await node.fetch(element(part), 'driver')).open(false) as Uint8Array;
      return [value.byteLength, value[0]!];
    };
    expect(await opened(driver, 1)).to.deep.equal([200_000, 2]);
    expect(driver.mesh.receivedFrom('b')).to.be.within(200_000, 201_000);
    const alone = new LinkedValues('alone', webSocketTransport({ node: 'alone' }));
    nodes.push(alone);
    await alone.mesh.join(driver.mesh.self.address ?? (await driver.mesh.listen('127.0.0.1:0')).url);
    await alone.linked(1);
    expect(await opened(alone, 2)).to.deep.equal([20, 3]);
    expect(await opened(alone, 0)).to.deep.equal([100_000, 1]);
    expect(alone.mesh.receivedFrom('driver')).to.be.within(100_000, 101_000);
    expect(driver.store.get('r', 'x'), 'nothing stays').to.equal(undefined);
  });

  it('leave room for messages on a link that carries little', async () => {
    const network = new MemoryNetwork({ clock: systemClock });
    nodes = ['driver', 'c'].map((name) => new LinkedValues(name, network.transport(name)));
    await linkAll(nodes);
    const [driver, c] = nodes as [LinkedValues, LinkedValues];
    network.set('driver', 'c', { bytesPerSecond: 2 * MIB });
    const parts = Array.from({ length: 80 }, (_, at): RemoteValue => {
      const held = bytes(60_000, at);
      return { ...driver.made(`m[${at}]`, held), inline: held };
    });
    driver.composites.set('m', { total: 80, part: (place) => parts[place] });
    const small = driver.made('small', bytes(5, 7));
    const gathered = c.fetch(driver.composite('m'));
    let isOver = false;
    void gathered.then(() => {
      isOver = true;
    });
    let answered = 0;
    for (; !isOver; answered += 1) await c.fetch(small);
    expect((await gathered).partCount).to.equal(80);
    expect(driver.asked.pages).to.equal(5);
    expect(answered, 'questions that were answered meanwhile').to.be.above(8);
  });
});
