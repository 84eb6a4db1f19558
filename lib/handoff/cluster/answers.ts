import { type Allocator, amounts, checkedCapabilities } from '../../allocator/index.js';
import { type Clock, HandoffError } from '../../base/index.js';
import { type Fetches, moduleDigest, type RanCode, sameDigest } from '../../executor/index.js';
import type { GuestRuns } from '../../guests/index.js';
import type { RememberedFile } from '../../journal/index.js';
import type { Membership } from '../../nodes/index.js';
import type { Question, QuestionAboutRuns, ValueName, WireMessage } from '../../peer/index.js';
import type { FindRecorded, Runs, ValueOfRun } from '../../runner/index.js';
import type { ValueStore } from '../../store/index.js';
import { packThrownForWire, StoredValue } from '../../value/index.js';
import type { RunAnswers } from './runs/run-answers.js';

/** What an observer may ask. */
const OF_OBSERVERS: ReadonlySet<Question['kind']> = new Set(['show-status', 'list-runs', 'show-run', 'cancel-run', 'watch-run']);

/** How long the end of a run, which its driver knows, may be on its way here, ms. */
const END_MS = 1000;

/** Serves the questions of other nodes. Every question may come twice, and is answered each time. */
export class Answers {
  readonly #deps: AnswersDeps;

  constructor(deps: AnswersDeps) {
    this.#deps = deps;
  }

  /** Serves a question. An observer may look, and cancel runs, and ask for nothing else. */
  answer(from: string, id: number, question: Question, isObserver: boolean): void {
    const { send } = this.#deps;
    const fail = (error: unknown): void => void send(from, { type: 'answer', id, value: null, error: packThrownForWire(error) });
    const reply = (value: unknown): void => {
      try {
        send(from, { type: 'answer', id, value, error: null });
      } catch (error) {
        // The answer is longer than a message may be.
        fail(error);
      }
    };
    if (isObserver && !OF_OBSERVERS.has(question.kind)) {
      return fail(new HandoffError('HANDOFF_NODE_UNKNOWN', `An observer cannot ask for "${question.kind}": it is no member`));
    }
    try {
      if (isAboutRuns(question)) this.#deps.ofRuns.answer(from, id, question, reply, fail);
      else this.#answer(from, question, reply, fail);
    } catch (error) {
      fail(error);
    }
  }

