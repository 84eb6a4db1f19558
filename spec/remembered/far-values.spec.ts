import { expect } from 'chai';
import { Dag, type } from '../../lib/index.js';
import { type Journal, type JournalOptions, journals, MemoryDatabase } from '../../lib/journal/index.js';
import { SpecCluster } from '../support/cluster.js';
import { MemoryShelf } from '../support/memory-shelf.js';
import { ran } from './remembering-node.js';

describe('remembered results of values that another node has', () => {
  let cluster: SpecCluster;
  beforeEach(async () => {
    const database = new MemoryDatabase();
    const shelf = new MemoryShelf();
    const openJournal = (given: JournalOptions): Promise<Journal> => journals.memory(database, given);
    cluster = new SpecCluster({ openJournal, openShelf: async () => shelf });
    for (const name of ['a', 'b']) await cluster.start(name);
  });
  afterEach(() => cluster.stop());

  for (const sizeBytes of [10, 3 << 20]) {
    it(`are found by the digest that its node takes, and ${sizeBytes} bytes do not come for that`, async () => {
      const dag = new Dag('d')
        .input('x', type<Uint8Array>())
        .add({ id: 'f', code: (x: Uint8Array) => x.at(-1), args: ['x'], cache: true, version: '1', node: 'a' });
      const run = async (last: number): Promise<readonly unknown[]> => {
        await cluster.node('b').storeValue('d', 'x', new Uint8Array(sizeBytes).fill(last));
        await cluster.node('a').registerDataLocation('d', 'x', 'b');
        let receivedBytes = 0;
        cluster.observe = (from, parts) => {
          if (from === 'b') for (const part of parts) receivedBytes += part.byteLength;
        };
        const { started, results } = await ran(cluster.node('a'), dag);
        return [started, results.f, receivedBytes > 1 << 20];
      };
      const isLarge = sizeBytes > 1 << 20;
      expect(await run(1)).to.deep.equal([['f'], 1, isLarge]);
      expect(await run(1)).to.deep.equal([[], 1, false]);
      expect(await run(2)).to.deep.equal([['f'], 2, isLarge]);
    });
  }
});
