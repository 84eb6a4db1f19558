import { expect } from 'chai';
import { Dag, type Handoff, HandoffError, type Run } from '../../lib/index.js';
import { recordEnd } from '../../lib/runner/durable/record/record-end.js';
import { NO_PROGRESS } from '../../lib/runner/index.js';
import { caught } from '../support/caught.js';
import { type Gate, gate } from '../support/gate.js';
import { placesForEach } from './durable-node.js';

describe('a durable run that a function has started', () => {
  const spec = placesForEach();
  let ran: string[];
  let hold: Gate<string>;
  let inner: Run<unknown> | undefined;
  beforeEach(() => {
    [ran, hold, inner] = [[], gate(), undefined];
  });
  const innerDag = (): Dag =>
    Dag.dynamic('inner')
      .add({ id: 'first', code: () => void ran.push('first') })
      .add({ id: 'second', code: () => hold.pass(), args: ['first'], maxRetries: 0 }) as never;
  /** A durable run whose function executes another one. */
  const outerOn = (node: Handoff, after: () => unknown = () => inner): Run<unknown> =>
    node.execute(
      Dag.dynamic('outer').add({
        id: 'f',
        maxRetries: 0,
        code: () => {
          inner = node.execute(innerDag(), { key: 'inner', durability: 'strict', stopGraceMs: 0 } as never);
          return after();
        },
      }),
      { key: 'outer', stopGraceMs: 0 } as never,
    ) as never;
  const states = async (node: Handoff): Promise<Record<string, string>> =>
    Object.fromEntries((await node.runs()).map(({ key, state }) => [key, state]));
  const codeOf = async (run: Run<unknown>): Promise<string> => (await (caught(run) as Promise<unknown> as Promise<HandoffError>)).code;

  it('is interrupted when its node stops, and goes on with the outer one', async () => {
    const failure = codeOf(outerOn(spec.here));
    await hold.reached;
    await spec.here.stop({ graceMs: 0 });
    expect(await failure).to.equal('HANDOFF_RUN_ABORTED');
    const again = await spec.places.start('again');
    expect(await states(again)).to.deep.equal({ outer: 'interrupted', inner: 'interrupted' });
    hold.open('done');
    await outerOn(again);
    expect(ran).to.deep.equal(['first']);
    expect(await states(again)).to.deep.equal({ outer: 'completed', inner: 'completed' });
  });

  it('is cancelled when the outer one is', async () => {
    const outer = outerOn(spec.here);
    const failure = codeOf(outer);
    await hold.reached;
    await outer.cancel();
    expect([await failure, await codeOf(inner!)]).to.deep.equal(['HANDOFF_RUN_CANCELLED', 'HANDOFF_RUN_CANCELLED']);
    expect(await states(spec.here)).to.deep.equal({ outer: 'cancelled', inner: 'cancelled' });
  });

  it('is interrupted with an outer run that is, and only if a function has started it', () => {
    const stateOf = (cause: unknown, isInner: boolean): unknown => {
      const states: unknown[] = [];
      const recorder = { end: (state: unknown) => Promise.resolve(void states.push(state)) };
      const error = new HandoffError('HANDOFF_RUN_CANCELLED', 'ended', {
        cause: new HandoffError('HANDOFF_RUN_CANCELLED', 'ended', { cause }),
      });
      void recordEnd(recorder as never, { progress: NO_PROGRESS }, error, isInner);
      return states[0];
    };
    const aborted = new HandoffError('HANDOFF_RUN_ABORTED', 'its DagRunner ended again and again');
    expect([stateOf(aborted, true), stateOf(aborted, false), stateOf('enough', true)]).to.deep.equal([
      'interrupted',
      'cancelled',
      'cancelled',
    ]);
    const failed = new HandoffError('HANDOFF_FUNCTION_FAILED', 'broken');
    const gone = new HandoffError('HANDOFF_STOPPED', 'its driver is gone');
    expect([stateOf(failed, true), stateOf(gone, true)]).to.deep.equal(['cancelled', 'interrupted']);
  });

  it('goes on for another call that waits for it', async () => {
    const outer = outerOn(spec.here);
    const failure = codeOf(outer);
    await hold.reached;
    const other = spec.here.execute(innerDag(), { key: 'inner' } as never);
    for await (const { type } of other) if (type === 'run-started') break;
    await outer.cancel();
    expect([await failure, await codeOf(inner!)]).to.deep.equal(['HANDOFF_RUN_CANCELLED', 'HANDOFF_RUN_CANCELLED']);
    hold.open('done');
    expect(await other).to.deep.include({ runId: inner!.id });
    expect((await other).results).to.deep.include({ second: 'done' });
    expect(await states(spec.here)).to.deep.equal({ outer: 'cancelled', inner: 'completed' });
  });

  it('is not executed by a function of its own, however deep', async () => {
    const errors: unknown[] = [];
    const asks = (): Promise<void> =>
      spec.here.execute(innerDag(), { key: 'inner' } as never).then(
        () => void errors.push('it ran'),
        ({ code }: HandoffError) => void errors.push(code),
      );
    const dag = Dag.dynamic('inner').add({
      id: 'f',
      code: () => spec.here.execute(Dag.dynamic('deep').add({ id: 'g', code: asks })).then(() => 1),
    });
    await spec.here.execute(dag, { key: 'inner' } as never);
    expect(errors).to.deep.equal(['HANDOFF_DAG_RUNNING']);
  });

  it('goes on with the next attempt of its function', async () => {
    let attempts = 0;
    const code = async (): Promise<unknown> => {
      attempts += 1;
      const run = spec.here.execute(innerDag(), { key: 'inner', durability: 'strict', stopGraceMs: 0 } as never);
      if (attempts === 2) return (await run).results;
      await hold.reached;
      hold = gate();
      hold.open('done');
      throw new Error('broken');
    };
    const { results } = await spec.here.execute(Dag.dynamic('outer').add({ id: 'f', code, maxRetries: 1 }));
    expect(results).to.deep.include({ f: { first: undefined, second: 'done' } });
    expect(ran).to.deep.equal(['first']);
  });
});
