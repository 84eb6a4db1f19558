import type { TimelineRequest, TimelineView } from '../../views/view-types.js';
import { after, nowMs, onNextFrame } from '../browser-clock.js';
import type { GestureTarget } from '../gestures.js';
import { isUnderWay, type RunViews, type ViewFailure } from '../run-views.js';
import type { ThemeName } from '../theme/tokens.js';
import { type BarFacts, barFacts } from './bar-facts.js';
import { type BarIndex, type BarRef, barAt, barIndex, nextBar, sameBar } from './bar-index.js';
import { OverviewChart } from './overview-chart.js';
import { OverviewFeed } from './overview-feed.js';
import { type RowBands, rowAt, rowBands, rowsWithin } from './row-bands.js';
import { windowText } from './time-labels.js';
import { moveViewport, type Viewport, type ViewportEvent, wholeOf, wholeRun } from './time-window.js';
import { AXIS_PX, TimelineChart } from './timeline-chart.js';
import { requestFor, type SeenRows } from './timeline-request.js';

/** The elements that a timeline is drawn into, and what it tells. */
export interface TimelineHost {
  readonly chart: HTMLElement;
  readonly overview: HTMLElement;
  /** Scrolls the rows: an element as high as the rows that are seen, with a spacer as high as all rows. */
  readonly scroller: HTMLElement;
  readonly spacer: HTMLElement;
  /** Says which part of the run is shown. */
  readonly part: HTMLElement;
  /** Something that is shown beside the canvas has changed. */
  changed(): void;
  open(functionId: string): void;
}

/** An answer, ready to be drawn. */
interface Answer {
  readonly view: TimelineView;
  readonly index: BarIndex;
  readonly receivedMs: number;
}

/** The bar below the pointer or the keyboard, and where on the screen. */
export interface ChosenBar {
  readonly ref: BarRef;
  readonly xPx: number;
  readonly yPx: number;
}

const PROBE: TimelineRequest = { view: 'timeline', fromMs: 0, toMs: 1, widthPx: 1 };
const OVERVIEW_PX = 44;
/** A request is made when the window has stood still for so long. */
const SETTLE_MS = 90;
/** A pointer this near to a bar means it, CSS pixels. */
const REACH_PX = 3;

/** Moves, asks for and draws a timeline: all that does not need the view library, so that a frame costs only its drawing. */
export class TimelineController {
  viewport: Viewport = wholeRun(1, false);
  chosen: ChosenBar | undefined;
  failure: ViewFailure | undefined;
  readonly #host: TimelineHost;
  readonly #views: RunViews;
  readonly #overviewFeed: OverviewFeed;
  readonly #resizes: ResizeObserver;
  readonly #ends = new Map<'frame' | 'settle' | 'tick' | 'watch', () => void>();
  #theme: ThemeName;
  #isLive: boolean;
  #isSqueezed = false;
  #chart: TimelineChart | undefined;
  #overview: OverviewChart | undefined;
  #answer: Answer | undefined;
  #rows: RowBands = rowBands([], 100);
  #asked: TimelineRequest | undefined;
  #highlighted: ReadonlySet<string> = new Set();
  #pointer: { readonly xPx: number; readonly yPx: number } | undefined;
  #tallestPx = 0;
  /** Whether it is known how long the run is. */
  #isKnown = false;

