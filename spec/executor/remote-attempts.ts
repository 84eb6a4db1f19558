import { expect } from 'chai';
import { HandoffError } from '../../lib/base/index.js';
import type { AttemptAnswer, RemoteOutcome } from '../../lib/executor/index.js';
import { type RemoteAttempt, RemoteExecutor } from '../../lib/executor/remote/remote-executor.js';
import type { WireMessage, WireOutcome } from '../../lib/peer/index.js';
import { pack, StoredValue } from '../../lib/value/index.js';
import { testClock } from '../support/test-clock.js';

/** A step of an attempt. */
export const step = {
  role: 'function',
  functionId: 'f',
  isolation: 'loop',
  code: { module: './m.ts', name: 'f' },
  inputs: [StoredValue.live(1, 8)],
  asList: false,
  extra: undefined,
  wanted: true,
} as const;
export const cancelled = new HandoffError('HANDOFF_RUN_CANCELLED', 'enough');

/** Starts one attempt on node `b`; `told` and `ends` are what was heard of it. */
export function openAttempt(over: Partial<RemoteAttempt> = {}, send: (message: WireMessage) => void = () => {}) {
  const sent: WireMessage[] = [];
  const told: string[] = [];
  const ends: RemoteOutcome[] = [];
  const clock = testClock();
  const remote = new RemoteExecutor(
    (to, message) => {
      expect(to).to.equal('b');
      send(message);
      sent.push(message);
      return true;
    },
    '/project',
    clock,
  );
  const turned: string[] = [];
  const begin = (attempt = 1, functionId = 'f') => {
    const handle = remote.start(
      {
        context: { dagId: 'd', runId: 'r', functionId, attempt, node: 'b' },
        epoch: 0,
        steps: [step],
        costs: { cpu: 1 },
        mayQueue: true,
        isAhead: false,
        timeoutMs: undefined,
        stopGraceMs: 7,
        ...over,
      },
      {
        started: () => void told.push('started'),
        queued: (lacking) => void told.push(`queued for ${JSON.stringify(lacking)}`),
        refused: ({ used }) => void told.push(`refused ${JSON.stringify(used)}`),
        turnedDown: (isSilent) => void turned.push(isSilent ? 'silent' : 'turned down'),
        served: () => void turned.push('served'),
      },
    );
    handle.listen((outcome) => void ends.push(outcome));
    return handle;
  };
  const key = { of: ['r', 'f', 1, 0] } as const;
  const hear = (answer: AttemptAnswer): void => remote.heard('b', answer);
  const ended = (outcome: WireOutcome): void => hear({ type: 'attempt-ended', ...key, outcome });
  const refuse = (): void => {
    const none = { capabilities: [], usedByYou: [] } as const;
    hear({ type: 'attempt-refused', ...key, usage: { ...none, used: [['cpu', 2]] } });
  };
  return { clock, remote, sent, told, turned, ends, begin, key, hear, ended, refuse };
}

/** A success whose value rides along. */
export const small: WireOutcome = {
  type: 'succeeded',
  sizeBytes: 3,
  tookMs: 5,
  packed: pack('ok', { where: 'result' }),
  fits: true,
  facts: null,
  phases: null,
  slot: 0,
  span: null,
};
