import { Dag, functionsIn } from 'handoff-dag';

const tasks = functionsIn<typeof import('./typed-tasks.js')>(new URL('./typed-tasks.js', import.meta.url));

/** A TypeScript module whose functions are TypeScript as well. */
export default async (): Promise<Dag<{ word: string; shout: string }, never, never, 'word'>> =>
  new Dag('typed').add({ id: 'word', code: tasks.word }).add({ id: 'shout', code: tasks.shout, args: ['word'] });
