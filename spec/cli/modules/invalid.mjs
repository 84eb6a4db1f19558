import { Dag } from 'handoff-dag';

/** Three faults: two that wait for each other, one that waits for nobody, one that cannot cost that. */
export const faulty = Dag.dynamic('faulty')
  .add({ id: 'hen', code: () => 1, args: ['egg'] })
  .add({ id: 'egg', code: () => 1, args: ['hen'] })
  .add({ id: 'alone', code: () => 1, args: ['nobody'] })
  .add({ id: 'odd', code: () => 1, cost: { cpu: -1 } });

/** Adds the same id twice. */
export const twice = () =>
  Dag.dynamic('twice')
    .add({ id: 'one', code: () => 1 })
    .add({ id: 'one', code: () => 1 });

/** Not built, for an error of its own. */
export const broken = () => {
  throw new Error('no network here');
};

export const number = 7;
export const nothing = () => undefined;
