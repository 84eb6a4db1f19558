import { expect } from 'chai';
import { Dag, functionsIn, Handoff, type IsolationFactory, loopIsolation, threadIsolation } from '../../lib/index.js';
import { caught } from '../support/caught.js';
import { spyLogger } from '../support/spy-logger.js';

declare module '../../lib/index.js' {
  interface Isolations {
    /** Of specs. */
    readonly own: true;
  }
}

const tasks = functionsIn<typeof import('../support/modules/tasks.js')>(new URL('../support/modules/tasks.js', import.meta.url));

/** An isolation that counts its calls. */
function counting(make: IsolationFactory = loopIsolation): { own: IsolationFactory; called: string[] } {
  const called: string[] = [];
  const own: IsolationFactory = (options) => {
    const runner = make(options);
    return {
      start(call, settle) {
        called.push(call.context.functionId);
        return runner.start(call, settle);
      },
      close: () => runner.close(),
    };
  };
  return { own, called };
}

describe('an isolation of a user’s own', () => {
  const start = (options: object): Promise<Handoff> =>
    Handoff.start({ capabilities: { cpu: 2 }, threads: 2, logger: spyLogger(), ...options });

  it('runs the functions that name it, and no other', async () => {
    const { own, called } = counting();
    await using handoff = await start({ isolations: { own } });
    const dag = new Dag('d')
      .add({ id: 'mine', code: tasks.add, extraArgs: [1, 2], isolation: 'own' })
      .add({ id: 'loop', code: tasks.add, args: ['mine'], extraArgs: [3], isolation: 'loop' })
      .add({ id: 'plain', code: (sum: number) => sum + 4, args: ['loop'] });
    expect((await handoff.execute(dag)).results).to.deep.equal({ mine: 3, loop: 6, plain: 10 });
    expect(called).to.deep.equal(['mine']);
  });

  it('is the default of a node that says so, for functions of modules', async () => {
    const { own, called } = counting(threadIsolation);
    await using handoff = await start({ isolations: { own }, isolation: 'own' });
    const dag = new Dag('d')
      .add({ id: 'mine', code: tasks.add, extraArgs: [1, 2] })
      .add({ id: 'plain', code: (sum: number) => sum + 4, args: ['mine'] });
    expect((await handoff.execute(dag)).results).to.deep.equal({ mine: 3, plain: 7 });
    expect(called).to.deep.equal(['mine']);
  });

  it('fails the run, and neither node nor other runs, when it breaks its contract', async () => {
    const own: IsolationFactory = () => ({ start: () => expect.fail('broken'), close: async () => 0 });
    await using handoff = await start({ isolations: { own } });
    const error = await caught(
      handoff.execute(new Dag('d').add({ id: 'f', code: tasks.add, extraArgs: [1, 2], isolation: 'own', maxRetries: 0 })),
    );
    expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'f' });
    expect(error.message).to.contain('isolation "own" broke its contract: start has thrown: broken');
    expect((await handoff.execute(new Dag('e').add({ id: 'f', code: tasks.add, extraArgs: [1, 2] }))).results).to.deep.equal({ f: 3 });
  });
});
