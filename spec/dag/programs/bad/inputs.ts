import { Dag, type Handoff, type } from 'handoff-dag';

declare const handoff: Handoff;
const dag = new Dag('bad')
  .input('xs', type<number[]>())
  .input<string>()('text')
  .input('whatever')
  .add({ id: 'size', code: (xs: number[]) => xs.length, args: ['xs'] })
  .add({ id: 'half', type: 'inline', code: (size: number) => size / 2, args: ['size'] })
  .add({ id: 'last', code: (half: number) => [half], args: ['half'] });

dag.input('xs'); // error
dag.input('size', type<number>()); // error
dag.input<number>()('half'); // error
dag.input(3); // error
dag.input();
dag.input<number>()(3); // error
dag.add({ id: 'a', code: (text: number) => text, args: ['text'] }); // error
dag.add({ id: 'a', code: (value: number) => value, args: ['whatever'] }); // error

handoff.execute(dag, { inputs: { xs: ['1'] } }); // error
handoff.execute(dag, { inputs: { xs: 1 } }); // error
handoff.execute(dag, { inputs: { text: 1 } }); // error
handoff.execute(dag, { inputs: { nothing: 1 } }); // error
handoff.execute(dag, { inputs: { size: 1 } }); // error
handoff.executeLocal(dag, { inputs: { xs: 'text' } }); // error
handoff.executeDistributed(dag, { inputs: { xs: 'text' } }); // error
