import uPlot from 'uplot';
import { type GestureTarget, listenForGestures } from '../gestures.js';
import { THEME_TOKENS } from '../theme/tokens.js';
import { barFills } from './bar-patterns.js';
import { TICK_DISTANCES_MS, tickLabel } from './time-labels.js';
import { TimelinePicture, type TimelineScene } from './timeline-picture.js';

/** The height of the time axis, CSS pixels. */
export const AXIS_PX = 28;

/** Half the width of a label. */
const EDGE_PX = 24;

/** The font of axes. A canvas takes a family in quotes as one name. */
const FONT = '11px "system-ui", sans-serif';

/**
 * The timeline on a canvas. uPlot has the canvas, its pixel ratio, the scale and axis of time, the line at the pointer and the part that is
 * brushed; bars are drawn in its hooks, by `TimelinePicture`. What is shown is given as a scene, at most once for each frame.
 */
export class TimelineChart {
  readonly #plot: uPlot;
  readonly #endGestures: () => void;
  #scene: TimelineScene | undefined;
  #picture: TimelinePicture | undefined;
  #pictureOf = '';
  #gutterPx: number;

  constructor(host: HTMLElement, widthPx: number, heightPx: number, gutterPx: number, gestures: GestureTarget) {
    this.#gutterPx = gutterPx;
    const colour = (name: 'quiet' | 'line') => (): string => THEME_TOKENS[this.#scene?.theme ?? 'light'][name];
    this.#plot = new uPlot(
      {
        width: widthPx,
        height: heightPx,
        ms: 1,
        padding: [0, 0, 0, 0],
        legend: { show: false },
        scales: {
          x: { time: false, auto: false, range: (_plot, min, max) => [min, max] },
          y: { auto: false, range: [0, 1] },
        },
        axes: [
          {
            side: 0,
            size: AXIS_PX,
            gap: 3,
            space: 84,
            font: FONT,
            incrs: [...TICK_DISTANCES_MS],
            stroke: colour('quiet'),
            grid: { stroke: colour('line'), width: 1 },
            ticks: { stroke: colour('line'), width: 1, size: 5 },
            values: (plot, splits, _axis, _space, distanceMs) =>
              // A label at the right edge would be cut.
              splits.map((atMs) => (plot.valToPos(atMs, 'x') > this.room.widthPx - EDGE_PX ? '' : tickLabel(atMs, distanceMs))),
          },
          { side: 3, size: () => this.#gutterPx, splits: () => [], values: () => [], grid: { show: false }, ticks: { show: false } },
        ],
        series: [{}, { show: true, points: { show: false } }],
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false, setScale: false } },
        hooks: {
          drawClear: [() => this.#draw('drawBands')],
          draw: [
            () => {
              this.#draw('drawBars');
              this.#draw('drawLabels');
            },
          ],
        },
      },
      [
        [0, 1],
        [null, null],
      ],
      host,
    );
    this.#endGestures = listenForGestures(this.#plot.over, gestures);
  }

  /** How wide and high the part with the bars is, CSS pixels. */
  get room(): { readonly widthPx: number; readonly heightPx: number } {
    const { width, height } = this.#plot.bbox;
    return { widthPx: width / uPlot.pxRatio, heightPx: height / uPlot.pxRatio };
  }

  /** Draws a scene, before the next frame. */
  show(scene: TimelineScene): void {
    const before = this.#scene;
    this.#scene = scene;
    const { min, max } = this.#plot.scales.x!;
    if (min === scene.window.fromMs && max === scene.window.toMs) this.#plot.redraw(false, before?.theme !== scene.theme);
    else this.#plot.setScale('x', { min: scene.window.fromMs, max: scene.window.toMs });
  }

  resize(widthPx: number, heightPx: number, gutterPx: number): void {
    this.#gutterPx = gutterPx;
    if (this.#plot.width !== widthPx || this.#plot.height !== heightPx) this.#plot.setSize({ width: widthPx, height: heightPx });
  }

  /** Shows which part is being chosen; an empty one hides it. */
  showBrush(fromPx: number, toPx: number): void {
    const left = Math.min(fromPx, toPx);
    this.#plot.setSelect({ left, top: 0, width: Math.abs(toPx - fromPx), height: this.room.heightPx }, false);
  }

  destroy(): void {
    this.#endGestures();
    this.#plot.destroy();
  }

  #draw(part: 'drawBands' | 'drawBars' | 'drawLabels'): void {
    const scene = this.#scene;
    if (!scene) return;
    const { ctx, bbox } = this.#plot;
    const ratio = uPlot.pxRatio;
    const key = `${scene.theme} ${ratio}`;
    if (!this.#picture || this.#pictureOf !== key) {
      this.#picture = new TimelinePicture(ctx, barFills(ctx, scene.theme, ratio), ratio);
      this.#pictureOf = key;
    }
    this.#picture[part](scene, bbox);
  }
}
