import { silentLogger } from '../../../lib/base/index.js';
import { Handoff } from '../../../lib/index.js';
import { heldDag } from './held-functions.js';

// A node of several; with a second argument, the folder of `heldDag`, it drives a run of that. It says its address, and how far the run is.
const [options, folder] = process.argv.slice(2) as [string, string | undefined];
const handoff = await Handoff.start({ logger: silentLogger, listen: '127.0.0.1:0', ...(JSON.parse(options) as object) });
console.log(handoff.address);
if (folder) {
  for await (const event of handoff.execute(heldDag(folder), { key: 'k' })) {
    if (event.type === 'function-started') console.log(`${event.functionId} runs`);
  }
}
