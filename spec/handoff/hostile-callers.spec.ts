import { expect } from 'chai';
import { arg, Dag, type DagLike, functionsIn, Handoff, HandoffError } from '../../lib/index.js';
import { exited, spawnActor, startActorSystem, startSupervisor, tell } from '../../lib/supervisor.js';
import { THROWN } from '../scenarios/modules/hostile.js';
import { caught } from '../support/caught.js';

const code = functionsIn<typeof import('../scenarios/modules/hostile.js')>(new URL('../scenarios/modules/hostile.ts', import.meta.url));

const revokedProxy = (): never => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy as never;
};

describe('code of users that is called beside the functions', () => {
  let node: Handoff;
  beforeEach(async () => {
    node = await Handoff.start({ name: 'here', threads: 1 });
  });
  afterEach(() => node.stop({ graceMs: 0 }));

  for (const [what, make] of Object.entries(THROWN)) {
    const fail = (): never => {
      throw make();
    };

    it(`fails the run that it belongs to, and nothing else: ${what}`, async () => {
      const one = new Dag('one').add({ id: 'f', code: () => 1, isolation: 'loop' });
      const strategy = { name: 'bad', place: fail };
      // Not a plain function, which has one place alone.
      const placed = Dag.dynamic().add({ id: 'f', code: code.nest, extraArgs: [1], isolation: 'loop' });
      const byStrategy = await caught(node.execute(placed, { allocationStrategy: strategy }));
      expect(byStrategy).to.include({ code: 'HANDOFF_ALLOCATION_FAILED', functionId: 'f' });
      expect('cause' in byStrategy, 'says why').to.equal(true);

      const dags: readonly DagLike[] = [
        Dag.dynamic()
          .add({ id: 'i', type: 'inline', code: fail })
          .add({ id: 'f', code: () => 1, args: ['i'] }),
        Dag.dynamic()
          .add({ id: 'i', type: 'inline', code: async () => fail() })
          .add({ id: 'f', code: () => 1, args: ['i'] }),
        Dag.dynamic()
          .add({ id: 'g', code: () => 1 })
          .add({ id: 'f', code: () => 1, args: [arg('g', { serialize: fail })] }),
        Dag.dynamic()
          .add({ id: 'g', code: () => 1 })
          .add({ id: 'f', code: () => 1, args: [arg('g', { deserialize: async () => fail() })] }),
        Dag.dynamic().add({ id: 'f', code: async () => fail() }),
      ];
      for (const dag of dags) {
        const error = await caught(node.execute(dag as never, { maxRetries: 0 }));
        expect(error).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'f', attempts: 1 });
        expect(error.message).to.be.a('string');
      }
      expect((await node.execute(one)).results).to.deep.equal({ f: 1 });
    });

    it(`ends the actor that throws it, which is started again: ${what}`, async () => {
      const system = await startActorSystem();
      let starts = 0;
      const supervisor = await startSupervisor(system, {
        maxRestarts: 1000,
        children: [
          {
            id: 'a',
            start: (parent) => {
              starts += 1;
              return spawnActor<string>(parent, fail, { onTerminate: fail });
            },
          },
        ],
      });
      const [child] = await supervisor.whichChildren();
      tell(child!.ref as never, 'go' as never);
      const reason = await exited(child!.ref as never);
      expect(reason).to.be.instanceOf(Error).with.property('message').that.is.a('string');
      while ((await supervisor.whichChildren())[0]?.ref === child!.ref) await new Promise((resolve) => setImmediate(resolve));
      expect(starts).to.equal(2);
      for (const start of [fail, async () => fail(), (parent: never) => spawnActor(parent, () => undefined, { init: fail })]) {
        const error = await caught(supervisor.startChild({ id: 'b', start: start as never, restart: 'temporary' }));
        expect(error).to.include({ code: 'HANDOFF_CHILD', reason: 'start-failed' });
      }
      await system.stop();
    });

    it(`is no end of anything if a logger throws it: ${what}`, async () => {
      const logger = { debug: fail, info: fail, warn: fail, error: fail };
      const talking = await Handoff.start({ name: 'talking', logger });
      const dag = new Dag('d').add({ id: 'f', code: () => console.log('a line'), isolation: 'loop' });
      await talking.execute(dag);
      await talking.stop();
    });
  }

  it('runs, or fails its attempt, whatever its properties do when they are read', async () => {
    const unreadable = new Proxy(() => 1, {
      get: () => {
        throw new Error('not to be read');
      },
    });
    const unnamed = Object.defineProperty(() => 2, 'name', {
      get: () => {
        throw new Error('not to be read');
      },
    });
    const { proxy: revoked, revoke } = Proxy.revocable(() => 3, {});
    const dag = Dag.dynamic('unreadable').add({ id: 'proxy', code: unreadable }).add({ id: 'unnamed', code: unnamed });
    expect((await node.execute(dag)).results).to.deep.equal({ proxy: 1, unnamed: 2 });
    revoke();
    const failed = await caught(node.execute(Dag.dynamic('revoked').add({ id: 'f', code: revoked, maxRetries: 0 })));
    expect(failed).to.include({ code: 'HANDOFF_FUNCTION_FAILED', functionId: 'f' });
    expect((await node.allRuns()).map(({ dagId, state }) => [dagId, state])).to.have.deep.members([
      ['unreadable', 'completed'],
      ['revoked', 'failed'],
    ]);
  });

  it('is refused where it is no specification, no DAG and no option, with an error that says so', async () => {
    const hostile = new Proxy(
      {},
      {
        get() {
          throw new Error('trap');
        },
        ownKeys() {
          throw new Error('trap');
        },
      },
    );
    const one = new Dag('one').add({ id: 'f', code: () => 1 });
    for (const given of [hostile, revokedProxy()]) {
      expect(() => Dag.dynamic().add(given as never)).to.throw(Error);
      expect(() => Dag.fromJSON(given)).to.throw(Error);
      expect(await caught(node.execute(given as never))).to.be.instanceOf(Error);
      expect(await caught(node.execute(one, given as never))).to.be.instanceOf(Error);
      expect(await caught(node.execute(one, { inputs: given } as never))).to.be.instanceOf(Error);
      expect(await caught(node.execute(one, { allocationStrategy: given } as never))).to.be.instanceOf(Error);
      expect(await caught(node.execute(one, { signal: given } as never))).to.be.instanceOf(Error);
      expect(await caught(node.storeValue('d', 'v', given))).to.include({ code: 'HANDOFF_NOT_SERIALIZABLE' });
      expect(await caught(Handoff.start(given as never))).to.be.instanceOf(Error);
    }
    for (const make of Object.values(THROWN)) {
      const throwing = {
        get dagId(): never {
          throw make();
        },
      };
      const refused = await caught(node.execute(one, throwing as never));
      expect(refused).to.be.instanceOf(Error);
      expect(refused.message).to.be.a('string');
    }
    expect((await node.execute(one)).results).to.deep.equal({ f: 1 });
  });

  it('may cancel for any reason', async () => {
    for (const make of Object.values(THROWN)) {
      const controller = new AbortController();
      const run = node.execute(Dag.dynamic().add({ id: 'f', code: () => new Promise(() => {}) }), {
        signal: controller.signal,
        stopGraceMs: 0,
      });
      controller.abort(make());
      const error = await caught(run);
      expect(HandoffError.is(error, 'HANDOFF_RUN_CANCELLED')).to.equal(true);
    }
  });
});
