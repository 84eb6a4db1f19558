import type { Allocator } from '../../allocator/index.js';
import { HandoffError, type Logger, textOf } from '../../base/index.js';
import type { AttemptContext, Fetches, ModuleComparisons, RemoteExecutor, ValueServer } from '../../executor/index.js';
import type { GuestRuns } from '../../guests/index.js';
import type { MemberEvent, Membership } from '../../nodes/index.js';
import type {
  DialFault,
  DownCause,
  MessageSubject,
  PeerIdentity,
  PeerListener,
  QuietLog,
  Requests,
  WireMessage,
  WrongMessage,
} from '../../peer/index.js';
import type { Runs } from '../../runner/index.js';
import type { ValueStore } from '../../store/index.js';
import { packThrownForWire, unpackError } from '../../value/index.js';
import { answerError } from './answer-error.js';
import type { Answers } from './answers.js';
import type { RunAnswers } from './runs/run-answers.js';
import type { RunQuestions } from './runs/run-questions.js';

/** How many faults of each kind are logged in a minute. */
const FAULTS_TOLD = 10;

/** What observers may send. */
const OF_OBSERVERS: ReadonlySet<string> = new Set(['ask', 'withdraw-question']);

/** Messages whose sender waits for an answer. */
const QUESTIONS: ReadonlySet<string> = new Set(['ask', 'run-attempt', 'stop-attempt', 'fetch-value']);

/**
 * Routes everything that comes over the links: each message to its station, within the turn in which it came; the beginnings and ends of
 * links to the membership.
 */
export class MessageRouter implements PeerListener {
  readonly #parts: MessageRouterDeps;
  /** Peers that are no members: they ask questions and are asked none. */
  readonly #observers = new Set<string>();

