import { type Clock, type HandoffError, onAbort, type Timer } from '../../../base/index.js';
import { isStorageFailed, storageFailed } from '../../../files/index.js';
import { GroupBuffer, type Lease, type RecordedFile, type RecordedState, type RunFiles, type RunJournal } from '../../../journal/index.js';
import type { StoredValue } from '../../../value/index.js';
import type { Receipt } from '../../brain/messages.js';
import type { RunState } from '../../brain/run-state.js';
import type { JournalOutage } from './journal-outage.js';
import { readAway, recordable } from './recordable-value.js';
import { type AttemptTimes, type ToleratedFailure, writeFailure, writeNode, writeSuccess } from './records.js';

/** The oldest that a group may be when it is written, ms. */
const OLDEST_MS = 50;
/** A group of this size is written at once, bytes. */
const LARGEST_BYTES = 512 * 1024;
/** The rest before the first new try after a failure; the next is twice as long, ms. */
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 5000;
/** How long a write may take once the node is about to end. A database that is silent would hold it up for a minute. */
const LAST_WRITE_MS = 5000;

/**
 * Records what a run must not lose: collects entries and appends them in groups, one group at a time. The file of a large value is written
 * before its entry is added. While one of them cannot be written, it tries again, and `mayStart` is false. After `journalWaitMs` the record
 * is lost to this run.
 */
export class Recorder {
  readonly #deps: RecorderDeps;
  #listener: RecorderListener | undefined;
  /** What it takes the times of successes from. */
  times: AttemptTimes | undefined;
  readonly #group = new GroupBuffer();
  /** The successes in the group, and of the group that is being written, whose record is waited for; by index, the attempt. */
  readonly #waiting = new Map<number, number>();
  /** What comes before the next entry. */
  #pending: ((group: GroupBuffer) => void)[] = [];
  readonly #nodes = new Map<string, number>();
  #timer: Timer | undefined;
  /** Whether the timer ends at once. */
  #isDue = false;
  #writing: Promise<void> | undefined;
  /** The values whose files are being written; by index, the attempt and when it is over. */
  readonly #filing = new Map<number, { readonly attempt: number; readonly over: Promise<void> }>();
  /** How many writes have failed, and are tried again. */
  #failing = 0;
  #lost: HandoffError | undefined;
  /** Whether the node is ending: then it waits for no journal that stays away. */
  #isHurried = false;
  /** What ends the rests between two tries. */
  readonly #wakes = new Set<() => void>();
  /** What ends the waits for an answer of the journal. */
  readonly #giveUps = new Set<() => void>();
  /** Whether the lease was found lost, and its return is awaited. */
  #awaitsLease = false;

  constructor(deps: RecorderDeps) {
    this.#deps = deps;
    const { signal } = deps.journal;
    const takenOver = (): void => this.#lose(signal.reason as HandoffError);
    if (signal.aborted) takenOver();
    else signal.addEventListener('abort', takenOver, { once: true });
  }

  get durability(): Durability {
    return this.#deps.durability;
  }

  /** Whether large values are recorded too. */
  get hasFiles(): boolean {
    return this.#deps.files !== undefined;
  }

  /** Another node says that it drives the run now, before the journal does. */
  takenOver(error: HandoffError): void {
    this.#lose(error);
  }

