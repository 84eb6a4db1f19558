import { silentLogger } from '../../../lib/base/index.js';
import { Dag, Handoff } from '../../../lib/index.js';

// Drives one run to its end and another one until it waits for ever, which it says. Its options are those of the node.
const handoff = await Handoff.start({ name: 'killed', logger: silentLogger, ...(JSON.parse(process.argv[2]!) as object) });

const dag = (waits: boolean) =>
  Dag.dynamic('d')
    .add({ id: 'large', code: () => new Uint8Array(100_000).fill(5) })
    .add({
      id: 'length',
      code: (large: Uint8Array): Promise<number> | number => (waits ? new Promise(() => {}) : large.length),
      args: ['large'],
      version: '1',
    });

await handoff.execute(dag(false), { key: 'completed' });
const cut = handoff.execute(dag(true), { key: 'cut', durability: 'strict' });
for await (const event of cut) if (event.type === 'function-started' && event.functionId === 'length') console.log('waiting');
