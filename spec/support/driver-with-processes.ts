// A program with a node of its own, whose functions run in processes and never end. What they print it prints.
import { Dag, functionsIn, Handoff } from '../../lib/index.js';

const code = functionsIn<typeof import('../executor/modules/crashes.js')>(new URL('../executor/modules/crashes.ts', import.meta.url));
const print = (_fields: object, text?: string): void => void console.log(text ?? '');
const handoff = await Handoff.start({
  capabilities: { cpu: 3 },
  isolation: 'process',
  logger: { debug() {}, info: print, warn: print, error: print },
});
const dag = Dag.dynamic()
  .add({ id: 'block', code: code.block })
  .add({ id: 'spin', code: code.spin })
  .add({ id: 'wait', code: code.untilAborted });
await handoff.execute(dag);
