import { expect } from 'chai';
import { Allocator, Ledger } from '../../lib/allocator/index.js';
import { type Fetches, RanCode, type RemoteValue, type ValueListener } from '../../lib/executor/index.js';
import type { GuestRuns } from '../../lib/guests/index.js';
import { Answers } from '../../lib/handoff/cluster/answers.js';
import type { RunAnswers } from '../../lib/handoff/cluster/runs/run-answers.js';
import type { Membership } from '../../lib/nodes/index.js';
import type { Question, WireMessageOf } from '../../lib/peer/index.js';
import type { Runs } from '../../lib/runner/index.js';
import { backends, ValueStore } from '../../lib/store/index.js';
import { pack, StoredValue, unpackThrown } from '../../lib/value/index.js';
import { moduleRoot } from '../support/calls.js';
import { settled, testClock } from '../support/test-clock.js';

const LONGEST = 1000;

/** The answers of node `a`, asked by `b`; `said` is what went out, in order: beats, locations and answers. */
function open(running: readonly string[] = []) {
  const clock = testClock();
  const waiting = new Set<() => void>();
  const room = new Ledger({ cpu: 2 }, { thread: 1, loop: 1 });
  const allocation = new Allocator({ name: 'a', isSelf: true, isOpen: true, capacity: room }, clock);
  const store = new ValueStore({ node: 'a', backend: backends.memory(), clock, retainedBytesLimit: 1e9 });
  const said: (string | { value: unknown } | { error: Error & { code?: string } })[] = [];
  const fetched: { far: RemoteValue; listener: ValueListener }[] = [];
  let status: (all: boolean) => Promise<unknown> = async (all) => ({ all });
  const ranCode = new RanCode({ root: moduleRoot, node: 'a' });
  const answers = new Answers({
    node: 'a',
    root: moduleRoot,
    ranCode,
    digestOf: async (to, value) => (to === 'b' && value.kind === 'of-dag' ? `digest of ${value.functionId}` : undefined),
    clock,
    allocation,
    store,
    membership: { beatNow: () => void said.push('beat') } as unknown as Membership,
    runs: { isRunning: (dagId: string) => running.includes(dagId) } as unknown as Runs,
    ofRuns: { answer: (_from: string, _id: number, { kind }: Question) => void said.push(`asked: ${kind}`) } as unknown as RunAnswers,
    guests: {
      isRunning: (dagId: string) => dagId === 'of a guest',
      whenOver: (_dagId: string, told: () => void) => {
        waiting.add(told);
        return () => void waiting.delete(told);
      },
    } as unknown as GuestRuns,
    fetches: {
      fetch: (far: RemoteValue, _via: string | undefined, listener: ValueListener) => {
        fetched.push({ far, listener });
        return () => {};
      },
    } as unknown as Fetches,
    send: (to, message) => {
      const { id, value, error } = message as WireMessageOf<'answer'>;
      expect({ to, id }).to.deep.equal({ to: 'b', id: 7 });
      if (JSON.stringify(value).length > LONGEST) throw new RangeError('too long');
      said.push(error ? { error: unpackThrown(error) as Error } : { value });
      return true;
    },
    tellLocation: (dagId, functionId) => void said.push(`${dagId}/${functionId} is here`),
    status: (all) => status(all),
    findRecorded: undefined,
    openRemembered: async ({ sizeBytes }) => (sizeBytes > 5 ? StoredValue.nothing : undefined),
    rememberValue: async () => undefined,
    dataDir: undefined,
  });
  const ask = (question: Question, isObserver = false): (typeof said)[number] | undefined => {
    answers.answer('b', 7, question, isObserver);
    return said.at(-1);
  };
  return {
    ranCode,
    ...{ ask, said, allocation, store, clock, fetched, waiting },
    showing: (show: typeof status): void => {
      status = show;
    },
  };
}
const of = { dagId: 'd', functionId: 'f' };

