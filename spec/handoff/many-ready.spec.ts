import { expect } from 'chai';
import { Dag, Handoff } from '../../lib/index.js';

describe('a run of which very many functions are ready at once', () => {
  it('lets the event loop have its turn while they become so, and begins with the first in its order, though it became ready last', async () => {
    await using handoff = await Handoff.start({ capabilities: {} });
    const order: string[] = [];
    const dag = Dag.dynamic('many');
    for (let index = 0; index < 20_000; index += 1) dag.add({ id: `f${index}`, code: () => undefined });
    dag.add({ id: 'urgent', code: () => void order.push('urgent'), priority: 1 });
    dag.add({ id: 'other', code: () => void order.push('other'), priority: 0.5 });
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    const run = handoff.execute(dag, { collect: [] });
    setImmediate(count);
    for await (const { type } of run) if (type === 'function-started') break;
    isOver = true;
    // 2,000 at a time.
    expect(turns).to.be.at.least(10);
    await run;
    expect(order).to.deep.equal(['urgent', 'other']);
    expect(run.progress.succeeded).to.equal(20_002);
  });

  for (const [what, ms, most] of [
    ['one, where they take longer than a turn', 3, 1],
    ['as many as fit into 2 ms, where they take less', 0.1, 21],
  ] as const) {
    it(`has no more of them begin between two turns of the event loop than ${what}`, async () => {
      await using handoff = await Handoff.start({ capabilities: {} });
      const began: number[] = [];
      let turns = 0;
      const count = (): void => {
        turns += 1;
        if (began.length < 600) setImmediate(count);
      };
      const busy = (): void => {
        began.push(turns);
        const endMs = performance.now() + ms;
        while (performance.now() < endMs);
      };
      const dag = Dag.dynamic('busy');
      for (let index = 0; index < 600; index += 1) dag.add({ id: `f${index}`, code: busy });
      const run = handoff.execute(dag);
      setImmediate(count);
      await run;
      const together = new Map<number, number>();
      for (const turn of began) together.set(turn, (together.get(turn) ?? 0) + 1);
      expect(Math.max(...together.values())).to.be.at.most(most);
    });
  }

  it('can be cancelled before all of them are', async () => {
    await using handoff = await Handoff.start({ capabilities: {} });
    const dag = Dag.dynamic('many');
    for (let index = 0; index < 50_000; index += 1) dag.add({ id: `f${index}`, code: () => undefined });
    const run = handoff.execute(dag, { collect: [] });
    await new Promise(setImmediate);
    await run.cancel();
    expect(await run.then(undefined, ({ code }: { code: string }) => code)).to.equal('HANDOFF_RUN_CANCELLED');
  });
});
