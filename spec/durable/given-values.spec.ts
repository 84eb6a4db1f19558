import { expect } from 'chai';
import { Dag } from '../../lib/index.js';
import { eventsOf, placesForEach, startedIn } from './durable-node.js';

describe('the inputs and constants of a durable run', () => {
  const at = placesForEach();

  for (const [what, value] of [
    ['bytes', new Uint8Array(1_000_000).fill(7)],
    ['text', 'x'.repeat(100_000)],
    ['objects', Array.from({ length: 5_000 }, (_, n) => ({ n, name: `number ${n}` }))],
  ] as const) {
    it(`are recorded whatever their size: ${what}`, async () => {
      const dag = (more = 0) =>
        Dag.dynamic('d')
          .input('given')
          .add({ id: 'same', code: (given: unknown) => given, args: ['given'] })
          .add({ id: 'length', code: (constant: { length: number }) => constant.length, extraArgs: [value] })
          .add({ id: 'more', code: (given: { length: number }, n: number) => given.length + n, args: ['given'], extraArgs: [more] });
      await at.here.execute(dag(), { key: 'k', inputs: { given: value }, collect: 'sinks' });
      await at.here.stop();
      const heir = await at.places.start('heir');
      const again = heir.execute(dag(1), { key: 'k', collect: ['length', 'more'] });
      expect(startedIn(await eventsOf(again))).to.deep.equal(['more']);
      expect((await again).results).to.deep.equal({ length: value.length, more: value.length + 1 });
    });
  }
});
