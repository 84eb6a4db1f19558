import { STATE_LOOKS, THEME_TOKENS, type ThemeName } from '../theme/tokens.js';

/** What bars are filled with, besides the colours of groups. Patterns are in device pixels. */
export interface BarFills {
  /** Laid over the part in which arguments are fetched: darker, with diagonals. */
  readonly fetch: CanvasPattern;
  /** Laid over the parts in which a module is loaded, or arguments and results are packed: lighter. */
  readonly tint: string;
  readonly failed: CanvasPattern;
  readonly lost: CanvasPattern;
  readonly cancelled: CanvasPattern;
  readonly failedEdge: string;
  /** The hand-over, and outlines. */
  readonly line: string;
}

type Draw = (context: CanvasRenderingContext2D, size: number, ratio: number) => void;

/** Draws a tile of 8 CSS pixels that repeats without a seam. */
function tile(context: CanvasRenderingContext2D, ratio: number, draw: Draw): CanvasPattern {
  const canvas = document.createElement('canvas');
  const size = Math.max(4, Math.round(8 * ratio));
  canvas.width = size;
  canvas.height = size;
  draw(canvas.getContext('2d')!, size, ratio);
  return context.createPattern(canvas, 'repeat')!;
}

/** Lines from the lower left to the upper right, or the other way; each also half a tile away, so that they meet at the edges. */
function diagonals(context: CanvasRenderingContext2D, size: number, isRising: boolean): void {
  context.beginPath();
  for (const shift of [-size, 0, size]) {
    context.moveTo(shift - 1, isRising ? size + 1 : -1);
    context.lineTo(shift + size + 1, isRising ? -1 : size + 1);
  }
  context.stroke();
}

/** The fills of a theme, at a device pixel ratio. */
export function barFills(context: CanvasRenderingContext2D, theme: ThemeName, ratio: number): BarFills {
  const { panel, quiet, ink } = THEME_TOKENS[theme];
  const failedColour = STATE_LOOKS.failed[theme];
  const striped = (ground: string | undefined, stroke: string, widthPx: number, isCrossed: boolean): CanvasPattern =>
    tile(context, ratio, (on, size) => {
      if (ground) {
        on.fillStyle = ground;
        on.fillRect(0, 0, size, size);
      }
      on.strokeStyle = stroke;
      on.lineWidth = widthPx * ratio;
      diagonals(on, size, true);
      if (isCrossed) diagonals(on, size, false);
    });
  return {
    fetch: striped('rgba(0, 0, 0, 0.38)', 'rgba(255, 255, 255, 0.5)', 1, false),
    tint: theme === 'light' ? 'rgba(255, 255, 255, 0.55)' : 'rgba(255, 255, 255, 0.42)',
    failed: theme === 'light' ? striped(failedColour, failedColour, 1, false) : striped(failedColour, '#6b7681', 1.4, true),
    lost: striped(panel, failedColour, 2, false),
    cancelled: striped(panel, quiet, 1, true),
    failedEdge: failedColour,
    line: theme === 'light' ? quiet : ink,
  };
}

/** Black or white, whichever is read better on a colour of six hex digits (relative luminance as in WCAG 2). */
export function textOn(colour: string): string {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18 ? '#000000' : '#ffffff';
}
