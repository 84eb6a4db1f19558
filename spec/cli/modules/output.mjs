import { Dag, functionsIn } from 'handoff-dag';

const tasks = functionsIn(new URL('./tasks.mjs', import.meta.url));

console.log('the module is loaded');

export default new Dag('output')
  .add({ id: 'thread', code: tasks.say, extraArgs: ['one', '\u001b[2Jtwo', '10 %\r20 %'] })
  .add({ id: 'loop', code: (lines) => console.log(`heard ${lines} lines`), args: ['thread'] });
