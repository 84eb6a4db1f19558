// A DAG whose functions say when they run, and of which two are remembered.
import { appendFileSync } from 'node:fs';
import { Dag, functionsIn } from 'handoff-dag';

const note = (name) => appendFileSync(process.env.NOTES, `${name}\n`);

export const rows = () => {
  note('rows');
  return Array.from({ length: 20_000 }, (_, row) => row);
};
export const sum = (all) => {
  note('sum');
  return all.reduce((total, row) => total + row, 0);
};
export const twice = (one) => {
  note('twice');
  return one * 2;
};

const tasks = functionsIn(import.meta.url);

export default new Dag('remembered')
  .add({ id: 'rows', code: tasks.rows, cache: true })
  .add({ id: 'sum', code: tasks.sum, args: ['rows'], cache: true })
  .add({ id: 'twice', code: tasks.twice, args: ['sum'] });
