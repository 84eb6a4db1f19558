// Loaded into the processes of a test's nodes before `handoff node` itself. It gives the node its options, and lets the kit control it.
import { channel } from 'node:diagnostics_channel';
import type { Handoff } from '../handoff/index.js';
import { type ChildReport, type ChildRequest, OPTIONS_VARIABLE } from './child-messages.js';

const options = JSON.parse(process.env[OPTIONS_VARIABLE] ?? '{}') as object;
delete process.env[OPTIONS_VARIABLE];

const report = (message: ChildReport): void => void process.send?.(message);
let node: Handoff | undefined;

channel('handoff-dag:node-starting').subscribe((given) => void Object.assign(given as object, options));
channel('handoff-dag:node-listening').subscribe((given) => report({ type: 'listening', url: (given as { url: string }).url }));
channel('handoff-dag:node-started').subscribe((started) => {
  node = started as Handoff;
  report({ type: 'started' });
});

process.on('message', (request: ChildRequest) => {
  const { id } = request;
  answer(request).then(
    (value) => report({ type: 'answer', id, value }),
    (error) => report({ type: 'failure', id, isTypeError: error instanceof TypeError, message: (error as Error).message }),
  );
});

// The test's program has ended.
process.on('disconnect', () => process.exit(1));

async function answer(request: ChildRequest): Promise<readonly string[]> {
  // Loaded only when needed: the command has not been loaded yet.
  const { crashActorOf, linksOf } = await import('./node-inside.js');
  if (request.type === 'list-links') return linksOf(node!);
  await crashActorOf(node!, request.actor);
  return [];
}
