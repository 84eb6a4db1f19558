import { after } from '../browser-clock.js';
import { isUnderWay, type RunViews } from '../run-views.js';
import { type BusySlots, busySlots } from './busy-slots.js';
import { wholeOf } from './time-window.js';

/** How often the overview of a growing run is asked for again: it may be older than the part in view. */
const AGAIN_MS = 2000;
/** In how many parts of the run busy slots are counted. */
const PARTS = 400;

/** Gets what the overview of a run shows: once for a run that has ended, now and then for one that goes on. */
export class OverviewFeed {
  slots: BusySlots | undefined;
  readonly #views: RunViews;
  readonly #seen: () => void;
  readonly #isLive: () => boolean;
  #endWatch: (() => void) | undefined;
  #endTick: (() => void) | undefined;

  constructor(views: RunViews, seen: () => void, isLive: () => boolean) {
    this.#views = views;
    this.#seen = seen;
    this.#isLive = isLive;
  }

  /** Asks for the overview of a run that has gone on for so long. */
  begin(elapsedMs: number): void {
    this.end();
    let isSeen = false;
    const toMs = wholeOf(elapsedMs).toMs;
    const end = this.#views.watch(
      { view: 'timeline', fromMs: 0, toMs, widthPx: PARTS * 2 },
      (view) => {
        isSeen = true;
        this.slots = busySlots(view, toMs, PARTS, view.run.elapsedMs);
        this.#seen();
        this.end();
        if (this.#isLive() && isUnderWay(view.run)) this.#endTick = after(AGAIN_MS, () => this.begin(view.run.elapsedMs));
        // What has happened since the request is missing at its right edge.
        else if (view.run.elapsedMs > toMs) this.#endTick = after(0, () => this.begin(view.run.elapsedMs));
      },
      () => undefined,
    );
    // The source may have called already: then nothing holds on to the watch.
    if (isSeen) end();
    else this.#endWatch = end;
  }

  end(): void {
    this.#endWatch?.();
    this.#endTick?.();
    this.#endWatch = undefined;
    this.#endTick = undefined;
  }
}
