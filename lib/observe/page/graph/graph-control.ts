import { groupNameOf } from '../../../runner/observed/index.js';
import { onNextFrame } from '../browser-clock.js';
import { listenForGestures } from '../gestures.js';
import { type Camera, type Extent, firstCamera, fittedCamera, pannedCamera, revealingCamera, zoomedCamera } from './graph-camera.js';
import type { GraphItem } from './graph-items.js';
import type { GraphLayout } from './graph-layout.js';
import { nextSpot, type Spot } from './graph-spots.js';

/** Below this scale texts are left out: they could not be read, and cost most of the drawing. */
const FAR = 0.42;
const PAN_PX = 80;

/** Moves the camera over a graph. It sets one attribute for each frame, past the view library: the boxes stay as they are. */
export class GraphControl {
  readonly #svg: SVGSVGElement;
  readonly #scene: SVGGElement;
  readonly #pointed: (spot: number | undefined) => void;
  readonly #endGestures: () => void;
  readonly #resizes: ResizeObserver;
  #camera: Camera = { xPx: 0, yPx: 0, scale: 1 };
  #graph: Extent = { widthPx: 0, heightPx: 0 };
  #spots: readonly Spot[] = [];
  #items: readonly GraphItem[] = [];
  #hasMoved = false;
  #frame: (() => void) | undefined;
  /** The box that stays where it is on the screen while layouts change, until a person moves the picture: its label, and where it was. */
  #held: { readonly label: string; readonly xPx: number; readonly yPx: number } | undefined;

  constructor(svg: SVGSVGElement, scene: SVGGElement, pointed: (spot: number | undefined) => void) {
    this.#svg = svg;
    this.#scene = scene;
    this.#pointed = pointed;
    this.#endGestures = listenForGestures(svg, {
      zoomBy: (factor, xPx, yPx) => this.#move(zoomedCamera(this.#camera, 1 / factor, xPx, yPx)),
      panBy: (xPx, yPx) => this.#move(pannedCamera(this.#camera, xPx, yPx, this.#graph, this.#screen)),
      hover: (xPx, yPx) => this.#pointed(this.#spotAt(xPx, yPx)),
      leave: () => this.#pointed(undefined),
      // Links and buttons within the picture hear clicks themselves.
      press: () => undefined,
    });
    this.#resizes = new ResizeObserver(() => {
      if (!this.#hasMoved) this.#restart();
    });
    this.#resizes.observe(svg);
  }

  get #screen(): Extent {
    return { widthPx: this.#svg.clientWidth, heightPx: this.#svg.clientHeight };
  }

  /** Shows a layout: as it was before if a person has moved the picture, else from its beginning. */
  show(spots: readonly Spot[], items: readonly GraphItem[], { widthPx, heightPx }: GraphLayout): void {
    this.#spots = spots;
    this.#items = items;
    this.#graph = { widthPx, heightPx };
    this.#svg.style.height = `${Math.round(Math.max(300, Math.min(heightPx + 48, 900)))}px`;
    const held = this.#held;
    const same = held && spots.find(({ item }) => items[item]!.label === held.label || this.#groupOf(items[item]!) === held.label);
    if (same) {
      const { scale } = this.#camera;
      this.#hasMoved = true;
      this.#move({ scale, xPx: held.xPx - same.xPx * scale, yPx: held.yPx - same.yPx * scale }, false);
    } else if (!this.#hasMoved) this.#restart();
  }

  /** Keeps a box where it is on the screen while the next layout is shown. */
  holdStill(item: GraphItem): void {
    const spot = this.#spots.find((one) => this.#items[one.item] === item || this.#items[one.item]!.key === item.key);
    if (!spot) return;
    const { xPx, yPx, scale } = this.#camera;
    this.#held = { label: item.label, xPx: xPx + spot.xPx * scale, yPx: yPx + spot.yPx * scale };
  }

  /** Nearer by a factor above 1, around the middle. */
  zoom(factor: number): void {
    const { widthPx, heightPx } = this.#screen;
    this.#move(zoomedCamera(this.#camera, factor, widthPx / 2, heightPx / 2));
  }

  fit(): void {
    this.#hasMoved = false;
    this.#held = undefined;
    this.#move(fittedCamera(this.#graph, this.#screen), false);
  }

  /** Does what a key asks for. Returns the spot to go to, if it does so. */
  key(event: KeyboardEvent, at: number): number | undefined {
    if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
    const arrows: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [PAN_PX, 0],
      ArrowRight: [-PAN_PX, 0],
      ArrowUp: [0, PAN_PX],
      ArrowDown: [0, -PAN_PX],
    };
    const pan = arrows[event.key];
    if (event.key === '+' || event.key === '=') this.zoom(1.4);
    else if (event.key === '-') this.zoom(1 / 1.4);
    else if (event.key === '0') this.fit();
    else if (event.key === 'Home') return this.#goTo(event, this.#spots[0]);
    else if (event.key === 'End') return this.#goTo(event, this.#spots.at(-1));
    else if (pan && event.shiftKey) this.#move(pannedCamera(this.#camera, pan[0], pan[1], this.#graph, this.#screen));
    else if (pan && this.#spots[at]) return this.#goTo(event, nextSpot(this.#spots, this.#spots[at], event.key));
    else return undefined;
    event.preventDefault();
    return undefined;
  }

  destroy(): void {
    this.#endGestures();
    this.#resizes.disconnect();
    this.#frame?.();
  }

  #goTo(event: KeyboardEvent, spot: Spot | undefined): number | undefined {
    event.preventDefault();
    if (!spot) return undefined;
    this.#move(revealingCamera(this.#camera, spot, this.#screen));
    return this.#spots.indexOf(spot);
  }

  #groupOf(item: GraphItem): string | undefined {
    return item.kind === 'function' ? groupNameOf(item.label) : undefined;
  }

  #restart(): void {
    const leftmost = this.#spots.reduce<Spot | undefined>((found, spot) => (found && found.xPx <= spot.xPx ? found : spot), undefined);
    this.#move(firstCamera(this.#graph, this.#screen, leftmost ? leftmost.yPx + leftmost.heightPx / 2 : 0), false);
  }

  #move(camera: Camera, isByPerson = true): boolean {
    const before = this.#camera;
    if (before.xPx === camera.xPx && before.yPx === camera.yPx && before.scale === camera.scale) return false;
    this.#camera = camera;
    if (isByPerson) {
      this.#hasMoved = true;
      this.#held = undefined;
    }
    this.#frame ??= onNextFrame(() => {
      this.#frame = undefined;
      const { xPx, yPx, scale } = this.#camera;
      this.#scene.setAttribute('transform', `translate(${xPx} ${yPx}) scale(${scale})`);
      this.#svg.classList.toggle('is-far', scale < FAR);
    });
    return true;
  }

  #spotAt(xPx: number, yPx: number): number | undefined {
    const [x, y] = [(xPx - this.#camera.xPx) / this.#camera.scale, (yPx - this.#camera.yPx) / this.#camera.scale];
    const at = this.#spots.findLastIndex(
      (spot) => x >= spot.xPx && x <= spot.xPx + spot.widthPx && y >= spot.yPx && y <= spot.yPx + spot.heightPx,
    );
    return at < 0 ? undefined : at;
  }
}
