// A web server with one run for each request: `GET /factors/360`, `GET /spin/1000`. A request that the client gives up is cancelled, with its thread.

import { randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import { Dag, functionsIn, Handoff, HandoffError } from 'handoff-dag';

const tasks = functionsIn<typeof import('./tasks.js')>(new URL('./tasks.js', import.meta.url));
const handoff = await Handoff.start({ threads: 2 });

// One DAG for all requests: what differs is its input, and the id by which the run is known.
const factorize = new Dag('factors')
  .input<number>()('n')
  .add({ id: 'factors', code: tasks.factors, args: ['n'], timeoutMs: 10_000 });
const busy = new Dag('work')
  .input<number>()('ms')
  .add({ id: 'text', code: tasks.work, args: ['ms'], maxRetries: 0 });

const server = createServer(async (request, response) => {
  const [, what, text] = (request.url ?? '').split('/');
  const number = Number(text);
  const given = new AbortController();
  response.on('close', () => given.abort(new Error('the client has gone')));
  const options = { dagId: randomUUID(), signal: given.signal, retainMs: 0, stopGraceMs: 100 };
  try {
    if (what === 'factors')
      answer(response, 200, (await handoff.execute(factorize, { ...options, inputs: { n: number } })).results.factors);
    else if (what === 'spin') answer(response, 200, (await handoff.execute(busy, { ...options, inputs: { ms: number } })).results.text);
    else answer(response, 404, 'no such page');
  } catch (error) {
    if (HandoffError.is(error, 'HANDOFF_RUN_CANCELLED')) console.log(`cancelled: ${request.url}`);
    else answer(response, 500, HandoffError.is(error) ? error.code : 'unknown error');
  }
});
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`listening on ${(server.address() as { port: number }).port}`);
});
process.once('SIGTERM', async () => {
  server.close();
  await handoff.stop();
});

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}
