import { Dag } from 'handoff-dag';

export const helper = () => 'not a Dag';
export const constant = 3;
export const onlyDag = new Dag('only').add({ id: 'what', code: () => 'the only Dag' });
