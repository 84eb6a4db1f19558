import { Dag } from 'handoff-dag';

/** A module of functions that return DAGs, for expansions. */
export const chainOf = (n: number) =>
  new Dag()
    .add({ id: 'first', code: { module: './tasks.js', name: 'load' } })
    .add({ id: 'last', code: (first: unknown) => `${first}${n}`, args: ['first'] });
export const laterOf = async (n: number, isDeep: boolean) => new Dag().add({ id: 'a', code: () => (isDeep ? n : 0) });
export const withInput = () => new Dag().input('x');
export const size = (n: number): number => n;
