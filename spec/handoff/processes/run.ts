// A run keeps the process alive, though nobody awaits it; the process ends with it, without a stop.
import { Dag, functionsIn, Handoff } from '../../../lib/index.js';

const tasks = functionsIn<typeof import('../../executor/modules/tasks.js')>(new URL('../../executor/modules/tasks.js', import.meta.url));
const handoff = await Handoff.start({ name: 'busy' });
const dag = new Dag('d')
  .add({ id: 'waits', code: tasks.breathe })
  .add({ id: 'says', code: tasks.say, extraArgs: ['from a thread'] })
  .add({ id: 'loop', code: () => console.log('from the loop') });
void handoff.execute(dag).then(({ results }) => console.log(JSON.stringify(results)));
