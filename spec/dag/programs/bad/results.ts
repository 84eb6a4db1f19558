import { Dag, type Handoff, type } from 'handoff-dag';

declare const handoff: Handoff;
const dag = new Dag('bad')
  .input('xs', type<number[]>())
  .add({ id: 'size', code: (xs: number[]) => xs.length, args: ['xs'] })
  .add({ id: 'half', type: 'inline', code: (size: number) => size / 2, args: ['size'] })
  .add({ id: 'last', code: async (half: number) => [half], args: ['half'] });

const { results, allocations } = await handoff.execute(dag);
results.xs; // error
results.half; // error
results.nothing; // error
export const text: string = results.size; // error
results.last.then; // error
allocations.size = 3; // error

const { results: sinks } = await handoff.execute(dag, { collect: 'sinks' });
sinks.size; // error
sinks.half; // error
const { results: some } = await handoff.execute(dag, { collect: ['size'] });
some.last; // error
handoff.execute(dag, { collect: ['nothing'] }); // error
handoff.execute(dag, { collect: ['half'] }); // error
handoff.execute(dag, { collect: ['xs'] }); // error
handoff.execute(dag, { collect: 'none' }); // error
handoff.execute(dag, { onFailure: 'ignore' }); // error
handoff.execute(dag, { retries: 3 }); // error
handoff.execute({ id: 'dag', functions: {} }); // error
const { results: dynamic } = await handoff.execute(Dag.dynamic());
dynamic.anything.length; // error
