import { expect } from 'chai';
import { type ActorRef, type ActorSystem, ask, openActorSystem, startSupervisor } from '../../lib/actor/index.js';
import { silentLogger, systemClock } from '../../lib/base/index.js';
import { type MemberInfo, Membership, type NodeRegistryMessage, startNodeRegistry } from '../../lib/nodes/index.js';
import { settled, type TestClock, testClock } from '../support/test-clock.js';

describe('the NodeRegistry', () => {
  let clock: TestClock;
  let system: ActorSystem;
  let table: Membership;
  let registry: ActorRef<NodeRegistryMessage>;
  let beats: number;
  let kept: string[];

  beforeEach(async () => {
    clock = testClock();
    beats = 0;
    kept = [];
    system = await openActorSystem({ name: 'node-registry-spec', clock: systemClock, logger: silentLogger });
    table = new Membership('me', undefined, { clock });
    table.connect({
      keep: (name) => void kept.push(name),
      forget: () => {},
      drop: () => {},
      receivedBytes: () => 0,
      send: () => true,
      broadcast: ({ type }) => {
        if (type === 'beat') beats += 1;
      },
    });
    await startSupervisor(system, {
      children: [
        {
          id: 'NodeRegistry',
          start: async (parent) => {
            registry = await startNodeRegistry(parent, table, clock);
            return registry;
          },
        },
      ],
    });
    table.up({ name: 'a', incarnation: 'a1', address: 'ws://a:1' });
    await settled();
    beats = 0;
  });
  afterEach(() => system.stop());

  const find = (name: string): Promise<MemberInfo | undefined> =>
    ask<NodeRegistryMessage, MemberInfo | undefined>(registry, (replyTo) => ({ type: 'find-member', name, replyTo }), 1000);
  const pass = async (ms: number): Promise<void> => {
    for (let passedMs = 0; passedMs < ms; passedMs += 125) {
      clock.advance(125);
      await settled(5);
    }
  };

  it('answers who is a member', async () => {
    const members = await ask<NodeRegistryMessage, readonly MemberInfo[]>(registry, (replyTo) => ({ type: 'list-members', replyTo }), 1000);
    expect(members.map(({ name }) => name)).to.deep.equal(['me', 'a']);
    expect(await find('a')).to.deep.equal({ name: 'a', address: 'ws://a:1', status: 'up' });
    expect(await find('b')).to.equal(undefined);
  });

  it('beats, and looks at the time', async () => {
    await pass(2000);
    expect(beats).to.equal(4);
    await pass(3125);
    expect(await find('a')).to.equal(undefined);
  });

  it('loses nothing when it crashes, dials again, and goes on beating once per interval', async () => {
    kept.length = 0;
    let isBroken = true;
    const stop = table.subscribe(() => {
      if (isBroken) throw new Error('a bug');
    });
    const before = registry;
    await pass(2625);
    expect(registry).to.not.equal(before);
    isBroken = false;
    stop();
    expect(kept).to.deep.equal(['a']);
    expect((await find('a'))?.status).to.equal('suspect');
    beats = 0;
    await pass(2000);
    expect(beats).to.equal(4);
  });

  it('leaves no timer when it ends', async () => {
    await system.stop();
    await settled();
    expect(clock.pending).to.equal(0);
  });
});
