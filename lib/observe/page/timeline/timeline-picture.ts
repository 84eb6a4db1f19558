import type { TimelineView } from '../../views/view-types.js';
import { groupColour, THEME_TOKENS, type ThemeName } from '../theme/tokens.js';
import type { BarIndex, BarRef } from './bar-index.js';
import { type BarFills, textOn } from './bar-patterns.js';
import { fittedId, fittedText, labelStep, type RowBands, rowsWithin, stickyLabelPx } from './row-bands.js';
import type { TimeWindow } from './time-window.js';

/** What a timeline looks like now. Lengths are CSS pixels. */
export interface TimelineScene {
  readonly view: TimelineView;
  readonly index: BarIndex;
  readonly rows: RowBands;
  readonly window: TimeWindow;
  readonly theme: ThemeName;
  readonly scrollPx: number;
  /** Until when running attempts are drawn. */
  readonly nowMs: number;
  /** The bar below the pointer, or the one that the keyboard is at. */
  readonly chosen: BarRef | undefined;
  /** The numbers of the groups that stand out, if any do. */
  readonly highlighted: ReadonlySet<number>;
}

/** Where bars are drawn, in device pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Outcomes by their place in `ATTEMPT_OUTCOMES`. */
const [SUCCEEDED, CANCELLED, LOST] = [0, 3, 4];
/** Bars narrower than this, in CSS pixels, have no phases. */
const [PHASES_FROM_PX, GAP_FROM_PX, LABEL_FROM_PX] = [5, 3, 34];
const FONT = '"system-ui", sans-serif';

/** A bar that is wide enough for its name, in device pixels; `at` counts in its columns. */
interface WideBar {
  readonly at: number;
  readonly x: number;
  readonly width: number;
  readonly y: number;
}

/** Draws the rows and bars of a scene into a box of a canvas. */
export class TimelinePicture {
  readonly #context: CanvasRenderingContext2D;
  readonly #fills: BarFills;
  readonly #ratio: number;

  constructor(context: CanvasRenderingContext2D, fills: BarFills, ratio: number) {
    this.#context = context;
    this.#fills = fills;
    this.#ratio = ratio;
  }