  constructor(parts: MessageRouterDeps) {
    this.#parts = parts;
    parts.membership.subscribe((event) => this.#memberEvent(event));
  }

  up(peer: PeerIdentity): void {
    this.#safely(() => {
      const { membership, requests, remote, runs, store, send } = this.#parts;
      if (peer.isObserver) return void this.#observers.add(peer.name);
      membership.up(peer);
      // Before any question is asked again.
      const attempts = remote.attemptsOn(peer.name);
      const underWay = runs.underWay();
      send(peer.name, { type: 'runs-under-way', runs: underWay.map(({ runId, epoch }) => [runId, epoch, attempts.get(runId) ?? []]) });
      // Messages were missed on both sides while there was no link.
      store.forgetAllCopies((node) => node === peer.name || membership.find(node) !== undefined);
      for (const { runId, epoch, dagId } of underWay) send(peer.name, { type: 'run-begun', runId, epoch, dagId });
      requests.linkUp(peer.name);
      remote.linkUp(peer.name);
    });
  }

  down(peer: PeerIdentity, cause: DownCause): void {
    this.#safely(() => {
      // It asks anew over another link.
      if (this.#observers.delete(peer.name)) return this.#parts.ofRuns.gone(peer.name);
      this.#parts.membership.down(peer, cause === 'goodbye' ? 'goodbye' : 'closed');
    });
  }

  notDialled(name: string, address: string, fault: DialFault): void {
    // Only faults that prove its absence count: a node that refuses a link is alive.
    if (fault === 'refused' || fault === 'other-name') this.#safely(() => this.#parts.membership.refused(name, address));
  }

  messages(from: string, messages: readonly WireMessage[], isWanted: () => boolean): void {
    // The room that a hundred answers make is filled once, not after each.
    this.#parts.allocation.together(() => {
      for (const message of messages) if (isWanted()) this.#doubtfully(from, message);
    });
  }

  value(from: string, transferId: number, value: readonly Uint8Array[] | Error): void {
    this.#safely(() => this.#parts.fetches.value(from, transferId, value));
  }

  expects(from: string, transferId: number): boolean {
    return this.#parts.fetches.expects(from, transferId);
  }

  memoryFor(from: string, transferId: number, sizeBytes: number, begin: Uint8Array | undefined): readonly Uint8Array[] | undefined {
    return this.#parts.fetches.memoryFor(from, transferId, sizeBytes, begin);
  }

  /**
   * Processes a message with a valid shape and possibly invalid content. An error is the sender's affair: a question is answered with it,
   * and after any other message the link ends. All else goes on. If it counted as this node's own error, one member could end every other.
   */
  #doubtfully(from: string, message: WireMessage): void {
    try {
      this.#message(from, message);
    } catch (error) {
      const fields = { code: 'HANDOFF_BAD_MESSAGE', peer: from, type: message.type, why: textOf(error), err: error };
      this.#parts.quietLog.warn(fields, 'cannot process a message', FAULTS_TOLD);
      if (!QUESTIONS.has(message.type)) return this.#parts.drop(from);
      // Asked again over a new link, the question would end that link too.
      this.notUnderstood(from, { type: message.type, subject: message as MessageSubject, fault: textOf(error) });
    }
  }

  notUnderstood(from: string, { type, subject, fault }: WrongMessage): void {
    if (type === undefined) return;
    const node = this.#parts.membership.self.name;
    const error = new HandoffError('HANDOFF_BAD_MESSAGE', `Node "${node}" cannot understand what node "${from}" sent: ${fault}`, { node });
    this.#safely(() => this.#refuse(from, type, subject, error));
  }

  /** Replies to a question that cannot be processed with the error. If an answer cannot be read, its question fails. */
  #refuse(from: string, type: string, { id, of }: MessageSubject, error: HandoffError): void {
    const { remote, send } = this.#parts;
    const packed = packThrownForWire(error);
    if (id !== undefined) this.#refuseNumbered(from, type, id, error, packed);
    if (of === undefined) return;
    const failed = { type: 'attempt-ended', of, outcome: { type: 'failed', error: packed, final: true, phases: null, slot: 0 } } as const;
    if (type === 'run-attempt' || type === 'stop-attempt') send(from, failed);
    else if (type === 'attempt-refused' || type === 'attempt-ended') remote.heard(from, failed);
  }

  #refuseNumbered(from: string, type: string, id: number, error: HandoffError, packed: Uint8Array): void {
    const { requests, fetches, send } = this.#parts;
    switch (type) {
      case 'ask':
        return void send(from, { type: 'answer', id, value: null, error: packed });
      case 'fetch-value':
        return void send(from, { type: 'value-missing', id, error: packed });
      case 'answer':
        return requests.failed(from, id, error);
      case 'value-found':
      case 'value-missing':
        return fetches.heard(from, { type: 'value-missing', id, error: packed }, error);
    }
  }

  #message(from: string, message: WireMessage): void {
    const { membership, answers, ofRuns, runQuestions, requests, guests, remote, runs, values, fetches, store } = this.#parts;
    if (this.#observers.has(from) && !OF_OBSERVERS.has(message.type)) {
      const error = new HandoffError('HANDOFF_NODE_UNKNOWN', `An observer cannot send "${message.type}": it is no member`);
      return this.#refuse(from, message.type, message as MessageSubject, error);
    }
    switch (message.type) {
      case 'beat':
      case 'goodbye':
      case 'members':
        return membership.heard(from, message);
      case 'ask':
        return answers.answer(from, message.id, message.question, this.#observers.has(from));
      case 'withdraw-question':
        return ofRuns.withdraw(from, message.id);
      case 'answer':
        if (!requests.isOpen(from, message.id, 'ask')) return undefined;
        if (message.error) return requests.failed(from, message.id, answerError(from, message.error));
        return requests.answered(from, message.id, message.value);
      case 'run-begun':
        // Results of that DAG's earlier runs no longer count.
        store.runStarted(message.runId, message.dagId);
        runQuestions.learnDriver(message.runId, from, message.epoch);
        return guests.heard(from, message);
      case 'runs-under-way':
        for (const [runId, epoch] of message.runs) runQuestions.learnDriver(runId, from, epoch);
        return guests.heard(from, message);
      case 'run-attempt':
      case 'stop-attempt':
      case 'take-back-attempt':
      case 'adopt-attempts':
      case 'release-values':
        return guests.heard(from, message);
      case 'end-run':
        values.runEnded(message.runId);
        return guests.heard(from, message);
      case 'run-refused': {
        const error = unpackError(message.error);
        const why = error.message;
        // The run itself rejects with it.
        if (HandoffError.is(error, 'HANDOFF_RUN_TAKEN_OVER')) return runs.takenOver(message.runId, message.epoch, error);
        remote.runRefused(from, message.runId);
        return this.#parts.quietLog.warn({ peer: from, runId: message.runId, why }, 'refused by a node', FAULTS_TOLD);
      }
      case 'attempt-queued':
      case 'attempt-started':
      case 'attempt-refused':
      case 'attempt-taken-back':
      case 'attempt-ended':
        return remote.heard(from, message);
      case 'fetch-value':
        return values.serve(from, message.id, message.value);
      case 'value-found':
        return fetches.heard(from, message, undefined);
      case 'value-missing':
        return fetches.heard(from, message, message.error ? unpackError(message.error) : undefined);
      case 'forget-copies':
        return store.forgetCopies(message.dagId);
      case 'tell-location':
        return store.locations.register(message.dagId, message.functionId, message.node);
      case 'function-output': {
        const {
          of: [runId, functionId, attempt],
          dagId,
          stream,
          text,
        } = message;
        // Only for runs that this node drives.
        if (!runs.get(runId)) return undefined;
        return this.#parts.onOutput({ dagId, runId, functionId, attempt, node: from }, stream, text);
      }
    }
  }

  #memberEvent(event: MemberEvent): void {
    const { allocation, requests, remote, comparisons, guests, runs, values, logger } = this.#parts;
    const { name, address, status } = event.member;
    // The order matters: first nothing more is placed there, then its functions are placed elsewhere.
    allocation.heard(event);
    switch (event.type) {
      case 'member-joined':
        return logger.info({ member: name, address }, 'node joined');
      case 'member-suspect':
        return logger.warn({ member: name }, 'node is silent');
      case 'member-changed':
        if (status !== 'leaving') return;
        logger.info({ member: name }, 'node is leaving');
        return runs.memberLeaving(name);
      case 'member-left':
      case 'member-lost': {
        const how = event.type === 'member-left' ? 'left' : 'lost';
        if (event.type !== 'member-lost') logger.info({ member: name }, 'node left');
        else logger.warn({ member: name, cause: event.cause }, 'node lost');
        // Before the requests to it fail: their values must be known to be lost by then.
        runs.memberGone(name);
        requests.gone(name, new HandoffError('HANDOFF_NODE_LOST', `Node "${name}" is gone before it answered`, { node: name }));
        remote.gone(name, how);
        comparisons.gone(name);
        guests.driverGone(name);
        values.gone(name);
        this.#parts.ofRuns.gone(name);
        return allocation.pump();
      }
    }
  }

  #safely(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#parts.crash(error);
    }
  }
}

/** The stations that receive messages of other nodes. */
export interface MessageRouterDeps {
  readonly membership: Membership;
  readonly allocation: Allocator;
  readonly remote: RemoteExecutor;
  readonly comparisons: ModuleComparisons;
  readonly guests: GuestRuns;
  readonly runs: Runs;
  readonly fetches: Fetches;
  readonly values: ValueServer;
  readonly store: ValueStore;
  readonly requests: Requests;
  readonly answers: Answers;
  readonly ofRuns: RunAnswers;
  readonly runQuestions: RunQuestions;
  readonly send: (to: string, message: WireMessage) => boolean;
  /** Ends the link to a node at once. */
  readonly drop: (name: string) => void;
  readonly logger: Logger;
  /** The log for events that other nodes can cause at will. */
  readonly quietLog: QuietLog;
  readonly onOutput: (context: AttemptContext, stream: 'stdout' | 'stderr', text: string) => void;
  /** Reports a bug of this node: the PeerHub ends with the error, and its supervisor decides. */
  readonly crash: (error: unknown) => void;
}
