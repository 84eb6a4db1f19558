import { Dag, functionsIn } from 'handoff-dag';

const tasks = functionsIn(new URL('./tasks.mjs', import.meta.url));

/** Ends when it is told to. */
export const patient = () => new Dag('patient').add({ id: 'wait', code: tasks.untilAborted });

/** Has to be ended. */
export const stubborn = () => new Dag('stubborn').add({ id: 'spin', code: tasks.spin });

/** Leaves something open when it is done, which keeps nobody waiting. */
export const open = () => new Dag('open').add({ id: 'open', code: () => void setInterval(() => {}, 2 ** 30) });

/** Its module throws when nobody listens any more. */
export const outside = () => {
  setTimeout(() => {
    throw new Error('thrown by a callback');
  }, 1);
  return new Dag('outside').add({ id: 'waits', code: () => new Promise(() => {}) });
};

/** More than a pipe holds. */
export const long = () => new Dag('long').add({ id: 'long', code: () => 'long '.repeat(1e6) });

/** Blocks its thread in a system call: it reads the FIFO that the environment names. */
export const blocked = () => new Dag('blocked').add({ id: 'read', code: tasks.readFifo, extraArgs: [process.env.SPEC_FIFO] });