  /** Whether the run may start anything now. */
  get mayStart(): boolean {
    if (this.#failing > 0 || this.#lost) return false;
    const { lease } = this.#deps;
    if (lease.isHeld()) return true;
    if (!this.#awaitsLease) {
      this.#awaitsLease = true;
      this.#listener?.paused();
      const held = (): void => {
        this.#awaitsLease = false;
        this.#listener?.resumed();
      };
      lease.whenHeld().then(held, () => {});
    }
    return false;
  }

  /** From now on calls `listener`. */
  listen(listener: RecorderListener): void {
    this.#listener = listener;
    if (this.#lost) listener.lost(this.#lost);
  }

  /** Records a success. A repeated one is recorded once. */
  success(index: number, attempt: number, receipt: Receipt, value: StoredValue | undefined): void {
    if (this.#lost || this.#waiting.get(index) === attempt) return;
    if (receipt.file && !value) return this.#addSuccess(index, attempt, receipt, receipt.file);
    const small = recordable(value);
    const { files } = this.#deps;
    if (value && !small && files) this.#file(index, attempt, receipt, value, files);
    else this.#addSuccess(index, attempt, receipt, small);
  }

  /**
   * Records the success of an expansion with the DAG that it has made, however large; without one, it runs again if the run goes on.
   * Dependents wait for the record, as under `strict`.
   */
  expansion(index: number, attempt: number, receipt: Receipt, dag: StoredValue | undefined): void {
    if (this.#lost || this.#waiting.get(index) === attempt) return;
    this.#waiting.set(index, attempt);
    this.#addSuccess(index, attempt, receipt, dag);
  }

  /** Has `write` add to the record before the next success or failure: what nothing follows is not recorded. */
  beforeNext(write: (group: GroupBuffer) => void): void {
    this.#pending.push(write);
  }

  #writePending(): void {
    if (this.#pending.length === 0) return;
    const pending = this.#pending;
    this.#pending = [];
    for (const write of pending) write(this.#group);
  }

  #addSuccess(index: number, attempt: number, receipt: Receipt, value: StoredValue | RecordedFile | undefined): void {
    if (this.#deps.durability === 'strict') this.#waiting.set(index, attempt);
    this.#writePending();
    writeSuccess(this.#group, index, attempt, receipt, this.#numberOf(receipt.node), value, this.times);
    this.#grown();
  }

  #file(index: number, attempt: number, receipt: Receipt, value: StoredValue, files: RunFiles): void {
    if (this.#filing.get(index)?.attempt === attempt) return;
    // A live value may be changed by its user while it is written: its bytes are not.
    const parts = value.away ? undefined : value.isPacked ? value.toParts('result') : [value.pack('result')];
    const isSynced = this.#deps.durability === 'strict';
    let file: RecordedFile | undefined;
    const write = async (): Promise<void> => {
      const packed = parts ?? (await readAway(value));
      if (packed) file = await files.write(index, packed, isSynced);
    };
    const over = this.#tried(write).then(() => {
      this.#filing.delete(index);
      if (!this.#lost) this.#addSuccess(index, attempt, receipt, file);
    });
    this.#filing.set(index, { attempt, over });
  }

  /** Records that a function has failed for good; with `tolerated`, that the run goes on without it. */
  failure(index: number, tolerated?: ToleratedFailure): void {
    if (this.#lost) return;
    this.#writePending();
    writeFailure(this.#group, index, tolerated);
    this.#grown();
  }

  /**
   * Writes everything that is left, and the end. Resolves to the error that prevented it, if any. A run that is interrupted does not wait
   * for a journal that stays away: it is interrupted without that too.
   */
  async end(state: EndState, summary: Uint8Array): Promise<HandoffError | undefined> {
    if (state === 'interrupted') this.hurry();
    // What has added nothing that is recorded is part of what a completed run made.
    if (state === 'completed') this.#writePending();
    while (!this.#lost && this.#filing.size > 0) await [...this.#filing.values()][0]!.over;
    while (!this.#lost && (this.#writing || this.#group.length > 0)) await (this.#writing ?? this.#write());
    if (!this.#lost) await this.#tried(() => this.#deps.journal.end(state, summary));
    this.#deps.files?.close(state === 'completed' && !this.#lost);
    if (isStorageFailed(this.#lost)) this.#endLater(summary);
    return this.#lost;
  }

  /** The node is about to end: a journal that cannot be written now is not waited for. */
  hurry(): void {
    if (this.#isHurried) return;
    this.#isHurried = true;
    for (const wake of this.#wakes) wake();
    this.#deps.clock.after(LAST_WRITE_MS, () => {
      for (const giveUp of this.#giveUps) giveUp();
    });
  }

  #numberOf(node: string): number {
    const known = this.#nodes.get(node);
    if (known !== undefined) return known;
    const number = this.#nodes.size;
    this.#nodes.set(node, number);
    writeNode(this.#group, number, node);
    return number;
  }

  #grown(): void {
    if (this.#writing) return;
    if (this.#group.length >= LARGEST_BYTES) void this.#write();
    else this.#writeSoon();
  }

  #writeSoon(): void {
    const { clock, durability } = this.#deps;
    const isDue = durability === 'strict' || this.#waiting.size > 0 || this.#group.length >= LARGEST_BYTES;
    if (this.#timer && (this.#isDue || !isDue)) return;
    this.#timer?.cancel();
    this.#isDue = isDue;
    this.#timer = clock.after(isDue ? 0 : OLDEST_MS, () => void this.#write());
  }

  /** Writes what is there, and under `strict` also what comes meanwhile. Never rejects. */
  #write(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#writing ??= this.#writeGroups().finally(() => {
      this.#writing = undefined;
      if (this.#group.length > 0 && !this.#lost) this.#writeSoon();
    });
    return this.#writing;
  }

  async #writeGroups(): Promise<void> {
    const isStrict = this.#deps.durability === 'strict';
    do {
      const group = this.#group.take();
      const successes = [...this.#waiting].map(([index, attempt]) => ({ index, attempt }));
      const isSynced = isStrict || successes.length > 0;
      let tries = 0;
      await this.#tried(() => {
        tries += 1;
        return this.#deps.journal.append(group, { isSynced });
      });
      if (this.#lost) return;
      // After a failure a journal may still be about to read it.
      if (tries === 1) this.#group.giveBack(group);
      for (const { index, attempt } of successes) if (this.#waiting.get(index) === attempt) this.#waiting.delete(index);
      if (isSynced) this.#listener?.recorded(successes);
    } while (isStrict && this.#group.length > 0);
  }

  /** Tries until it works, or the record is lost. */
  async #tried(call: () => Promise<void>): Promise<void> {
    const { clock, journalWaitMs, makeRoom } = this.#deps;
    let sinceMs: number | undefined;
    for (let failures = 0; !this.#lost; failures += 1) {
      try {
        await this.#answered(call);
        if (sinceMs !== undefined) this.#back();
        else if (this.#failing === 0) this.#deps.outage.wrote(this);
        return;
      } catch (thrown) {
        const error = thrown as HandoffError;
        if (!isStorageFailed(error)) return this.#lose(error);
        if (error.reason === 'full' && (await makeRoom?.())) continue;
        const nowMs = clock.now();
        if (sinceMs === undefined) {
          sinceMs = nowMs;
          this.#fails(error);
        }
        const leftMs = sinceMs + journalWaitMs - nowMs;
        if (leftMs <= 0 || this.#isHurried) return this.#lose(error);
        await this.#rest(Math.min(leftMs, LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 20)));
      }
    }
  }

  #answered(call: () => Promise<void>): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const giveUp = (): void => reject(storageFailed('unreachable', `The journal does not answer within ${LAST_WRITE_MS} ms`));
      this.#giveUps.add(giveUp);
      call()
        .then(resolve, reject)
        .finally(() => this.#giveUps.delete(giveUp));
    });
  }

  #rest(delayMs: number): Promise<void> {
    return new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#wakes.delete(wake);
        timer.cancel();
        resolve();
      };
      const timer = this.#deps.clock.after(delayMs, wake);
      this.#wakes.add(wake);
    });
  }

  #fails(error: HandoffError): void {
    this.#failing += 1;
    this.#deps.outage.failed(this, error);
    this.#listener?.paused();
  }

  #back(): void {
    this.#failing -= 1;
    if (this.#failing > 0) return;
    this.#deps.outage.wrote(this);
    this.#listener?.resumed();
  }

  #lose(error: HandoffError): void {
    if (this.#lost) return;
    this.#lost = error;
    this.#deps.outage.left(this);
    this.#timer?.cancel();
    for (const wake of this.#wakes) wake();
    this.#listener?.lost(error);
  }

  /** Frees the run for others as soon as the journal is back, unless it is closed before. */
  #endLater(summary: Uint8Array): void {
    const { clock, journal, lease } = this.#deps;
    journal.leave();
    const tryAgain = (delayMs: number): void => {
      if (lease.closed.aborted) return;
      const timer = clock.after(delayMs, () => {
        stopListening();
        journal.end('interrupted', summary).catch((error: unknown) => {
          if (isStorageFailed(error)) tryAgain(Math.min(LONGEST_RETRY_MS, delayMs * 2));
        });
      });
      const stopListening = onAbort(lease.closed, () => timer.cancel());
    };
    tryAgain(FIRST_RETRY_MS);
  }
}

/** Returns the failure of a function without which the run goes on; `undefined` for one that ends it. */
export function toleratedAt({ absent, tolerated, plan, attempts, growth }: RunState, index: number): ToleratedFailure | undefined {
  if (!absent.has(index)) return undefined;
  // An expansion fails with one of its functions.
  const early = growth?.composites.get(index)?.early;
  const failure = early?.failure ? early.reason : tolerated.findLast(({ functionId }) => functionId === plan.ids[index]);
  return failure && { attempt: attempts[index]!, failure };
}

/** When a success counts: at once, and it is written soon; or when it is on disk. */
export type Durability = 'batched' | 'strict';

/** The parts that a recorder works with. */
export interface RecorderDeps {
  readonly journal: RunJournal;
  readonly lease: Lease;
  readonly clock: Clock;
  readonly outage: JournalOutage;
  readonly durability: Durability;
  /** How long an unwritable journal may stay away, ms. */
  readonly journalWaitMs: number;
  /** The files of large values; missing where the node has no folder for them. */
  readonly files?: RunFiles | undefined;
  /** Makes room on a full disk. Returns whether there is more now. */
  readonly makeRoom?: (() => Promise<boolean>) | undefined;
}

/** The callbacks of a recorder. */
export interface RecorderListener {
  /** These successes are on disk: under `strict`, and those of expansions. */
  recorded(successes: readonly { readonly index: number; readonly attempt: number }[]): void;
  /** Nothing can be recorded any more. */
  lost(error: HandoffError): void;
  /** Nothing may be started for a while, until `resumed` or `lost`. It may be said again meanwhile. */
  paused(): void;
  /** What was paused may start again. */
  resumed(): void;
}

/** How a run ends in its record. */
export type EndState = Exclude<RecordedState, 'running'>;
