import { closePlainActor, gaveUp, type NactRef } from '../../actor/index.js';
import { type Clock, HandoffError, keepAlive, type Logger } from '../../base/index.js';
import type { NodeParts } from './node-parts.js';
import { settled } from './remembered-place.js';
import type { Tree } from './tree.js';

/** The end of a node, because `stop` was called or because its root supervisor gave up. It ends once, even if both happen. */
export class Lifecycle {
  /** Resolves when the node has stopped: to the error that ended it, if there is one. */
  readonly stopped: Promise<HandoffError | undefined>;
  readonly #node: string;
  readonly #tables: NodeParts;
  readonly #tree: Tree;
  readonly #desk: NactRef<never>;
  readonly #logger: Logger;
  readonly #clock: Clock;
  #stopping: Promise<void> | undefined;
  #tellStopped!: (error: HandoffError | undefined) => void;

  constructor(node: string, tables: NodeParts, tree: Tree, desk: NactRef<never>, { logger, clock }: { logger: Logger; clock: Clock }) {
    this.#node = node;
    this.#tables = tables;
    this.#tree = tree;
    this.#desk = desk;
    this.#logger = logger;
    this.#clock = clock;
    this.stopped = new Promise((resolve) => {
      this.#tellStopped = resolve;
    });
    void tree.root.exited.then(() => {
      this.#stopping ??= this.#giveUp();
    });
  }

  /** Whether the node accepts no more work. */
  get isOver(): boolean {
    return this.#stopping !== undefined;
  }

  /** Throws `HANDOFF_STOPPED` if the node accepts no more work. */
  refuse(): void {
    if (this.isOver) throw this.#stoppedError();
  }

  /** Gives attempts `graceMs` to end, then ends the rest and everything else. Repeated calls share one stop. */
  stop(graceMs: number): Promise<void> {
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  /** Ends every worker thread at once, and stops the node. Resolves to the number of threads that could not be ended. */
  endThreads(): Promise<number> {
    const { runs, executor } = this.#tables;
    this.#stopping ??= this.#stop(0);
    // Before any function ends with its thread: otherwise a run would end without it.
    void runs.abortAll('the threads of its node were ended');
    return executor.close();
  }

  #stoppedError(): HandoffError {
    return new HandoffError('HANDOFF_STOPPED', `Node "${this.#node}" has been stopped`, { node: this.#node });
  }

  async #stop(graceMs: number): Promise<void> {
    const alive = keepAlive();
    const { runs, allocation, executor, membership, guests, web, remembered } = this.#tables;
    runs.refuse(this.#stoppedError());
    web.drain();
    // Before anything is given back, so that no node sends it here again.
    membership.leave();
    allocation.drain();
    guests.drain();
    if (graceMs > 0) {
      // A node that is alone and idle ends at once.
      const isNoticed = executor.running > 0 || membership.members.length > 1;
      this.#logger[isNoticed ? 'info' : 'debug']({ graceMs, running: executor.running }, 'leaving: running attempts may end');
      const idle = Promise.all([
        new Promise<void>((resolve) => executor.whenIdle(resolve)),
        new Promise<void>((resolve) => guests.whenIdle(resolve)),
      ]);
      await new Promise<void>((resolve) => {
        const timer = this.#clock.after(graceMs, resolve);
        void idle.then(() => {
          timer.cancel();
          resolve();
        });
      });
    }
    // First the runs, also those that functions of other drivers have started: they end as runs of this node.
    const aborted = runs.abortAll('its node was stopped');
    guests.abortAll();
    await aborted;
    if (remembered) await settled(remembered, this.#clock, this.#logger);
    this.#tables.ofRuns.close();
    await this.#fell(undefined);
    alive.cancel();
  }

  /** The root supervisor has ended by itself: no actor is left that could act. */
  async #giveUp(): Promise<void> {
    const { runs, allocation } = this.#tables;
    const reason = gaveUp(this.#tree.root);
    const what = reason ? `its actor "${reason.childId}" ended again and again` : 'its root supervisor ended';
    const fields = { node: this.#node, childId: reason?.childId, cause: reason?.cause };
    const error = new HandoffError('HANDOFF_RESTARTS_EXCEEDED', `Node "${this.#node}" stopped: ${what}`, fields);
    runs.refuse(this.#stoppedError());
    allocation.drain();
    runs.abandonAll(what, error);
    await this.#fell(error);
  }

  async #fell(error: HandoffError | undefined): Promise<void> {
    const { executor, store, membership, peers, requests, remote, guests, durable, disk, quietLog, web, sinks } = this.#tables;
    closePlainActor(this.#desk);
    membership.goodbye();
    // At the same time: a stopped peer and a blocked thread each take their time.
    const threads = executor.close();
    await Promise.all([peers.close(), web.close()]);
    quietLog.close();
    requests.close(this.#stoppedError());
    // Abandoned runs have sent their stop messages; the answers will not be received.
    remote.close();
    await this.#tree.root.stop();
    await this.#tree.system.stop();
    await threads;
    guests.close();
    store.close();
    this.#tables.runs.visible.close();
    sinks.close();
    // Spilled values lie in the folder of durable ones, which is another node's after this.
    await disk?.close();
    await durable?.close();
    this.#tellStopped(error);
  }
}
