import { EventEmitter } from 'node:events';
import { Dag, functionsIn } from 'handoff-dag';

const here = functionsIn(import.meta.url);
const oops = (how) => new RangeError(`left behind: ${how}`);

/** How a function can leave an error to nobody. */
const WAYS = {
  timer: () => void setTimeout(() => throwIt('timer'), 1),
  immediate: () => void setImmediate(() => throwIt('immediate')),
  tick: () => process.nextTick(() => throwIt('tick')),
  microtask: () => queueMicrotask(() => throwIt('microtask')),
  rejection: () => void Promise.reject(oops('rejection')),
  later: () =>
    void (async () => {
      await new Promise((resolve) => setImmediate(resolve));
      throw oops('later');
    })(),
  event: () => void setImmediate(() => new EventEmitter().emit('error', oops('event'))),
};
const throwIt = (how) => {
  throw oops(how);
};
export const ways = Object.keys(WAYS);

export const whileItRuns = (how) => {
  WAYS[how]();
  return new Promise(() => {});
};
export const whenItIsOver = (how) => {
  WAYS[how]();
  return how;
};
export const rest = () => new Promise((resolve) => setTimeout(resolve, 100, 'rested'));

const each = (id, code) => {
  const dag = Dag.dynamic(id);
  for (const how of ways) dag.add({ id: how, code, extraArgs: [how], isolation: 'loop', cost: { gpu: 1 } });
  return dag;
};
export const running = () => each('running', here.whileItRuns);
export const over = () => each('over', here.whenItIsOver).add({ id: 'rest', code: here.rest, isolation: 'loop', cost: { gpu: 1 } });
