import { Allocator, type Capabilities, Ledger } from '../../lib/allocator/index.js';
import { HandoffError } from '../../lib/base/index.js';
import {
  type BuiltInOptions,
  type BuiltInRunner,
  CodeRefs,
  Executor,
  type Fetches,
  type RemoteValue,
  StartBudget,
  type ValueListener,
} from '../../lib/executor/index.js';
import { GuestRuns } from '../../lib/guests/index.js';
import type { AttemptName, WireMessage, WireMessageOf } from '../../lib/peer/index.js';
import { backends, ValueStore } from '../../lib/store/index.js';
import { withLyingCalls } from '../../lib/testing/simulation/lying-calls.js';
import { packThrown } from '../../lib/value/index.js';
import { FakeIsolation } from '../support/fake-isolation.js';
import { spyLogger } from '../support/spy-logger.js';
import { testClock } from '../support/test-clock.js';

type Question = WireMessageOf<'run-attempt'>;

/** How long durable runs are kept without their driver. */
export const ORPHAN_MS = 60_000;

/** The name of an attempt at `x/f`, function `f` of run `x`. */
export function nameOf(name: string, attempt = 1, epoch = 0): AttemptName {
  const [runId, functionId] = name.split('/') as [string, string];
  return [runId, functionId, attempt, epoch];
}

/** One attempt as a driver asks for it: of `x/f` function `f` in run `x`. */
export const asks = (
  name: string,
  { attempt = 1, epoch = 0, ...over }: Partial<Question & { attempt: number; epoch: number }> = {},
): Question => {
  const [runId, functionId] = name.split('/') as [string, string];
  const code = { module: './m.ts', name: functionId, isolation: 'loop' };
  return {
    ...{
      type: 'run-attempt',
      of: nameOf(name, attempt, epoch),
      dagId: `dag of ${runId}`,
      since: null,
      element: null,
      origin: null,
      cost: [['cpu', 1]],
      mayQueue: true,
      isAhead: false,
    },
    steps: [
      {
        ...code,
        role: 'function',
        functionId,
        inputs: [],
        asList: false,
        extra: null,
        wanted: true,
        sole: false,
        ...{ shape: null, gist: null, digested: false },
      },
    ],
    ...{ timeoutMs: null, stopGraceMs: 7, recording: null },
    ...over,
  };
};

/** The guest runs of node `b`; what they say is kept by driver, as `started f`, `ended f succeeded`. */
export function guestNode(capabilities: Capabilities, loop = 100) {
  const clock = testClock();
  const ledger = new Ledger(capabilities, { thread: 100, loop });
  const self = { name: 'b', isSelf: true, isOpen: true, capacity: ledger };
  const allocation = new Allocator(self, clock, undefined, undefined, new Set(['thread']));
  const isolation = new FakeIsolation();
  const threads = new FakeIsolation();
  const together = (work: () => void): void => allocation.together(work);
  const lying = withLyingCalls(() => threads)({ together } as BuiltInOptions);
  const runners: [string, BuiltInRunner][] = [
    ['loop', isolation],
    ['thread', lying],
  ];
  const executor = new Executor(new Map(runners), clock);
  const store = new ValueStore({ node: 'b', backend: backends.memory(), clock, retainedBytesLimit: 1e9 });
  const fetching: { far: RemoteValue; via: string | undefined; listener: ValueListener; isGivenUp: boolean }[] = [];
  const fetches = {
    reaches: (node: string) => node !== 'unreachable',
    fetch: (far: RemoteValue, via: string | undefined, listener: ValueListener) => {
      const one = { far, via, listener, isGivenUp: false };
      fetching.push(one);
      return () => {
        one.isGivenUp = true;
      };
    },
  } as unknown as Fetches;
  const deferred: (() => void)[] = [];
  const turn = new StartBudget(clock, (action) => void deferred.push(action));
  const driven = new Map([['own', 0]]);
  const lost: string[] = [];
  const watched: string[] = [];
  const said: { to: string; message: WireMessage; mayRest: boolean }[] = [];
  const guests = new GuestRuns({
    node: 'b',
    allocation,
    executor,
    store,
    fetches,
    refOf: new CodeRefs().refOf,
    clock,
    orphanMs: ORPHAN_MS,
    largeValues: undefined,
    drivenEpoch: (runId) => driven.get(runId),
    takenOver: (runId, epoch, { code }) => void lost.push(`${runId} ${epoch} ${code}`),
    watchAttempt: ({ functionId }) => {
      watched.push(functionId);
      return undefined;
    },
    turn,
    send: (to, message, mayRest = false) => {
      said.push({ to, message, mayRest });
      return true;
    },
    logger: spyLogger(),
  });
  /** What was said since the last call, in short. */
  const heard = (): string[] => {
    const lines = said.splice(0).map(({ to, message }) => {
      const { type, of, ...rest } = message as WireMessageOf<'attempt-ended' | 'attempt-queued' | 'attempt-refused'>;
      const what = 'outcome' in rest ? rest.outcome.type : 'lacking' in rest ? JSON.stringify(Object.fromEntries(rest.lacking)) : '';
      return `${to}: ${type.replace('attempt-', '')} ${of?.[1]} ${what}`.trim();
    });
    return lines;
  };
  /** Runs what was put off for a turn of the event loop. */
  const nextTurn = (): void => {
    for (const action of deferred.splice(0)) action();
  };
  const stops = (name: string, attempt = 1): void => {
    const reason = packThrown(new HandoffError('HANDOFF_RUN_CANCELLED', 'enough'));
    guests.heard('a', { type: 'stop-attempt', of: nameOf(name, attempt), reason, graceMs: 3 });
  };
  return {
    guests,
    clock,
    ledger,
    allocation,
    isolation,
    threads,
    executor,
    store,
    fetching,
    deferred,
    nextTurn,
    said,
    heard,
    stops,
    driven,
    lost,
    watched,
  };
}
