import { simulate } from '../../lib/testing/index.js';
import { inside, lapse, untilSo } from './modules/watching.js';

describe('a node that dies while it joins', () => {
  it('asks nobody anything more, and leaves nothing that would keep its process alive', () => {
    const patient = { heartbeat: { timeoutMs: 20_000 } };
    return simulate({ seed: 111, nodes: [patient, patient] }, async (cluster) => {
      await cluster.kill('n2');
      await cluster.link('n1', 'n2').set({ delayMs: 200 });
      const joining = cluster.restart('n2');
      await untilSo(() => inside(cluster, 'n1').links.includes('n2'));
      // It is a member as soon as it has heard so; the first answer to it takes longer.
      await lapse(300);
      await cluster.partition(['n1'], ['n2']);
      // It has started when it has waited long enough for that.
      await joining;
      await cluster.kill('n2');
    });
  });
});
