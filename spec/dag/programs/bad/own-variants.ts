import { Dag, type ExecuteOptions, type NodeOptions, type StoreBackend, type Transport } from 'handoff-dag';

export const execution: ExecuteOptions = { allocationStrategy: 'roomest' }; // error
export const built: ExecuteOptions = { allocationStrategy: 'first-avaliable' }; // error
export const nameless: ExecuteOptions = { allocationStrategy: { place: () => undefined } }; // error
export const later: ExecuteOptions = { allocationStrategy: { name: 'later', place: async () => 'a' } }; // error
export const made: NodeOptions = { strategies: { made: { name: 'made', place: () => undefined } } }; // error
export const nobody: NodeOptions = { isolation: 'sandbocks' }; // error
new Dag().add({ id: 'a', code: { module: './a.js', name: 'a' }, isolation: 'sandbocks' }); // error
export const half: NodeOptions = { storeBackend: { name: 'half' } }; // error
export const backend: StoreBackend = { name: 'later', open: async () => new Map() }; // error
export const schemeless: Omit<Transport, 'schemes'> & { schemes?: string[] } = {
  listen: async () => ({ url: '', close: async () => {} }),
  dial: () => 7, // error
};
