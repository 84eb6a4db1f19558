import { Dag } from 'handoff-dag';

export const tell = () => globalThis.told;

export default Dag.dynamic('set up').add({ id: 'told', code: { module: import.meta.url, name: 'tell' } });