describe('answers to other nodes', () => {
  it('register capabilities, which are told ahead of the answer', () => {
    const { ask, said, allocation } = open();
    ask({ kind: 'register-capabilities', capabilities: Object.entries({ cpu: 8, gpu: 1 }) });
    expect(said).to.deep.equal(['beat', { value: null }]);
    expect(allocation.ledger.capabilities).to.deep.equal({ cpu: 8, gpu: 1 });
    expect(allocation.ledger.capabilities).to.be.frozen;
  });

  it('say whether there is room, now', () => {
    const { ask, allocation } = open();
    const required = [['cpu', 2]] as const;
    expect(ask({ kind: 'check-room', required })).to.deep.equal({ value: true });
    allocation.ledger.take({ cost: new Map([['cpu', 1n]]), slot: 'loop' });
    expect(ask({ kind: 'check-room', required })).to.deep.equal({ value: false });
    expect(ask({ kind: 'check-room', required: [] })).to.deep.equal({ value: true });
  });

  it('keep a value that rides along, and tell where it is', () => {
    const { ask, said, store } = open();
    ask({ kind: 'keep-value', ...of, as: 'value', value: { packed: pack([1], { where: 'value' }) } });
    expect(said).to.deep.equal(['d/f is here', { value: null }]);
    const kept = store.storedValue('d', 'f')!;
    expect(kept.origin).to.equal('caller');
    expect(kept.open(true)).to.deep.equal([1]);
    ask({ kind: 'keep-value', ...of, functionId: 'g', as: 'result', value: { packed: pack(2, { where: 'value' }) } });
    expect(store.storedValue('d', 'g')).to.equal(undefined);
    expect(store.find('d', 'g')!.open(true)).to.equal(2);
  });

  it('fetch a large value that they are to keep before they say so', () => {
    const { ask, said, store, fetched } = open();
    ask({ kind: 'keep-value', ...of, as: 'value', value: { offer: 3 } });
    expect(said).to.deep.equal([]);
    expect(fetched[0]!.far).to.deep.equal({ from: 'b', value: { kind: 'offered', offer: 3 }, sizeBytes: 0 });
    fetched[0]!.listener.found(StoredValue.live('large', 8));
    expect(said).to.deep.equal(['d/f is here', { value: null }]);
    expect(store.find('d', 'f')!.open(false)).to.equal('large');
    ask({ kind: 'keep-value', ...of, as: 'value', value: { offer: 4 } });
    fetched[1]!.listener.missing(new RangeError('gone'));
    expect(said.at(-1)).to.have.property('error').that.is.instanceOf(RangeError);
  });

  it('wait for a value until it is there, or the time is up', () => {
    const { ask, said, store, clock } = open();
    ask({ kind: 'await-value', ...of, timeoutMs: 100 });
    expect(said).to.deep.equal([]);
    store.keep('d', 'f', StoredValue.live(1, 8), 'result');
    expect(said).to.deep.equal([{ value: 'a' }]);
    expect(clock.pending).to.equal(0);
    ask({ kind: 'await-value', ...of, timeoutMs: 100 });
    expect(said, 'it is there').to.have.length(2);
    ask({ kind: 'await-value', ...of, functionId: 'never', timeoutMs: 100 });
    clock.advance(100);
    expect(said[2]).to.deep.equal({ value: false });
    store.keep('d', 'never', StoredValue.live(1, 8), 'result');
    expect(said).to.have.length(3);
  });

  it('say where a value is, as far as they know', () => {
    const { ask, store } = open();
    expect(ask({ kind: 'lookup-location', ...of })).to.deep.equal({ value: null });
    store.locations.register('d', 'f', 'c');
    expect(ask({ kind: 'lookup-location', ...of })).to.deep.equal({ value: 'c' });
  });

  it('say which files of remembered values are here', async () => {
    const { ask, said } = open();
    ask({ kind: 'has-remembered', files: [9, 3, 7].map((sizeBytes) => ({ dataDir: 'x', contentDigest: 'y', sizeBytes })) });
    await settled(2);
    expect(said).to.deep.equal([{ value: [true, false, true] }]);
  });

  it('clear a DAG, but not while it runs here', () => {
    const { ask, store } = open(['running']);
    for (const dagId of ['d', 'running']) store.keep(dagId, 'f', StoredValue.live(1, 8), 'value');
    expect(ask({ kind: 'clear-dag', dagId: 'd' })).to.deep.equal({ value: null });
    expect(store.find('d', 'f')).to.equal(undefined);
    const { error } = ask({ kind: 'clear-dag', dagId: 'running' }) as { error: Error };
    expect(error).to.include({ code: 'HANDOFF_DAG_RUNNING', dagId: 'running', node: 'a' });
    expect(store.find('running', 'f')!.open(false)).to.equal(1);
  });

  it('show the status, also to one who only looks on, who is told nothing else', async () => {
    const { ask, said, allocation } = open();
    ask({ kind: 'show-status', all: true }, true);
    await settled(2);
    expect(said).to.deep.equal([{ value: { all: true } }]);
    const { error } = ask({ kind: 'register-capabilities', capabilities: [] }, true) as { error: Error };
    expect(error).to.include({ code: 'HANDOFF_NODE_UNKNOWN' });
    expect(allocation.ledger.capabilities).to.deep.equal({ cpu: 2 });
  });

  it('fail where they are longer than a message, or cannot be had', async () => {
    const { ask, said, showing } = open();
    showing(async () => 'x'.repeat(LONGEST));
    ask({ kind: 'show-status', all: false });
    await settled(2);
    expect((said[0] as { error: Error }).error.message).to.equal('too long');
    showing(() => Promise.reject(new RangeError('no')));
    ask({ kind: 'show-status', all: false });
    await settled(2);
    expect((said[1] as { error: Error }).error).to.be.instanceOf(RangeError);
  });

  it('clear a DAG that ran here for another driver as soon as its end is known, and within a second', () => {
    const { ask, said, store, clock, waiting } = open();
    const keep = (): void => void store.keep('of a guest', 'f', StoredValue.live(1, 8), 'value');
    keep();
    ask({ kind: 'clear-dag', dagId: 'of a guest' });
    expect([said, store.find('of a guest', 'f') !== undefined]).to.deep.equal([[], true]);
    for (const told of waiting) told();
    expect(said.splice(0)).to.deep.equal([{ value: null }]);
    expect([store.find('of a guest', 'f'), clock.pending]).to.deep.equal([undefined, 0]);
    waiting.clear();
    keep();
    ask({ kind: 'clear-dag', dagId: 'of a guest' });
    clock.advance(1000);
    expect((said[0] as { error: Error }).error).to.include({ code: 'HANDOFF_DAG_RUNNING' });
    expect([store.find('of a guest', 'f') !== undefined, waiting.size]).to.deep.equal([true, 0]);
  });

  it('compare a module with that of the node that asks', async () => {
    const { ask, said } = open();
    ask({ kind: 'compare-module', module: './tasks.ts', digest: '.ts 00' });
    ask({ kind: 'compare-module', module: './none.ts', digest: '.ts 00' });
    await settled(2);
    expect(said).to.have.deep.members([{ value: false }, { value: null }]);
  });

  it('give the digest of a value, or null', async () => {
    const { ask, said } = open();
    ask({ kind: 'take-digest', value: { kind: 'of-dag', dagId: 'd', functionId: 'f' } });
    ask({ kind: 'take-digest', value: { kind: 'offered', offer: 1 } });
    await settled(2);
    expect(said).to.deep.equal([{ value: 'digest of f' }, { value: null }]);
  });

  it('tell whether the code that has run here is certainly what the node that asks has', async () => {
    const { ask, said, ranCode } = open();
    const { digest } = await ranCode.contents.contentOf('./tasks.ts');
    for (const one of [digest, `${digest.slice(1)}A`]) {
      ask({ kind: 'check-content', modules: [{ module: './tasks.ts', digest: one }] });
      await ranCode.isStill([{ module: './tasks.ts', digest }]);
      await settled(2);
    }
    expect(said).to.deep.equal([{ value: true }, { value: false }]);
  });
});
