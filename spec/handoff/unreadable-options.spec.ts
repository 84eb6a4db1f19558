import { expect } from 'chai';
import { Dag, Handoff } from '../../lib/index.js';
import { DurablePlaces } from '../durable/durable-node.js';
import { caught } from '../support/caught.js';
import { spyLogger } from '../support/spy-logger.js';

/** A Proxy of which nothing can be read. */
function revoked(target: object = {}): never {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy as never;
}

const cannot = (what: string): string => `${what} cannot be read: it is a Proxy that has been revoked`;
const logger = spyLogger();
const one = (): Dag<{ a: number }, never, never, never> => new Dag('d').add({ id: 'a', code: () => 1 }) as never;

describe('what is given as options', () => {
  const refused = async (work: () => PromiseLike<unknown>): Promise<string> => {
    const error = await caught((async () => work())());
    expect(error).to.be.instanceOf(TypeError);
    return error.message;
  };

  it('is named when a node is started with it, if it is a Proxy that has been revoked: the options, and each variant', async () => {
    expect(await refused(() => Handoff.start(revoked()))).to.equal(cannot('options'));
    for (const name of ['strategies', 'storeBackend', 'transport', 'isolations', 'logger', 'capabilities', 'tls', 'heartbeat', 'join']) {
      expect(await refused(() => Handoff.start({ logger, [name]: revoked(name === 'join' ? [] : {}) }))).to.equal(cannot(name));
    }
    const strategies = { bad: revoked(() => {}) };
    expect(await refused(() => Handoff.start({ logger, strategies }))).to.equal(cannot('strategies.bad'));
    const isolations = { own: () => revoked() } as object;
    expect(await refused(() => Handoff.start({ logger, isolations }))).to.equal(cannot('what isolations.own has made'));
  });

  it('is named when a DAG is executed with it, and the node goes on', async () => {
    await using node = await Handoff.start({ logger, strategies: { bad: () => revoked() } });
    const execute = (options: object): Promise<string> => refused(() => node.execute(one(), options));
    expect(await execute(revoked())).to.equal(cannot('options'));
    for (const name of ['allocationStrategy', 'inputs', 'collect', 'signal']) {
      expect(await execute({ [name]: revoked(name === 'collect' ? [] : {}) })).to.equal(cannot(name));
    }
    expect(await execute({ allocationStrategy: 'bad' })).to.equal(cannot('what the strategy "bad" is made as'));
    const place = revoked(() => {});
    expect(await execute({ allocationStrategy: { name: 'own', place } })).to.equal(cannot('allocationStrategy: place'));
    expect(await refused(() => node.execute(revoked()))).to.equal(cannot('the DAG'));
    expect((await node.execute(one())).results).to.deep.equal({ a: 1 });
  });

  it('is refused where its content would be passed over: a list, a Map, a Set', async () => {
    await using node = await Handoff.start({ logger });
    for (const options of [[], new Map([['retainMs', 1]]), new Set(['retainMs'])]) {
      expect(await refused(() => Handoff.start(options as object))).to.equal('options must be an object');
      expect(await refused(() => node.execute(one(), options as object))).to.equal('options must be an object');
    }
  });

  it('is refused by runs and resume also where it is of a class, whose getters would be passed over', async () => {
    class Query {
      get state(): 'failed' {
        return 'failed';
      }
    }
    await using places = new DurablePlaces();
    const node = await places.start();
    for (const wrong of [[], new Map(), new Query()] as object[]) {
      expect(await refused(() => node.runs(wrong))).to.equal('the query must be an object of state and dagId');
      expect(await refused(() => node.resume('k', wrong))).to.match(/^options must be an? (plain )?object$/);
    }
    expect(await refused(() => node.runs(revoked()))).to.equal(cannot('the query'));
    expect(await refused(() => node.resume('k', revoked()))).to.equal(cannot('options'));
    expect(await node.runs(Object.assign(Object.create(null), { state: 'failed' }) as object)).to.deep.equal([]);
  });
});
