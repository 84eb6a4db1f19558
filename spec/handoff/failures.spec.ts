import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { Dag, Handoff, type HandoffError } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { gate } from '../support/gate.js';
import { spyLogger } from '../support/spy-logger.js';

const failure = async (run: Promise<unknown>): Promise<HandoffError> => (await caught(run)) as unknown as HandoffError;
const texts = (errors: readonly unknown[] | undefined): string[] => errors!.map((error) => (error as Error).message);

describe('the error of a run that failed', () => {
  let handoff: Handoff;
  before(async () => {
    handoff = await Handoff.start({ name: 'here', capabilities: { cpu: 2 }, logger: spyLogger() });
  });
  after(() => handoff.stop({ graceMs: 0 }));

  const failing = (id: string, retries: number, spec: object = {}): never => {
    let attempts = 0;
    const code = (): never => {
      attempts += 1;
      throw new Error(`${id} ${attempts}`);
    };
    return { id, code, maxRetries: retries, retry: { initialDelayMs: 0 }, ...spec } as never;
  };

  it('has the errors of all attempts of the function that failed, the last of which is its cause', async () => {
    const error = await failure(handoff.execute(Dag.dynamic().add(failing('f', 2))));
    expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', attempts: 3 });
    expect(texts(error.attemptErrors)).to.deep.equal(['f 1', 'f 2', 'f 3']);
    expect(error.attemptErrors!.at(-1)).to.equal(error.cause);
  });

  it('keeps the latest hundred of them', async () => {
    const error = await failure(handoff.execute(Dag.dynamic().add(failing('f', 149))));
    expect(error.attempts).to.equal(150);
    expect(texts(error.attemptErrors)).to.have.length(100).and.include('f 150').and.not.include('f 50');
  });

  it('has what was thrown, error or not, and time-outs', async () => {
    let attempt = 0;
    const code = (): unknown => {
      attempt += 1;
      if (attempt === 1) throw 42;
      return attempt === 2 ? new Promise(() => {}) : Promise.reject(undefined);
    };
    const spec = { id: 'f', code, maxRetries: 2, timeoutMs: 200, retry: { initialDelayMs: 0 } };
    const { attemptErrors } = await failure(handoff.execute(Dag.dynamic().add(spec), { stopGraceMs: 0 }));
    expect([attemptErrors![0], attemptErrors![2]]).to.deep.equal([42, undefined]);
    expect(attemptErrors![1]).to.include({ code: 'HANDOFF_FUNCTION_TIMEOUT' });
  });

  it('lists all functions that failed, those of a run that goes on after failures in the order of time', async () => {
    const held = gate();
    const dag = Dag.dynamic()
      .add(failing('first', 0))
      .add({ id: 'second', code: () => held.pass().then(() => Promise.reject(new Error('second 1'))), maxRetries: 0 })
      .add({ id: 'third', code: () => 3 });
    const run = handoff.execute(dag, { onFailure: 'continue' });
    for await (const event of run) if (event.type === 'function-failed' && event.functionId === 'first') held.open();
    const error = await failure(run);
    expect(error.failures!.map(({ functionId }) => functionId)).to.deep.equal(['first', 'second']);
    for (const one of error.failures!) expect(one.attemptErrors).to.deep.equal([one.cause]);
    expect(error).to.include({ functionId: 'first', cause: error.failures![0]!.cause });
    expect(error.results).to.deep.equal({ third: 3 });
  });

  it('lists the one that ended the run, and those that failed before it was over', async () => {
    const error = await failure(handoff.execute(Dag.dynamic().add(failing('only', 1))));
    expect(error.failures!.map(({ functionId, attempts }) => [functionId, attempts])).to.deep.equal([['only', 2]]);
    expect(error.failures![0]!.failures, 'no circle').to.equal(undefined);
    expect(error.results).to.equal(undefined);
  });

  it('has none of it for a function that succeeded in the end', async () => {
    let attempt = 0;
    const spec = {
      id: 'f',
      code: () => {
        attempt += 1;
        if (attempt < 2) throw new Error('not yet');
        return attempt;
      },
      retry: { initialDelayMs: 0 },
    };
    const outcome = await handoff.execute(Dag.dynamic().add(spec));
    expect(outcome.results).to.deep.equal({ f: 2 });
    expect(outcome.failures).to.deep.equal({});
  });
});

describe('an AbortSignal that many runs share', () => {
  it('is listened to once for all of them, and no more when they have ended', async () => {
    await using handoff = await Handoff.start({ name: 'here', capabilities: {}, logger: spyLogger() });
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warned);
    const controller = new AbortController();
    const { signal } = controller;
    const listening = (): number => getEventListeners(signal, 'abort').length;
    const held = gate();
    const execute = (): ReturnType<Handoff['execute']> =>
      handoff.execute(Dag.dynamic().add({ id: 'f', code: () => held.pass() }), { signal });
    const runs = Array.from({ length: 30 }, execute);
    await held.reached;
    expect(listening()).to.equal(1);
    held.open();
    await Promise.all(runs);
    expect(listening()).to.equal(0);
    const others = Array.from({ length: 20 }, () =>
      handoff.execute(Dag.dynamic().add({ id: 'f', code: () => new Promise(() => {}) }), { signal, stopGraceMs: 0 }),
    );
    controller.abort('enough');
    for (const run of others) expect(await caught(run)).to.include({ code: 'HANDOFF_RUN_CANCELLED', cause: 'enough' });
    expect(listening()).to.equal(0);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', warned);
    expect(warnings).to.deep.equal([]);
  });
});