  constructor(host: TimelineHost, views: RunViews, theme: ThemeName, isLive: boolean) {
    this.#host = host;
    this.#views = views;
    this.#theme = theme;
    this.#isLive = isLive;
    this.#overviewFeed = new OverviewFeed(
      views,
      () => this.#paintSoon(),
      () => this.#isLive,
    );
    host.scroller.addEventListener('scroll', () => {
      this.#paintSoon();
      this.#requestSoon();
    });
    this.#resizes = new ResizeObserver(() => this.#layOut());
    this.#resizes.observe(host.chart);
    this.#request();
  }

  /** What there is to say of the chosen bar. */
  get facts(): BarFacts | undefined {
    return this.#answer && this.chosen && barFacts(this.#answer.view, this.#answer.index.places, this.chosen.ref, this.runMs);
  }

  get view(): TimelineView | undefined {
    return this.#answer?.view;
  }

  /** How far the run is, by the latest answer and the time since. */
  get runMs(): number {
    if (!this.#answer) return 0;
    const { view, receivedMs } = this.#answer;
    return view.run.elapsedMs + (this.#isLive && isUnderWay(view.run) ? nowMs() - receivedMs : 0);
  }

  set theme(theme: ThemeName) {
    this.#theme = theme;
    this.#paintSoon();
  }

  set isLive(isLive: boolean) {
    this.#isLive = isLive;
    this.#tick();
  }

  /** Whether rows are as low as it takes to see all of them. */
  set isSqueezed(isSqueezed: boolean) {
    this.#isSqueezed = isSqueezed;
    this.#layOut();
  }

  /** Whether there are more rows than can be seen at once. */
  get hasHiddenRows(): boolean {
    return this.#rows.heightPx > this.#tallestPx + 1;
  }

  /** The groups that stand out, by name. If it is empty, all look alike. */
  set highlighted(groups: ReadonlySet<string>) {
    this.#highlighted = groups;
    this.#paintSoon();
  }

  move(event: ViewportEvent): boolean {
    const before = this.viewport;
    this.viewport = moveViewport(before, event);
    const hasMoved = before.window.fromMs !== this.viewport.window.fromMs || before.window.toMs !== this.viewport.window.toMs;
    if (hasMoved || before.mode !== this.viewport.mode) {
      if (this.#pointer) this.#choose(this.#barAt(this.#pointer.xPx, this.#pointer.yPx));
      this.#paintSoon();
      this.#requestSoon();
      if (before.mode !== this.viewport.mode) this.#host.changed();
    }
    return hasMoved;
  }

  /** Shows the newest part, and lets it move on: of a run that was shown whole, its last fifth. */
  follow(): void {
    const { mode, window, endMs } = this.viewport;
    if (mode === 'whole') this.move({ type: 'show', window: { fromMs: endMs - (window.toMs - window.fromMs) / 5, toMs: endMs } });
    this.move({ type: 'show-end' });
  }

  scrollBy(rows: number): void {
    this.#host.scroller.scrollTop += rows * this.#rows.rowPx;
  }

  /** Goes to the next or the previous bar, and moves the window if it is outside. */
  chooseNext(step: 1 | -1): void {
    if (!this.#answer || !this.#chart) return;
    const { index } = this.#answer;
    const ref = nextBar(index, this.chosen?.ref, step);
    if (!ref) return;
    const [startMs, endMs] = [index.startOf(ref), index.endOf(ref, this.runMs)];
    const { window } = this.viewport;
    const lengthMs = window.toMs - window.fromMs;
    if (endMs < window.fromMs || startMs > window.toMs) {
      this.move({ type: 'show', window: { fromMs: startMs - lengthMs / 4, toMs: startMs + (lengthMs * 3) / 4 } });
    }
    const { widthPx, heightPx } = this.#chart.room;
    const top = this.#rows.topPx[ref.row]!;
    const { scroller } = this.#host;
    if (top < scroller.scrollTop || top + this.#rows.rowPx > scroller.scrollTop + heightPx) scroller.scrollTop = top - heightPx / 3;
    this.#pointer = undefined;
    const xPx = ((startMs - this.viewport.window.fromMs) / lengthMs) * widthPx;
    this.#choose({ ref, xPx: Math.min(Math.max(0, xPx), widthPx), yPx: top - scroller.scrollTop });
  }

  openChosen(): void {
    const { view, chosen } = this;
    if (!view || !chosen) return;
    const { ref } = chosen;
    if (ref.kind === 'merged') {
      const [fromMs, toMs] = [view.merged.startMs[ref.at]!, view.merged.endMs[ref.at]!];
      this.move({ type: 'show', window: { fromMs: fromMs - (toMs - fromMs) * 0.1, toMs: toMs + (toMs - fromMs) * 0.1 } });
    } else this.#host.open(ref.kind === 'bar' ? view.bars.functionId[ref.at]! : view.running[ref.at]!.functionId);
  }

  clear(): void {
    this.#pointer = undefined;
    this.#choose(undefined);
  }

  destroy(): void {
    for (const end of this.#ends.values()) end();
    this.#overviewFeed.end();
    this.#resizes.disconnect();
    this.#chart?.destroy();
    this.#overview?.destroy();
  }

  #end(name: 'frame' | 'settle' | 'tick' | 'watch', end?: () => void): void {
    this.#ends.get(name)?.();
    if (end) this.#ends.set(name, end);
    else this.#ends.delete(name);
  }

  // --- what is shown

  #layOut(): void {
    const widthPx = Math.floor(this.#host.chart.clientWidth);
    if (widthPx === 0 || !this.#answer) return;
    const roomPx = Math.max(160, Math.min(window.innerHeight * 0.6, 760) - AXIS_PX);
    this.#rows = rowBands(this.#answer.index.places, roomPx, this.#isSqueezed);
    // The picture may grow while nodes join, and never shrinks: what stands below it would jump.
    this.#tallestPx = Math.max(this.#tallestPx, Math.min(roomPx, Math.max(60, this.#rows.heightPx)));
    const [heightPx, gutterPx] = [this.#tallestPx + AXIS_PX, widthPx < 560 ? 92 : 152];
    if (this.#chart) this.#chart.resize(widthPx, heightPx, gutterPx);
    else this.#chart = new TimelineChart(this.#host.chart, widthPx, heightPx, gutterPx, this.#gestures());
    const stripPx = Math.max(60, widthPx - gutterPx);
    this.#host.overview.style.marginLeft = `${gutterPx}px`;
    if (this.#overview) this.#overview.resize(stripPx, OVERVIEW_PX);
    else this.#overview = new OverviewChart(this.#host.overview, stripPx, OVERVIEW_PX, (part) => this.move({ type: 'show', window: part }));
    this.#host.scroller.style.top = `${AXIS_PX}px`;
    this.#host.scroller.style.height = `${this.#tallestPx}px`;
    this.#host.scroller.hidden = this.#rows.heightPx <= this.#tallestPx;
    this.#host.spacer.style.height = `${this.#rows.heightPx}px`;
    this.#requestSoon();
    this.#paintSoon();
  }

  #paintSoon(): void {
    if (!this.#ends.has('frame'))
      this.#end(
        'frame',
        onNextFrame(() => this.#paint()),
      );
  }

  #paint(): void {
    this.#end('frame');
    if (!this.#answer || !this.#chart) return;
    const { view, index } = this.#answer;
    const highlighted = new Set<number>();
    if (this.#highlighted.size > 0)
      for (const [number, group] of view.groups.entries()) if (this.#highlighted.has(group)) highlighted.add(number);
    this.#chart.show({
      view,
      index,
      rows: this.#rows,
      window: this.viewport.window,
      theme: this.#theme,
      scrollPx: this.#host.scroller.scrollTop,
      nowMs: this.runMs,
      chosen: this.chosen?.ref,
      highlighted,
    });
    const whole = wholeOf(this.viewport.endMs);
    this.#host.part.textContent = windowText(this.viewport.window, this.viewport.endMs);
    const { slots } = this.#overviewFeed;
    if (slots) this.#overview?.show({ slots, whole, window: this.viewport.window, theme: this.#theme });
  }

  /** Lets the right edge of a run that grows move: once for each half pixel, and at most 30 times a second. */
  #tick(): void {
    this.#end('tick');
    if (!this.#answer || !this.#isLive || !isUnderWay(this.#answer.view.run)) return;
    this.move({ type: 'run-grew', endMs: this.runMs, isGrowing: true });
    this.#paintSoon();
    const { window } = this.viewport;
    const msPerPx = (window.toMs - window.fromMs) / Math.max(1, this.#chart?.room.widthPx ?? 1);
    this.#end(
      'tick',
      after(Math.min(1000, Math.max(33, msPerPx / 2)), () => this.#tick()),
    );
  }

  // --- what is asked for

  get #seenRows(): SeenRows {
    const total = this.#rows.topPx.length;
    // Rows that the answer does not have cannot be asked for by number.
    if (this.#answer?.index.hasMoreRows) return { from: 0, to: total, total };
    const { scrollTop } = this.#host.scroller;
    const [from, to] = rowsWithin(this.#rows, scrollTop, scrollTop + this.#tallestPx);
    return { from, to, total };
  }

  #requestSoon(): void {
    if (this.#ends.has('settle')) return;
    this.#end(
      'settle',
      after(SETTLE_MS, () => {
        this.#end('settle');
        this.#request();
      }),
    );
  }

  #request(): void {
    const widthPx = this.#chart?.room.widthPx ?? Math.max(200, this.#host.chart.clientWidth - 120);
    // How long the run is, nobody knows before the first answer: it is asked for next to nothing.
    const request = this.#isKnown ? requestFor(this.viewport, widthPx, this.#seenRows, this.#asked) : PROBE;
    if (request === this.#asked) return;
    this.#asked = request;
    this.#end('watch');
    this.#end(
      'watch',
      this.#views.watch(
        request,
        (view) => this.#see(view),
        (failure) => {
          this.failure = failure;
          this.#host.changed();
        },
      ),
    );
  }

  #see(view: TimelineView): void {
    if (!this.#isKnown) {
      this.#isKnown = true;
      this.viewport = wholeRun(view.run.elapsedMs, this.#isLive && isUnderWay(view.run));
      // The source may call before it has returned what ends this.
      this.#requestSoon();
      this.#overviewFeed.begin(view.run.elapsedMs);
      return;
    }
    const before = this.#answer;
    this.#answer = { view, index: barIndex(view), receivedMs: nowMs() };
    this.failure = undefined;
    const isGrowing = this.#isLive && isUnderWay(view.run);
    const endMs = isGrowing ? Math.max(view.run.elapsedMs, this.viewport.endMs) : view.run.elapsedMs;
    this.move({ type: 'run-grew', endMs, isGrowing });
    if (this.#pointer) this.#choose(this.#barAt(this.#pointer.xPx, this.#pointer.yPx));
    else if (before && this.chosen) {
      const ref = sameBar(before.view, this.chosen.ref, view, this.#answer.index);
      this.#choose(ref && { ...this.chosen, ref });
    }
    this.#layOut();
    this.#host.changed();
    if (!this.#ends.has('tick')) this.#tick();
  }

  // --- what a person does

  #barAt(xPx: number, yPx: number): ChosenBar | undefined {
    if (!this.#answer || !this.#chart) return undefined;
    const row = rowAt(this.#rows, yPx + this.#host.scroller.scrollTop);
    if (row === undefined) return undefined;
    const { window } = this.viewport;
    const msPerPx = (window.toMs - window.fromMs) / Math.max(1, this.#chart.room.widthPx);
    const ref = barAt(this.#answer.index, row, window.fromMs + xPx * msPerPx, REACH_PX * msPerPx, this.runMs);
    return ref && { ref, xPx, yPx };
  }

  #choose(chosen: ChosenBar | undefined): void {
    if (!chosen && !this.chosen) return;
    this.chosen = chosen;
    this.#paintSoon();
    this.#host.changed();
  }

  #gestures(): GestureTarget {
    const atMs = (xPx: number): number => {
      const { window } = this.viewport;
      return window.fromMs + (xPx / Math.max(1, this.#chart!.room.widthPx)) * (window.toMs - window.fromMs);
    };
    return {
      zoomBy: (factor, xPx) => this.move({ type: 'zoom', atMs: atMs(xPx), factor }),
      panBy: (xPx, yPx) => {
        this.#host.scroller.scrollTop -= yPx;
        return this.move({ type: 'pan', byMs: atMs(0) - atMs(xPx) });
      },
      hover: (xPx, yPx) => {
        this.#pointer = { xPx, yPx };
        this.#choose(this.#barAt(xPx, yPx));
      },
      leave: () => this.clear(),
      press: (xPx, yPx, isTouch) => {
        const before = this.chosen?.ref;
        const found = this.#barAt(xPx, yPx);
        this.#choose(found);
        // A finger cannot hover: its first tap shows the card, the second one opens the function.
        const isSame = before && found && before.kind === found.ref.kind && before.at === found.ref.at;
        if (found && (!isTouch || isSame)) this.openChosen();
      },
      brush: (fromPx, toPx, isDone) => {
        this.#chart!.showBrush(fromPx, isDone ? fromPx : toPx);
        if (!isDone || Math.abs(toPx - fromPx) < 3) return;
        this.move({ type: 'show', window: { fromMs: atMs(Math.min(fromPx, toPx)), toMs: atMs(Math.max(fromPx, toPx)) } });
      },
    };
  }
}