  /** Draws what is behind the grid of the axis: nodes as bands, told apart by their ground. */
  drawBands(scene: TimelineScene, box: Box): void {
    const on = this.#context;
    on.save();
    on.beginPath();
    on.rect(0, box.top, box.left + box.width, box.height);
    on.clip();
    for (const [number, { topPx, bottomPx }] of scene.rows.bands.entries()) {
      const y = box.top + Math.round((topPx - scene.scrollPx) * this.#ratio);
      const end = box.top + Math.round((bottomPx - scene.scrollPx) * this.#ratio);
      if (number % 2 === 1) {
        on.fillStyle = THEME_TOKENS[scene.theme].ground;
        on.fillRect(0, y, box.left + box.width, end - y);
      }
      on.fillStyle = THEME_TOKENS[scene.theme].line;
      on.fillRect(0, end - 1, box.left + box.width, 1);
    }
    on.restore();
  }

  /** Draws the bars. */
  drawBars(scene: TimelineScene, box: Box): void {
    const on = this.#context;
    on.save();
    on.beginPath();
    on.rect(box.left, box.top, box.width, box.height);
    on.clip();
    const [from, to] = rowsWithin(scene.rows, scene.scrollPx, scene.scrollPx + box.height / this.#ratio);
    const colours = scene.view.groups.map((group) => groupColour(group, scene.theme));
    const isDim = scene.highlighted.size > 0 ? (group: number): boolean => !scene.highlighted.has(group) : (): boolean => false;
    const pxPerMs = box.width / (scene.window.toMs - scene.window.fromMs);
    const xOf = (atMs: number): number => box.left + (atMs - scene.window.fromMs) * pxPerMs;
    const wide: WideBar[] = [];
    const running: WideBar[] = [];
    const gap = scene.rows.rowPx > 12 ? 2 : scene.rows.rowPx > 3 ? 1 : 0;
    const height = Math.max(1, Math.round((scene.rows.rowPx - gap) * this.#ratio));
    for (let row = from; row < to; row += 1) {
      const y = box.top + Math.round((scene.rows.topPx[row]! - scene.scrollPx) * this.#ratio);
      for (const ref of scene.index.rows[row]!) {
        const startMs = scene.index.startOf(ref);
        if (startMs > scene.window.toMs) break;
        const endMs = scene.index.endOf(ref, scene.nowMs);
        if (endMs < scene.window.fromMs) continue;
        // Far beyond the edges coordinates would lose their exactness.
        const x = Math.round(Math.max(xOf(startMs), box.left - 1e6));
        const width = Math.max(1, Math.round(Math.min(xOf(endMs), box.left + box.width + 1e6)) - x);
        if (ref.kind === 'bar') {
          const group = scene.view.bars.group[ref.at]!;
          on.globalAlpha = isDim(group) ? 0.16 : 1;
          this.#drawBar(scene, ref.at, colours[group]!, x, y, width, height, xOf);
          if (width >= LABEL_FROM_PX * this.#ratio && height >= 11 * this.#ratio) wide.push({ at: ref.at, x, width, y });
        } else if (ref.kind === 'merged') {
          const group = scene.view.merged.group[ref.at]!;
          on.globalAlpha = (isDim(group) ? 0.16 : 1) * (0.3 + 0.7 * Math.min(1, scene.view.merged.filled[ref.at]!));
          on.fillStyle = colours[group]!;
          on.fillRect(x, y, width, height);
          if (scene.view.merged.hasFailure[ref.at]) this.#drawFailureMark(x, y, width, height);
        } else {
          const { group } = scene.view.running[ref.at]!;
          on.globalAlpha = isDim(group) ? 0.16 : 1;
          this.#drawRunning(scene.theme, colours[group]!, x, y, width, height);
          if (width >= LABEL_FROM_PX * this.#ratio && height >= 11 * this.#ratio) running.push({ at: ref.at, x, width, y });
        }
      }
    }
    on.globalAlpha = 1;
    this.#drawNames(scene, wide, running, colours, height, isDim, box.left);
    this.#drawChosen(scene, box, xOf, height);
    on.restore();
  }

  #drawBar(
    scene: TimelineScene,
    at: number,
    colour: string,
    x: number,
    y: number,
    given: number,
    height: number,
    xOf: (atMs: number) => number,
  ): void {
    const on = this.#context;
    const { bars } = scene.view;
    const outcome = bars.outcome[at]!;
    // Bars that touch are told apart by a pixel.
    const width = given >= GAP_FROM_PX * this.#ratio ? given - 1 : given;
    if (outcome !== SUCCEEDED) {
      on.fillStyle = outcome === LOST ? this.#fills.lost : outcome === CANCELLED ? this.#fills.cancelled : this.#fills.failed;
      const shown = Math.max(width, 2);
      on.fillRect(x, y, shown, height);
      // The group is still seen: an edge of its colour at the left.
      on.fillStyle = colour;
      if (width >= PHASES_FROM_PX * this.#ratio) on.fillRect(x, y, Math.max(2, Math.round(3 * this.#ratio)), height);
      on.fillStyle = outcome === CANCELLED ? this.#fills.line : this.#fills.failedEdge;
      if (outcome === LOST || outcome === CANCELLED) this.#frame(x, y, shown, height, 1);
      return;
    }
    if (width < PHASES_FROM_PX * this.#ratio) {
      on.fillStyle = colour;
      on.fillRect(x, y, width, height);
      return;
    }
    const startMs = bars.startMs[at]!;
    const fetched = startMs + bars.fetchMs[at]!;
    const loaded = fetched + bars.loadMs[at]!;
    const ran = loaded + bars.runMs[at]!;
    const packed = ran + bars.packMs[at]!;
    const [xFetched, xLoaded, xRan, xPacked] = [fetched, loaded, ran, packed].map((atMs) => Math.min(Math.round(xOf(atMs)), x + width));
    on.fillStyle = colour;
    on.fillRect(x, y, Math.max(1, xPacked! - x), height);
    if (xFetched! > x) {
      on.fillStyle = this.#fills.fetch;
      on.fillRect(x, y, xFetched! - x, height);
    }
    on.fillStyle = this.#fills.tint;
    if (xLoaded! > xFetched!) on.fillRect(Math.max(x, xFetched!), y, xLoaded! - Math.max(x, xFetched!), height);
    if (xPacked! > xRan!) on.fillRect(Math.max(x, xRan!), y, xPacked! - Math.max(x, xRan!), height);
    const handOver = bars.handOverMs[at]! / 2;
    if (handOver > 0) {
      const middle = y + Math.floor(height / 2);
      const [before, after] = [Math.round(xOf(startMs - handOver)), Math.round(xOf(packed + handOver))];
      on.fillStyle = this.#fills.line;
      if (x - before > 1) on.fillRect(before, middle, x - before, Math.max(1, Math.round(this.#ratio)));
      if (after - xPacked! > 1) on.fillRect(xPacked!, middle, after - xPacked!, Math.max(1, Math.round(this.#ratio)));
    }
  }

  /** What runs now is a frame that is lightly filled, with a bright moving end. */
  #drawRunning(theme: ThemeName, colour: string, x: number, y: number, width: number, height: number): void {
    const on = this.#context;
    const alpha = on.globalAlpha;
    on.fillStyle = colour;
    on.globalAlpha = alpha * (theme === 'light' ? 0.35 : 0.45);
    on.fillRect(x, y, width, height);
    on.globalAlpha = alpha;
    const edge = Math.max(1, Math.round(this.#ratio * 1.5));
    if (width > 3 * edge) {
      on.fillRect(x, y, width, edge);
      on.fillRect(x, y + height - edge, width, edge);
      on.fillRect(x, y, edge, height);
    }
    on.fillRect(x + width - 2 * edge, y, 2 * edge, height);
  }

  /** A failure among bars that are too narrow to be seen: a wedge of the colour of failures at their foot. */
  #drawFailureMark(x: number, y: number, width: number, height: number): void {
    const on = this.#context;
    const mark = Math.max(2, Math.round(height * 0.4));
    on.globalAlpha = 1;
    on.fillStyle = this.#fills.failedEdge;
    on.fillRect(x, y + height - mark, Math.max(width, Math.round(2 * this.#ratio)), mark);
  }

  #frame(x: number, y: number, width: number, height: number, thickness: number): void {
    const on = this.#context;
    on.fillRect(x, y, width, thickness);
    on.fillRect(x, y + height - thickness, width, thickness);
    on.fillRect(x, y, thickness, height);
    on.fillRect(x + width - thickness, y, thickness, height);
  }

  #drawNames(
    scene: TimelineScene,
    wide: readonly WideBar[],
    running: readonly WideBar[],
    colours: readonly string[],
    height: number,
    isDim: (group: number) => boolean,
    boxLeft: number,
  ): void {
    const on = this.#context;
    on.font = `${Math.round(11 * this.#ratio)}px ${FONT}`;
    on.textBaseline = 'middle';
    on.textAlign = 'left';
    const widthOf = (text: string): number => on.measureText(text).width;
    const padding = 5 * this.#ratio;
    for (const { at, x, width, y } of wide) {
      if (scene.view.bars.outcome[at] !== SUCCEEDED || isDim(scene.view.bars.group[at]!)) continue;
      // Names stand where the function itself runs: patterns would make them hard to read.
      const { fetchMs, loadMs, startMs, endMs } = scene.view.bars;
      const skipped = (fetchMs[at]! + loadMs[at]!) / Math.max(1e-9, endMs[at]! - startMs[at]!);
      const left = Math.max(x + skipped * width, boxLeft) + padding;
      const text = fittedId(scene.view.bars.functionId[at]!, x + width - left - padding, widthOf);
      if (!text) continue;
      on.fillStyle = textOn(colours[scene.view.bars.group[at]!]!);
      on.fillText(text, left, y + height / 2 + this.#ratio * 0.5);
    }
    on.fillStyle = THEME_TOKENS[scene.theme].ink;
    for (const { at, x, width, y } of running) {
      const { functionId, group } = scene.view.running[at]!;
      const left = Math.max(x, boxLeft) + padding;
      if (!isDim(group)) on.fillText(fittedId(functionId, x + width - left - padding, widthOf), left, y + height / 2 + this.#ratio * 0.5);
    }
  }

  #drawChosen(
    { chosen, index, rows, nowMs, scrollPx, theme }: TimelineScene,
    box: Box,
    xOf: (atMs: number) => number,
    height: number,
  ): void {
    if (!chosen) return;
    const on = this.#context;
    const x = Math.round(xOf(index.startOf(chosen)));
    const width = Math.max(2, Math.round(xOf(index.endOf(chosen, nowMs))) - x);
    const y = box.top + Math.round((rows.topPx[chosen.row]! - scrollPx) * this.#ratio);
    const thickness = Math.max(2, Math.round(2 * this.#ratio));
    on.fillStyle = THEME_TOKENS[theme].panel;
    this.#frame(x - 2 * thickness, y - 2 * thickness, width + 4 * thickness, height + 4 * thickness, thickness);
    on.fillStyle = THEME_TOKENS[theme].ink;
    this.#frame(x - thickness, y - thickness, width + 2 * thickness, height + 2 * thickness, thickness);
  }

  /** Draws the names of nodes and slots left of the bars. The name of a node stays in view while one of its rows does. */
  drawLabels(scene: TimelineScene, box: Box): void {
    const on = this.#context;
    const { ink, quiet } = THEME_TOKENS[scene.theme];
    on.save();
    on.beginPath();
    on.rect(0, box.top, box.left, box.height);
    on.clip();
    on.textBaseline = 'middle';
    const line = 14;
    const widthOf = (text: string): number => on.measureText(text).width;
    const padding = 8 * this.#ratio;
    const isNarrowGutter = box.left < 110 * this.#ratio;
    const slotRoom = (isNarrowGutter ? 16 : 64) * this.#ratio;
    // Where nodes are as low as a line or less, only some names fit.
    let freeFrom = Number.NEGATIVE_INFINITY;
    const step = labelStep(scene.rows.rowPx, 12);
    for (const band of scene.rows.bands) {
      if (band.bottomPx < scene.scrollPx || (band.topPx - scene.scrollPx) * this.#ratio > box.height) continue;
      const isNarrow = band.bottomPx - band.topPx < 2 * line;
      const inBandPx = isNarrow ? Math.max((band.bottomPx - band.topPx) / 2, line / 2) : 12;
      const y = box.top + (stickyLabelPx(band, scene.scrollPx, line + 6) - scene.scrollPx + inBandPx) * this.#ratio;
      on.font = `600 ${Math.round(12 * this.#ratio)}px ${FONT}`;
      on.fillStyle = ink;
      on.textAlign = 'left';
      if (y < freeFrom) continue;
      freeFrom = y + line * this.#ratio;
      on.fillText(fittedText(band.node, box.left - slotRoom - padding * 1.6, widthOf), padding, y);
      if (scene.rows.rowPx < 6) continue;
      on.font = `${Math.round(Math.min(11, Math.max(9, scene.rows.rowPx)) * this.#ratio)}px ${FONT}`;
      on.fillStyle = quiet;
      on.textAlign = 'right';
      const rows = scene.index.places.slice(band.from, band.to);
      const hasSeveral = rows.some(({ isolation, slot }) => slot >= 0 && isolation !== rows[0]!.isolation);
      for (let row = band.from; row < band.to; row += step) {
        if (scene.index.places[row]!.slot < 0) continue;
        const { isolation, slot } = scene.index.places[row]!;
        const isFirst = row === band.from || scene.index.places[row - 1]!.isolation !== isolation;
        const text = !isNarrowGutter && (hasSeveral || isFirst) ? `${isolation} ${slot}` : String(slot);
        const at = box.top + (scene.rows.topPx[row]! - scene.scrollPx + scene.rows.rowPx / 2) * this.#ratio;
        on.fillText(fittedText(text, slotRoom, widthOf) || String(slot), box.left - padding, at);
      }
    }
    on.restore();
  }
}
