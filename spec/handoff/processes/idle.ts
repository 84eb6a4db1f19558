// A node that does nothing: the process must end by itself.
import { Handoff } from '../../../lib/index.js';

const handoff = await Handoff.start({ name: 'idle' });
await handoff.storeValue('d', 'v', 1);
console.log(await handoff.getLocalValue('d', 'v'));
