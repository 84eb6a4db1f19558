import { Dag } from 'handoff-dag';

export const helper = () => 'not a Dag';
export const later = async () => new Dag('later').add({ id: 'when', code: () => 'later' });
export const first = new Dag('first').add({ id: 'what', code: () => 'first' });
export const second = new Dag('second').add({ id: 'what', code: () => 'second' });
