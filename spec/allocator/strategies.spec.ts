import { expect } from 'chai';
import { strategies, strategyNames } from '../../lib/allocator/strategies/index.js';
import type { Capabilities, NodeView } from '../../lib/allocator/strategy.js';

const node = (name: string, capabilities: Capabilities, used: Capabilities, over: Partial<NodeView> = {}): NodeView => ({
  name,
  capabilities,
  used,
  isSelf: name === 'self',
  fits: true,
  bytesToMove: 0,
  kin: 0,
  ...over,
});
const place = (strategy: keyof typeof strategies, nodes: readonly NodeView[], cost: Capabilities = { cpu: 1 }): string | undefined =>
  strategies[strategy]().place({ dagId: 'd', functionId: 'f', cost, nodes });
const full = { fits: false } as const;

describe('the strategies', () => {
  it('each go by their own name', () => {
    for (const [name, make] of Object.entries(strategies)) expect(make().name).to.equal(name);
  });

  it('each wait when no node has room', () => {
    for (const name of strategyNames) expect(place(name, [node('self', { cpu: 1 }, { cpu: 1 }, full)]), name).to.equal(undefined);
  });

  it('first-available takes the first with room, however loaded', () => {
    const nodes = [node('self', { cpu: 1 }, { cpu: 1 }, full), node('b', { cpu: 9 }, { cpu: 8 }), node('c', { cpu: 9 }, {})];
    expect(place('first-available', nodes)).to.equal('b');
    expect(place('first-available', [node('self', { cpu: 9 }, { cpu: 8 }), ...nodes.slice(1)])).to.equal('self');
  });

  it('load-balanced takes the one whose scarcest resource would be used least, with the function on it', () => {
    expect(place('load-balanced', [node('self', { cpu: 2 }, {}), node('b', { cpu: 8 }, { cpu: 2 })]), '1/2 or 3/8').to.equal('b');
    const nodes = [node('self', { cpu: 4, memory: 100 }, { memory: 90 }), node('b', { cpu: 4, memory: 100 }, { cpu: 2 })];
    expect(place('load-balanced', nodes), 'memory is scarcer than cpu').to.equal('b');
    const reversed = [node('self', { memory: 100, cpu: 4 }, { memory: 90 }), node('b', { memory: 100, cpu: 4 }, { cpu: 2 })];
    expect(place('load-balanced', reversed)).to.equal('b');
    expect(place('load-balanced', [node('self', { cpu: 1 }, {}, full), node('b', { cpu: 8 }, { cpu: 7 })])).to.equal('b');
  });

  it('load-balanced takes the first of equals', () => {
    expect(place('load-balanced', [node('self', { cpu: 2 }, {}), node('b', { cpu: 2 }, {})])).to.equal('self');
    expect(place('load-balanced', [node('b', {}, {}), node('c', {}, {})], {})).to.equal('b');
  });

  it('near-data takes the one to which the fewest bytes must move, then the least loaded, then the first', () => {
    const far = { bytesToMove: 10 };
    expect(place('near-data', [node('self', { cpu: 9 }, {}, far), node('b', { cpu: 2 }, { cpu: 1 }, { bytesToMove: 9 })])).to.equal('b');
    expect(place('near-data', [node('self', { cpu: 2 }, { cpu: 1 }), node('b', { cpu: 9 }, {}, far)])).to.equal('self');
    expect(place('near-data', [node('self', { cpu: 2 }, {}, far), node('b', { cpu: 8 }, {}, far)])).to.equal('b');
    expect(place('near-data', [node('self', { cpu: 2 }, {}, far), node('b', { cpu: 2 }, {}, far)])).to.equal('self');
    const nodes = [node('self', { cpu: 2 }, {}, { bytesToMove: 99 }), node('b', { cpu: 8 }, {}, full), node('c', { cpu: 2 }, {}, far)];
    expect(place('near-data', nodes), 'the nearest has no room').to.equal('c');
  });

  it('near-data takes, of those to which as many bytes must move, the one with most of the family, however loaded', () => {
    const [far, some, most] = [{ bytesToMove: 10, kin: 9 }, { kin: 1 }, { kin: 2 }];
    const nodes = [node('self', { cpu: 9 }, {}), node('b', { cpu: 9 }, { cpu: 8 }, most), node('c', { cpu: 9 }, {}, some)];
    expect(place('near-data', nodes)).to.equal('b');
    expect(place('near-data', [...nodes, node('d', { cpu: 9 }, {}, far)]), 'bytes come first').to.equal('b');
    expect(place('near-data', [nodes[0]!, { ...nodes[1]!, ...full }, nodes[2]!])).to.equal('c');
    expect(place('near-data', [node('self', { cpu: 9 }, { cpu: 1 }, some), node('b', { cpu: 9 }, {}, some)]), 'of equals').to.equal('b');
  });
});
