// Plain Node, without tsx: the built package runs a TypeScript module on the loop of its own process.
import { Dag, Handoff } from 'handoff-dag';

const handoff = await Handoff.start({ root: import.meta.dirname, capabilities: {} });
const code = { module: './typed.ts', name: 'twice' };
const dag = Dag.dynamic('typed').add({ id: 'twice', code, extraArgs: [21], isolation: 'loop' });
console.log((await handoff.execute(dag)).results.twice);
await handoff.stop({ graceMs: 0 });
