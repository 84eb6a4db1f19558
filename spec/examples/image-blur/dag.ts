// Pictures are blurred side by side, as many at once as cpus and memory allow: each attempt holds what its `cost` says while it runs.
// `handoff run spec/examples/image-blur/dag.ts --cpu 2 --memory 300` never has more than two under way, nor more than 300 MiB of claims.
import { Dag, functionsIn } from 'handoff-dag';

const tasks = functionsIn<typeof import('./tasks.js')>(new URL('./tasks.js', import.meta.url));

const dag = Dag.dynamic('blur');
const edges = [1, 2, 3, 4].map((reach) => {
  dag.add({ id: `draw-${reach}`, code: tasks.draw, extraArgs: [200, 60], cost: { cpu: 1, memory: 50 } });
  dag.add({ id: `blur-${reach}`, code: tasks.blur, args: [`draw-${reach}`], extraArgs: [reach], cost: { cpu: 1, memory: 150 } });
  // Cheap: on the node's own loop, which costs no cpu.
  dag.add({ id: `edge-${reach}`, code: tasks.edge, args: [`blur-${reach}`], isolation: 'loop' });
  return `edge-${reach}`;
});
export default dag.add({ id: 'compare', code: tasks.compare, args: edges, argumentInclusion: 'as-list', isolation: 'loop' });
