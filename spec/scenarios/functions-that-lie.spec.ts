import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { BroadcastChannel } from 'node:worker_threads';
import { expect } from 'chai';
import { silentLogger } from '../../lib/base/index.js';
import { Dag, type DynamicDag, functionsIn, Handoff, type Run } from '../../lib/index.js';

const gated = functionsIn<typeof import('./modules/gated.mjs')>(new URL('./modules/gated.mjs', import.meta.url));
const inThread = { isolation: 'thread', cost: { cpu: 1 } } as const;

/** Enough for what is ready to lie at a thread that runs something. What the specs expect does not depend on it. */
async function turns(): Promise<void> {
  for (let count = 0; count < 10; count += 1) await turn();
}

async function begun(run: Run<unknown>, functionId: string): Promise<void> {
  for await (const event of run) if (event.type === 'function-started' && event.functionId === functionId) return;
}

/** A DAG in which a short function has ended before others are ready: functions lie only where functions are short. */
const begunDag = (): DynamicDag => Dag.dynamic().add({ id: 'first', code: gated.tells, extraArgs: ['first'], ...inThread });

/** Opens a gate again and again: a thread hears it only once it listens. */
function opener(gate: string): () => void {
  const channel = new BroadcastChannel(`handoff spec ${gate}`);
  const timer = setInterval(() => channel.postMessage('open'), 10);
  return () => {
    clearInterval(timer);
    channel.close();
  };
}

describe('functions that lie at a thread', function () {
  this.timeout(480_000);
  let handoff: Handoff;
  let told: string[];
  let channel: BroadcastChannel;
  beforeEach(async () => {
    told = [];
    channel = new BroadcastChannel('handoff spec told');
    channel.onmessage = (event: unknown) => void told.push((event as { readonly data: string }).data);
    const root = fileURLToPath(new URL('./modules', import.meta.url));
    handoff = await Handoff.start({ name: 'n', capabilities: { cpu: 1 }, threads: 1, root, logger: silentLogger });
  });
  afterEach(async () => {
    channel.close();
    await handoff.stop({ graceMs: 0 });
  });

  it('give way to one of a higher priority that becomes ready', async () => {
    let open!: (value: unknown) => void;
    const opened = new Promise((resolve) => {
      open = resolve;
    });
    const dag = begunDag()
      .add({ id: 'held', code: gated.untilOpen, args: ['first'], extraArgs: ['priority'], priority: 9, ...inThread })
      .add({ id: 'low', code: gated.tells, args: ['first'], extraArgs: ['low'], ...inThread })
      .add({ id: 'later', code: () => opened, isolation: 'loop' })
      .add({ id: 'high', code: gated.tells, args: ['later'], extraArgs: ['high'], priority: 5, ...inThread });
    const run = handoff.execute(dag);
    await begun(run, 'held');
    await turns();
    open(1);
    await turns();
    const close = opener('priority');
    await run;
    close();
    const order: string[] = [];
    for await (const event of run) if (event.type === 'function-started') order.push(`${event.functionId} ${event.attempt}`);
    // Being taken back is no attempt.
    expect(order.filter((id) => id !== 'later 1' && id !== 'first 1')).to.deep.equal(['held 1', 'high 1', 'low 1']);
  });

  it('never run once their run is cancelled', async () => {
    const dag = begunDag()
      .add({ id: 'held', code: gated.untilOpen, args: ['first'], extraArgs: ['cancel'], priority: 9, ...inThread })
      .add({ id: 'low', code: gated.tells, args: ['first'], extraArgs: ['cancelled'], ...inThread });
    const run = handoff.execute(dag, { stopGraceMs: 0 });
    await begun(run, 'held');
    await turns();
    const ended = run.then(
      () => 'completed',
      (error: { readonly code: string }) => error.code,
    );
    await run.cancel();
    expect(await ended).to.equal('HANDOFF_RUN_CANCELLED');
    await handoff.execute(Dag.dynamic().add({ id: 'after', code: gated.tells, extraArgs: ['after'], ...inThread }));
    while (told.length < 2) await turn();
    expect(told).to.deep.equal(['first', 'after']);
  });

  it('run elsewhere, at no cost of an attempt, when the one before them ends its thread', async () => {
    const dag = begunDag()
      .add({ id: 'exits', code: gated.exits, args: ['first'], priority: 9, optional: true, ...inThread })
      .add({ id: 'low', code: gated.tells, args: ['first'], extraArgs: ['low'], ...inThread });
    const run = handoff.execute(dag, { maxRetries: 0, onFailure: 'continue' });
    const { results } = await run.catch(() => ({ results: {} }));
    expect(results).to.deep.include({ low: 'low' });
  });
});
