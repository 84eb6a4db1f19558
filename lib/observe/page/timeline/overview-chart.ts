import uPlot from 'uplot';
import { type GestureTarget, listenForGestures } from '../gestures.js';
import { STATE_LOOKS, THEME_TOKENS, type ThemeName } from '../theme/tokens.js';
import type { BusySlots } from './busy-slots.js';
import type { TimeWindow } from './time-window.js';

/** What the strip shows: how many slots are busy over the whole of the run, and which part of it the timeline shows. */
export interface Overview {
  readonly slots: BusySlots;
  readonly whole: TimeWindow;
  readonly window: TimeWindow;
  readonly theme: ThemeName;
}

/** The strip above a timeline: busy slots as an area, failures as marks, the visible part as a window that can be dragged or drawn anew. */
export class OverviewChart {
  readonly #plot: uPlot;
  readonly #endGestures: () => void;
  #shown: Overview | undefined;

  /** `choose` gets the part that a person drags the window to, or draws. */
  constructor(host: HTMLElement, widthPx: number, heightPx: number, choose: (window: TimeWindow) => void) {
    const token = (name: 'fill' | 'line'): string => THEME_TOKENS[this.#shown?.theme ?? 'light'][name];
    this.#plot = new uPlot(
      {
        width: widthPx,
        height: heightPx,
        ms: 1,
        padding: [4, 0, 0, 0],
        legend: { show: false },
        scales: {
          x: { time: false, auto: false, range: (_plot, min, max) => [min, max] },
          y: { range: (_plot, _min, max) => [0, Math.max(1, max ?? 1)] },
        },
        axes: [{ show: false }, { show: false }],
        series: [
          {},
          {
            stroke: () => token('fill'),
            fill: () => `${token('fill')}66`,
            width: 1,
            points: { show: false },
            paths: uPlot.paths.stepped!({ align: 1 }),
          },
        ],
        cursor: { show: false, drag: { x: false, y: false, setScale: false } },
        hooks: { draw: [() => this.#drawFailures()] },
      },
      [
        [0, 1],
        [0, 0],
      ],
      host,
    );
    this.#endGestures = listenForGestures(this.#plot.over, this.#gestures(choose));
  }

  show(overview: Overview): void {
    const before = this.#shown;
    this.#shown = overview;
    if (before?.slots !== overview.slots || before.theme !== overview.theme) {
      this.#plot.setData([overview.slots.atMs, overview.slots.busy] as unknown as uPlot.AlignedData, true);
    }
    const { min, max } = this.#plot.scales.x!;
    if (min !== overview.whole.fromMs || max !== overview.whole.toMs) {
      this.#plot.setScale('x', { min: overview.whole.fromMs, max: overview.whole.toMs });
    }
    // The plot knows its room: asking the element would lay the page out once more in each frame.
    const [width, height] = [this.#plot.bbox.width / uPlot.pxRatio, this.#plot.bbox.height / uPlot.pxRatio];
    const pxPerMs = width / (overview.whole.toMs - overview.whole.fromMs);
    const left = Math.max(0, (overview.window.fromMs - overview.whole.fromMs) * pxPerMs);
    const shownPx = Math.min(width - left, Math.max(3, (overview.window.toMs - overview.window.fromMs) * pxPerMs));
    this.#plot.setSelect({ left, top: 0, width: shownPx, height }, false);
  }

  resize(widthPx: number, heightPx: number): void {
    if (this.#plot.width !== widthPx) this.#plot.setSize({ width: widthPx, height: heightPx });
  }

  destroy(): void {
    this.#endGestures();
    this.#plot.destroy();
  }

  #drawFailures(): void {
    const shown = this.#shown;
    if (!shown) return;
    const { ctx, bbox } = this.#plot;
    // uPlot remembers the styles that it has set.
    ctx.save();
    ctx.fillStyle = STATE_LOOKS.failed[shown.theme];
    for (const interval of shown.slots.failedIn) {
      const x = Math.round(this.#plot.valToPos(shown.slots.atMs[interval]!, 'x', true));
      ctx.fillRect(
        x,
        bbox.top + bbox.height - Math.round(7 * uPlot.pxRatio),
        Math.max(2, Math.round(2 * uPlot.pxRatio)),
        Math.round(7 * uPlot.pxRatio),
      );
    }
    ctx.restore();
  }

  #gestures(choose: (window: TimeWindow) => void): GestureTarget {
    const msPerPx = (): number => {
      const { whole } = this.#shown!;
      return (whole.toMs - whole.fromMs) / Math.max(1, this.#plot.bbox.width / uPlot.pxRatio);
    };
    const moveBy = (byMs: number): boolean => {
      const { window } = this.#shown!;
      choose({ fromMs: window.fromMs + byMs, toMs: window.toMs + byMs });
      return true;
    };
    return {
      zoomBy: (factor, xPx) => {
        if (!this.#shown) return false;
        const { window } = this.#shown;
        const atMs = xPx * msPerPx();
        const lengthMs = (window.toMs - window.fromMs) * factor;
        choose({ fromMs: atMs - lengthMs / 2, toMs: atMs + lengthMs / 2 });
        return true;
      },
      panBy: (xPx) => this.#shown !== undefined && moveBy(xPx * msPerPx()),
      hover: () => undefined,
      leave: () => undefined,
      press: (xPx) => {
        if (!this.#shown) return;
        const { window } = this.#shown;
        moveBy(xPx * msPerPx() - (window.fromMs + window.toMs) / 2);
      },
      brush: (fromPx, toPx, isDone) => {
        if (!this.#shown || !isDone || Math.abs(toPx - fromPx) < 3) return;
        choose({ fromMs: Math.min(fromPx, toPx) * msPerPx(), toMs: Math.max(fromPx, toPx) * msPerPx() });
      },
    };
  }
}
