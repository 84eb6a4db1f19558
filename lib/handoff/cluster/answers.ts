import { type Allocator, amounts, checkedCapabilities } from '../../allocator/index.js';
import { type Clock, HandoffError } from '../../base/index.js';
import { type Fetches, moduleDigest, sameDigest } from '../../executor/index.js';
import type { GuestRuns } from '../../guests/index.js';
import type { Membership } from '../../nodes/index.js';
import type { Question, WireMessage } from '../../peer/index.js';
import type { FindRecorded, Runs } from '../../runner/index.js';
import type { ValueStore } from '../../store/index.js';
import { packThrownForWire, StoredValue } from '../../value/index.js';

/** Serves the questions of other nodes. Every question may come twice, and is answered each time. */
export class Answers {
  readonly #deps: AnswersDeps;

  constructor(deps: AnswersDeps) {
    this.#deps = deps;
  }

  /** Serves a question. An observer may ask for the status only. */
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
    if (isObserver && question.kind !== 'show-status') {
      return fail(new HandoffError('HANDOFF_NODE_UNKNOWN', `An observer cannot ask for "${question.kind}": it is no member`));
    }
    try {
      this.#answer(from, question, reply, fail);
    } catch (error) {
      fail(error);
    }
  }

  #answer(from: string, question: Question, reply: (value: unknown) => void, fail: (error: unknown) => void): void {
    const { allocation, store, membership, runs, guests, status, clock } = this.#deps;
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
      case 'clear-dag': {
        const { dagId } = question;
        // A value made here for a run that another node drives belongs to that run.
        if (runs.isRunning(dagId) || guests.isRunning(dagId)) throw dagRunning(dagId, this.#deps.node);
        store.clear(dagId);
        return reply(null);
      }
      case 'compare-module': {
        const { node, root } = this.#deps;
        const compared = (digest: string | undefined): void => reply(sameDigest(digest, question.digest) ?? null);
        const digest = moduleDigest(question.module, { node, root });
        if (digest instanceof Promise) void digest.then(compared);
        else compared(digest);
        return;
      }
      case 'inherit-run':
        return reply(guests.inherit(from, question.runId, question.epoch));
      case 'which-folder':
        return reply(this.#deps.dataDir ?? null);
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

/** The error of `clear` while a run of the DAG is in progress on `node`. */
export const dagRunning = (dagId: string, node: string): HandoffError =>
  new HandoffError('HANDOFF_DAG_RUNNING', `Cannot clear DAG "${dagId}": a run of it on node "${node}" has not ended`, { dagId, node });

/** The parts of the node that answering needs. */
export interface AnswersDeps {
  readonly node: string;
  readonly root: string;
  readonly clock: Clock;
  readonly allocation: Allocator;
  readonly store: ValueStore;
  readonly membership: Membership;
  readonly runs: Runs;
  readonly guests: GuestRuns;
  readonly fetches: Fetches;
  readonly send: (to: string, message: WireMessage) => boolean;
  /** The id of this node's `dataDir`. */
  readonly dataDir: string | undefined;
  readonly findRecorded: FindRecorded | undefined;
  readonly tellLocation: (dagId: string, functionId: string) => void;
  /** Returns the status of this node, or of all members: plain data that can be sent. */
  readonly status: (all: boolean) => Promise<unknown>;
}
