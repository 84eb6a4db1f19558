// A scenario with a rejection that nobody hears: prints what the simulation fails with.
import { simulate } from '../../../lib/testing/index.js';

const simulation = simulate({ seed: 6, nodes: 1 }, async () => {
  void Promise.reject(new Error('nobody hears this'));
  await new Promise((resolve) => setTimeout(resolve, 1000));
});
await simulation.catch((error: Error) => console.log(error.message));
