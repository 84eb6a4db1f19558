import { isMainThread } from 'node:worker_threads';
import { Dag, functionsIn } from 'handoff-dag';

const code = functionsIn(import.meta.url);

/** What runs this. */
export const whereIsIt = () => (isMainThread ? (process.argv[1].endsWith('worker-entry.mjs') ? 'process' : 'loop') : 'thread');

export default new Dag('place').add({ id: 'where', code: code.whereIsIt });
