import { arg, collocatedWith, Dag, functionsIn, onDriver } from 'handoff-dag';

const tasks = functionsIn<typeof import('../tasks.js')>('./tasks.js');
const dag = new Dag('bad').add({ id: 'xs', code: tasks.load, extraArgs: ['xs.csv'] }).add({ id: 'total', code: tasks.sum, args: ['xs'] });

dag.add({ id: 'a', code: tasks.sum, args: [arg('xs', { serialize: (text: string) => text })] }); // error
dag.add({ id: 'a', code: tasks.sum, args: [arg('xs', { serialize: (xs: number[]) => xs.join() })] }); // error
dag.add({ id: 'a', code: tasks.sum, args: [arg('xs', { deserialize: (xs: number[]) => xs.join() })] }); // error
dag.add({ id: 'a', code: tasks.sum, args: [arg('xs', { serialize: (xs) => xs })] }); // error
dag.add({ id: 'a', code: tasks.sum, args: [arg('total', { serialize: tasks.packed, deserialize: tasks.unpacked })] }); // error
dag.add({ id: 'a', code: (text: string) => text, args: [arg('xs', { serialize: tasks.packed, deserialize: tasks.unpacked })] }); // error
dag.add({ id: 'a', code: tasks.sum, args: [arg('nothing', {})] }); // error
dag.add({ id: 'a', code: (value: unknown) => value, args: [arg('nothing', {})] }); // error
dag.add({ id: 'a', code: tasks.sum, args: [arg('total', {})] }); // error
arg('xs', { serialize: tasks.packed, deserialize: (total: number) => total }); // error
arg('xs', { serialize: (xs: number[], source: number) => [xs, source] }); // error
arg('xs', { serialise: tasks.packed }); // error
arg('xs', { serialize: 'packed' }); // error
arg('xs', { extra: 3 }); // error
arg(3, {}); // error
arg('xs'); // error
collocatedWith(3); // error
onDriver('here'); // error
