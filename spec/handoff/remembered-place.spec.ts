import { expect } from 'chai';
import type { RemoteValue } from '../../lib/executor/index.js';
import { rememberedPlace } from '../../lib/handoff/node/remembered-place.js';
import { MemoryShelf } from '../support/memory-shelf.js';

describe('the digest of a value that a run does not hold', () => {
  it('is taken here if it lies in a file of this node, else by the node that has the value: nobody asks himself', async () => {
    const place = rememberedPlace(new MemoryShelf(), {
      node: 'a',
      digestOf: async () => 'of my file',
      cluster: () => ({ takeDigest: async ({ from }: RemoteValue) => `of ${from}` }),
    } as unknown as Parameters<typeof rememberedPlace>[1]);
    const lyingAt = (from: string): RemoteValue => ({ from, value: { kind: 'offered', offer: 1 }, sizeBytes: 1 }) as unknown as RemoteValue;
    expect([await place.digestElsewhere(lyingAt('a')), await place.digestElsewhere(lyingAt('b'))]).to.deep.equal(['of my file', 'of b']);
  });
});
