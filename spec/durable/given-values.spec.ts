import { expect } from 'chai';
import { Dag, type Handoff } from '../../lib/index.js';
import { DurablePlaces, eventsOf, startedIn } from './durable-node.js';

describe('the inputs and constants of a durable run', () => {
  let places: DurablePlaces;
  let handoff: Handoff;
  beforeEach(async () => {
    places = new DurablePlaces();
    handoff = await places.start();
  });
  afterEach(() => places.stop());

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
      await handoff.execute(dag(), { key: 'k', inputs: { given: value }, collect: 'sinks' });
      await handoff.stop();
      const heir = await places.start('heir');
      const again = heir.execute(dag(1), { key: 'k', collect: ['length', 'more'] });
      expect(startedIn(await eventsOf(again))).to.deep.equal(['more']);
      expect((await again).results).to.deep.equal({ length: value.length, more: value.length + 1 });
    });
  }
});
