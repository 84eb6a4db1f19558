import { expect } from 'chai';
import { RunOwners } from '../../lib/guests/run-owners.js';
import { packThrown, unpackThrown } from '../../lib/value/index.js';
import { asks, guestNode, nameOf } from './guests.js';

describe('who drives a run', () => {
  it('is the first that says so, until the run is over or it is gone', () => {
    const owners = new RunOwners();
    owners.claim('a', 'r', 0);
    owners.claim('c', 'r', 0);
    owners.claim('c', 's', 0);
    expect([owners.ownerOf('r')?.driver, owners.ownerOf('s')?.driver, owners.ownerOf('t')]).to.deep.equal(['a', 'c', undefined]);
    owners.forgetAll('a');
    owners.forget('s');
    expect([owners.ownerOf('r'), owners.ownerOf('s')]).to.deep.equal([undefined, undefined]);
  });

  it('is remembered of so many runs of each driver, the latest', () => {
    const owners = new RunOwners();
    owners.claim('a', 'first of a', 0);
    for (let at = 0; at < 3000; at += 1) owners.claim('liar', `r${at}`, 0);
    expect([owners.ownerOf('first of a')?.driver, owners.ownerOf('r0'), owners.ownerOf('r2999')?.driver]).to.deep.equal([
      'a',
      undefined,
      'liar',
    ]);
  });
});

describe('a word about the run of another driver', () => {
  const reason = packThrown(new Error('enough'));
  const errorIn = (message: unknown): Error & { code?: string } => {
    const { outcome, error } = message as { outcome?: { error: Uint8Array }; error?: Uint8Array };
    return unpackThrown((outcome?.error ?? error)!) as Error;
  };

  for (const [how, begin] of [
    ['that runs here', (node: ReturnType<typeof guestNode>) => node.guests.heard('a', asks('r/f'))],
    [
      'that has said that it begins',
      (node: ReturnType<typeof guestNode>) => node.guests.heard('a', { type: 'run-begun', runId: 'r', epoch: 0, dagId: 'd' }),
    ],
    [
      'that was there when its driver came',
      (node: ReturnType<typeof guestNode>) => node.guests.heard('a', { type: 'runs-under-way', runs: [['r', 0, []]] }),
    ],
  ] as const) {
    it(`is refused, each with an answer, of a run ${how}`, () => {
      const node = guestNode({ cpu: 4 });
      const { guests, said, isolation, store } = node;
      begin(node);
      const before = isolation.running.length;
      said.length = 0;
      guests.heard('thief', asks('r/g'));
      guests.heard('thief', { type: 'stop-attempt', of: nameOf('r/f'), reason, graceMs: 0 });
      guests.heard('thief', { type: 'release-values', runId: 'r', epoch: 0, ids: ['f'] });
      guests.heard('thief', { type: 'end-run', runId: 'r', epoch: 0, retainMs: 0, isInterrupted: false });
      guests.heard('thief', { type: 'run-begun', runId: 'r', epoch: 0, dagId: 'd' });
      guests.heard('thief', { type: 'runs-under-way', runs: [['r', 0, []]] });
      expect(said.map(({ to, message }) => `${to} ${message.type}`)).to.deep.equal([
        'thief run-refused',
        'thief attempt-ended',
        'thief attempt-ended',
        'thief run-refused',
        'thief run-refused',
        'thief run-refused',
      ]);
      for (const { message } of said) {
        const error = errorIn(message);
        expect(error.code).to.equal('HANDOFF_BAD_MESSAGE');
        expect(error.message).to.match(/^Node "b" does not take "[a-z-]+" from node "thief": node "a" drives the run$/);
      }
      expect(isolation.running.length).to.equal(before);
      said.length = 0;
      guests.heard('a', asks('r/h'));
      isolation.of('h').succeed(1);
      expect(said.map(({ to, message }) => `${to} ${message.type}`)).to.deep.equal(['a attempt-started', 'a attempt-ended']);
      expect(store.get('r', 'h')!.open(false)).to.equal(1);
    });
  }

  it('is refused of a run that this node drives itself, and of one that is over and retained', () => {
    const { guests, said, store, isolation } = guestNode({ cpu: 4 });
    store.openRun('own', 'd');
    guests.heard('thief', asks('own/f'));
    guests.heard('thief', { type: 'end-run', runId: 'own', epoch: 0, retainMs: 0, isInterrupted: false });
    expect(said.map(({ message }) => errorIn(message).message.replace(/^.*: /, ''))).to.deep.equal(
      Array(3).fill('node "b" drives the run'),
    );
    expect(store.hasRun('own')).to.equal(true);
    guests.heard('a', asks('r/f'));
    isolation.of('f').succeed(1);
    guests.heard('a', { type: 'end-run', runId: 'r', epoch: 0, retainMs: 1000, isInterrupted: false });
    said.length = 0;
    guests.heard('thief', asks('r/g'));
    expect(errorIn(said[0]!.message).code).to.equal('HANDOFF_BAD_MESSAGE');
    expect(store.find('dag of r', 'f')!.open(false)).to.equal(1);
  });

  it('to stop what nobody has begun here is answered: it is stopped', () => {
    const { stops, heard } = guestNode({ cpu: 1 });
    stops('r/f');
    expect(heard()).to.deep.equal(['a: ended f stopped']);
  });

  it('can be said by the next driver once the first is gone', () => {
    const { guests, heard } = guestNode({ cpu: 1 });
    guests.heard('a', { type: 'run-begun', runId: 'r', epoch: 0, dagId: 'd' });
    guests.driverGone('a');
    guests.heard('heir', asks('r/f'));
    expect(heard()).to.deep.equal(['heir: started f']);
  });
});
