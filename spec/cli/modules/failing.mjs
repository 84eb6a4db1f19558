import { Dag, functionsIn } from 'handoff-dag';

const tasks = functionsIn(new URL('./tasks.mjs', import.meta.url));
const retry = { initialDelayMs: 1 };

/** One function fails on each of its three attempts. */
export const parse = () => new Dag('parse').add({ id: 'row', code: tasks.parse, extraArgs: [3], maxRetries: 2, retry });

/** Two fail, one of them at once, another never starts, and one has nothing to do with them. */
export const several = () =>
  new Dag('several')
    .add({ id: 'row', code: tasks.parse, extraArgs: [3], maxRetries: 1, retry })
    .add({ id: 'disk', code: tasks.failForGood })
    .add({ id: 'after', code: tasks.sum, args: ['row'] })
    .add({ id: 'apart', code: () => 'done even so' });

/** What is thrown is no error. */
export const text = () => new Dag('text').add({ id: 'text', code: tasks.throwText, maxRetries: 0 });

/** Takes too long. */
export const slow = () => new Dag('slow').add({ id: 'slow', code: tasks.untilAborted, timeoutMs: 20, maxRetries: 0 });

/** Nothing has that much. */
export const greedy = () => new Dag('greedy').add({ id: 'greedy', code: tasks.sum, extraArgs: [[]], cost: { cpu: 1e6 } });

/** Refers to a function that is not there. */
export const lost = () => new Dag('lost').add({ id: 'lost', code: { module: './spec/cli/modules/tasks.mjs', name: 'nowhere' } });

/** Refers to a module outside of the project. */
export const outside = () => new Dag('outside').add({ id: 'outside', code: { module: '../elsewhere.mjs', name: 'task' } });

/** An inline function fails in the attempt of its consumer. */
export const inline = () =>
  new Dag('inline')
    .add({ id: 'row', code: tasks.parse, extraArgs: [1], type: 'inline' })
    .add({ id: 'consumer', code: tasks.sum, args: ['row'], maxRetries: 0 });

/** Succeeds on its second attempt. */
export const flaky = () => new Dag('flaky').add({ id: 'flaky', code: tasks.flaky, extraArgs: [2], retry });
