// In production nothing differs: whether results are frozen and walked through is said by `freeze` alone.
import { Dag, Handoff, type HandoffError } from '../../../lib/index.js';

const list = { id: 'list', code: () => [1] };
const pushed = { id: 'pushed', code: (given: number[]) => given.push(2), args: ['list'], maxRetries: 0 };
const callback = { id: 'callback', code: () => () => 1 };

const strict = await Handoff.start({ name: 'production' });
const write = await strict.execute(Dag.dynamic().add(list).add(pushed)).catch((error: HandoffError) => error.code);
const noValue = await strict.execute(Dag.dynamic().add(callback)).catch((error: HandoffError) => (error.cause as HandoffError).code);
console.log(write, noValue);
await strict.stop();

const loose = await Handoff.start({ name: 'production', freeze: false });
const { results } = await loose.execute(Dag.dynamic('d').add(list).add(pushed).add(callback));
console.log(JSON.stringify(results.list), results.pushed, typeof results.callback);
