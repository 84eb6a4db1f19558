// Brain: pure.
/** What part of a graph is seen: a place of the graph is at `place * scale + shift` on the screen, CSS pixels. */
export interface Camera {
  readonly xPx: number;
  readonly yPx: number;
  readonly scale: number;
}

/** A part of the graph, or the screen. */
export interface Extent {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Below 0.03 nothing is told apart; above 3 nothing is gained. */
const [LEAST, MOST] = [0.03, 3];
/** At this scale labels can still be read. */
const LEGIBLE = 0.5;
/** So much of the graph always stays in view. */
const EDGE_PX = 60;

/** The camera that shows all of a graph, at most in its own size, in the middle of the screen. */
export function fittedCamera(graph: Extent, screen: Extent): Camera {
  const scale = clamped(Math.min(1, screen.widthPx / Math.max(1, graph.widthPx), screen.heightPx / Math.max(1, graph.heightPx)));
  return { scale, xPx: (screen.widthPx - graph.widthPx * scale) / 2, yPx: (screen.heightPx - graph.heightPx * scale) / 2 };
}

/** The camera that a graph is shown with at first: all of it if it can be read so, else its beginning, whose middle is at `beginYPx`. */
export function firstCamera(graph: Extent, screen: Extent, beginYPx: number): Camera {
  const all = fittedCamera(graph, screen);
  if (all.scale >= LEGIBLE) return all;
  const scale = Math.max(LEGIBLE, Math.min(0.8, screen.heightPx / Math.max(1, graph.heightPx)));
  const spare = screen.heightPx - graph.heightPx * scale;
  // A graph that is lower than the screen stands in its middle. Another one covers it from top to bottom.
  return { scale, xPx: 8, yPx: spare >= 0 ? spare / 2 : Math.min(0, Math.max(spare, screen.heightPx / 2 - beginYPx * scale)) };
}

/** The camera nearer or farther by a factor above or below 1. The place below the pointer stays where it is. */
export function zoomedCamera(camera: Camera, factor: number, xPx: number, yPx: number): Camera {
  const scale = clamped(camera.scale * factor);
  const ratio = scale / camera.scale;
  return { scale, xPx: xPx - (xPx - camera.xPx) * ratio, yPx: yPx - (yPx - camera.yPx) * ratio };
}

/** The camera moved, but never so far that the graph is lost. */
export function pannedCamera(camera: Camera, xPx: number, yPx: number, graph: Extent, screen: Extent): Camera {
  const kept = (place: number, graphPx: number, screenPx: number): number =>
    Math.min(screenPx - EDGE_PX, Math.max(EDGE_PX - graphPx * camera.scale, place));
  return {
    scale: camera.scale,
    xPx: kept(camera.xPx + xPx, graph.widthPx, screen.widthPx),
    yPx: kept(camera.yPx + yPx, graph.heightPx, screen.heightPx),
  };
}

/** The camera moved as little as it takes to see a box. */
export function revealingCamera(camera: Camera, box: Extent & { readonly xPx: number; readonly yPx: number }, screen: Extent): Camera {
  const by = (begin: number, length: number, shift: number, screenPx: number): number => {
    const [from, to] = [begin * camera.scale + shift, (begin + length) * camera.scale + shift];
    const margin = Math.min(24, screenPx / 8);
    return from < margin ? margin - from : to > screenPx - margin ? Math.max(screenPx - margin - to, margin - from) : 0;
  };
  return {
    scale: camera.scale,
    xPx: camera.xPx + by(box.xPx, box.widthPx, camera.xPx, screen.widthPx),
    yPx: camera.yPx + by(box.yPx, box.heightPx, camera.yPx, screen.heightPx),
  };
}

const clamped = (scale: number): number => Math.min(MOST, Math.max(LEAST, scale));
