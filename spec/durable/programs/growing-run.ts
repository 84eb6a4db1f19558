import { silentLogger } from '../../../lib/base/index.js';
import { Handoff } from '../../../lib/index.js';
import { growingDag } from './growing-dag.js';

// Drives a run until what can end in it has, which it says. Its options are those of the node.
const handoff = await Handoff.start({ name: 'killed', logger: silentLogger, ...(JSON.parse(process.argv[2]!) as object) });
const left = new Set(['large', 'first[0]', 'first[1]', 'sum', 'deep']);
for await (const event of handoff.execute(growingDag(true) as never, { key: 'cut', durability: 'strict' })) {
  if (event.type === 'function-succeeded') left.delete(event.functionId);
  if (left.size === 0) console.log('waiting');
}