  #answer(
    from: string,
    question: Exclude<Question, QuestionAboutRuns>,
    reply: (value: unknown) => void,
    fail: (error: unknown) => void,
  ): void {
    const { allocation, store, membership, guests, status, clock } = this.#deps;
    switch (question.kind) {
      case 'register-capabilities':
        allocation.register(checkedCapabilities(Object.fromEntries(question.capabilities), 'capabilities'));
        // Sent ahead of the answer on the same link, so that the asking node knows it by then.
        membership.beatNow();
        return reply(null);
      case 'check-room':
        return reply(allocation.ledger.hasResources(amounts(Object.fromEntries(question.required))));
      case 'keep-value':
        return this.#keep(from, question, reply, fail);
      case 'await-value': {
        const { dagId, functionId, timeoutMs } = question;
        const recorded = store.find(dagId, functionId) ? undefined : this.#recordedAt(dagId, functionId);
        let isAnswered = false;
        const answer = (origin: string | false): void => {
          if (isAnswered) return;
          isAnswered = true;
          timer.cancel();
          reply(origin);
        };
        const timer = clock.after(timeoutMs, () => {
          forget();
          if (recorded) void recorded.then((origin) => answer(origin ?? false));
          else answer(false);
        });
        // The node where it was made, which may be another one.
        const found = (): void => answer(store.locate(dagId, functionId) ?? this.#deps.node);
        const forget = store.await(dagId, functionId, { found });
        void recorded?.then((origin) => {
          if (origin === undefined || isAnswered) return;
          forget();
          answer(origin);
        });
        return;
      }
      case 'lookup-location': {
        const { dagId, functionId } = question;
        const known = store.locate(dagId, functionId);
        const recorded = known === undefined ? this.#recordedAt(dagId, functionId) : undefined;
        if (!recorded) return reply(known ?? null);
        void recorded.then((origin) => reply(origin ?? null));
        return;
      }
      case 'clear-dag':
        return this.#clear(question.dagId, reply, fail);
      case 'compare-module': {
        const { node, root } = this.#deps;
        const compared = (digest: string | undefined): void => reply(sameDigest(digest, question.digest) ?? null);
        const digest = moduleDigest(question.module, { node, root });
        if (digest instanceof Promise) void digest.then(compared);
        else compared(digest);
        return;
      }
      case 'check-content':
        void this.#deps.ranCode.isStill(question.modules).then(reply);
        return;
      case 'take-digest':
        void this.#deps.digestOf(from, question.value).then((digest) => reply(digest ?? null));
        return;
      case 'inherit-run':
        return reply(guests.inherit(from, question.runId, question.epoch));
      case 'which-folder':
        return reply(this.#deps.dataDir ?? null);
      case 'has-remembered':
        void Promise.all(question.files.map((file) => this.#deps.openRemembered(file))).then((found) => reply(found.map(isThere)));
        return;
      case 'remember-value':
        void this.#deps.rememberValue(question).then((file) => reply(file ?? null));
        return;
      case 'show-status':
        status(question.all).then(reply, fail);
        return;
    }
  }

  /** Returns the node that made a recorded result; `undefined` if nothing is recorded, or the journal is away. */
  #recordedAt(dagId: string, functionId: string): Promise<string | undefined> | undefined {
    return this.#deps.findRecorded?.(dagId, functionId).then(
      (recorded) => recorded?.node,
      () => undefined,
    );
  }

  /**
   * Clears a DAG. A value made here for a run that another node drives belongs to that run. It may have ended there already: the word of
   * that, which is on its way, is waited for.
   */
  #clear(dagId: string, reply: (value: unknown) => void, fail: (error: unknown) => void): void {
    const { store, runs, guests, clock, node } = this.#deps;
    const clear = (): void => {
      if (runs.isRunning(dagId)) return fail(dagRunning(dagId, node));
      store.clear(dagId);
      reply(null);
    };
    if (runs.isRunning(dagId) || !guests.isRunning(dagId)) return clear();
    const timer = clock.after(END_MS, () => {
      callOff();
      fail(dagRunning(dagId, node));
    });
    const callOff = guests.whenOver(dagId, () => {
      timer.cancel();
      clear();
    });
  }

  #keep(
    from: string,
    { dagId, functionId, as, value }: Extract<Question, { kind: 'keep-value' }>,
    reply: (value: unknown) => void,
    fail: (error: unknown) => void,
  ): void {
    const { store, fetches, tellLocation } = this.#deps;
    const keep = (held: StoredValue): void => {
      store.keep(dagId, functionId, held, as);
      tellLocation(dagId, functionId);
      reply(null);
    };
    if ('packed' in value) return keep(StoredValue.packed(value.packed, 'caller'));
    const { offer } = value;
    fetches.fetch({ from, value: { kind: 'offered', offer }, sizeBytes: 0 }, undefined, { found: keep, missing: fail });
  }
}

const isThere = (found: unknown): boolean => found !== undefined;

const isAboutRuns = (question: Question): question is QuestionAboutRuns =>
  question.kind === 'list-runs' || question.kind === 'show-run' || question.kind === 'cancel-run' || question.kind === 'watch-run';

/** The error of `clear` while a run of the DAG is in progress on `node`. */
export const dagRunning = (dagId: string, node: string): HandoffError =>
  new HandoffError('HANDOFF_DAG_RUNNING', `Cannot clear DAG "${dagId}": a run of it on node "${node}" has not ended`, { dagId, node });

/** The parts of the node that answering needs. */
export interface AnswersDeps {
  readonly node: string;
  readonly root: string;
  readonly ranCode: RanCode;
  /** Takes the digest of a value that this node has. Never rejects. */
  readonly digestOf: (to: string, value: ValueName) => Promise<string | undefined>;
  readonly clock: Clock;
  readonly allocation: Allocator;
  readonly store: ValueStore;
  readonly membership: Membership;
  readonly runs: Runs;
  readonly guests: GuestRuns;
  readonly ofRuns: RunAnswers;
  readonly fetches: Fetches;
  readonly send: (to: string, message: WireMessage) => boolean;
  /** The id of this node's `dataDir`. */
  readonly dataDir: string | undefined;
  readonly findRecorded: FindRecorded | undefined;
  /** Returns a value that this node remembers; `undefined` if it has not that file. Never rejects. */
  readonly openRemembered: (file: RememberedFile) => Promise<StoredValue | undefined> | undefined;
  /** Writes a value that was made here for another driver; `undefined` if it is not remembered. Never rejects. */
  readonly rememberValue: (of: ValueOfRun) => Promise<RememberedFile | undefined>;
  readonly tellLocation: (dagId: string, functionId: string) => void;
  /** Returns the status of this node, or of all members: plain data that can be sent. */
  readonly status: (all: boolean) => Promise<unknown>;
}
