/** What a person does to a picture that can be moved and zoomed. Places are CSS pixels from its upper left corner. */
export interface GestureTarget {
  /** Factors above 1 show more. Returns whether that changed anything: if not, the wheel scrolls the page. */
  zoomBy(factor: number, xPx: number, yPx: number): boolean;
  /** Returns whether that changed anything. */
  panBy(xPx: number, yPx: number): boolean;
  /** The pointer is here, and no button is held. */
  hover(xPx: number, yPx: number): void;
  leave(): void;
  /** A click or a tap, on whatever is within the element. */
  press(xPx: number, yPx: number, isTouch: boolean): void;
  /** Drags with the shift key choose a part. `isDone` with the button's release. */
  brush?(fromPx: number, toPx: number, isDone: boolean): void;
}

/** A pointer that moved less than this, CSS pixels, has clicked. */
const CLICK_PX = 4;
/** One notch of a wheel is some 100 pixels: 1.22 times more or less. */
const ZOOM_PER_PX = 0.002;
/** Firefox gives lines, and a page rarely. */
const PX_PER_DELTA = [1, 16, 400];

/** Turns wheel, mouse, pen and touch into gestures: wheel and pinch zoom, drags pan, shift and a drag brush. Returns what ends it. */
export function listenForGestures(element: HTMLElement | SVGSVGElement, target: GestureTarget): () => void {
  const held = new Map<number, { x: number; y: number }>();
  let [movedPx, pinchPx] = [0, 0];
  let brushFrom: number | undefined;
  const placeOf = (event: MouseEvent): { x: number; y: number } => {
    const { left, top } = element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const pinch = (): { readonly distance: number; readonly x: number; readonly y: number } => {
    const [one, other] = [...held.values()] as [{ x: number; y: number }, { x: number; y: number }];
    return {
      distance: Math.max(10, Math.hypot(one.x - other.x, one.y - other.y)),
      x: (one.x + other.x) / 2,
      y: (one.y + other.y) / 2,
    };
  };
  const onWheel = (event: WheelEvent): void => {
    const { x, y } = placeOf(event);
    const unit = PX_PER_DELTA[event.deltaMode] ?? 1;
    const [across, down] = event.shiftKey && event.deltaX === 0 ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
    const isPan = Math.abs(across) > Math.abs(down);
    const hasChanged = isPan ? target.panBy(-across * unit, 0) : target.zoomBy(Math.exp(down * unit * ZOOM_PER_PX), x, y);
    if (hasChanged || event.ctrlKey) event.preventDefault();
  };
  const onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const place = placeOf(event);
    held.set(event.pointerId, place);
    if (held.size === 1) movedPx = 0;
    if (held.size === 2) {
      pinchPx = pinch().distance;
      for (const id of held.keys()) element.setPointerCapture(id);
    }
    if (event.shiftKey && target.brush) brushFrom = place.x;
  };
  const onMove = (event: PointerEvent): void => {
    const place = placeOf(event);
    const before = held.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== 'touch') target.hover(place.x, place.y);
      return;
    }
    held.set(event.pointerId, place);
    movedPx += Math.hypot(place.x - before.x, place.y - before.y);
    // Not before it is a drag: a captured pointer clicks on nothing within the element.
    if (movedPx >= CLICK_PX && !element.hasPointerCapture(event.pointerId)) element.setPointerCapture(event.pointerId);
    if (brushFrom !== undefined) target.brush?.(brushFrom, place.x, false);
    else if (held.size === 2) {
      const { distance, x, y } = pinch();
      target.zoomBy(pinchPx / distance, x, y);
      pinchPx = distance;
      target.panBy((place.x - before.x) / 2, (place.y - before.y) / 2);
    } else if (movedPx >= CLICK_PX) {
      element.classList.add('is-dragged');
      target.panBy(place.x - before.x, place.y - before.y);
    }
  };
  const onUp = (event: PointerEvent): void => {
    if (!held.delete(event.pointerId)) return;
    const { x, y } = placeOf(event);
    if (held.size > 0) return;
    element.classList.remove('is-dragged');
    if (brushFrom !== undefined) target.brush?.(brushFrom, x, true);
    else if (movedPx < CLICK_PX && event.type === 'pointerup') target.press(x, y, event.pointerType === 'touch');
    brushFrom = undefined;
  };
  const onLeave = (event: PointerEvent): void => {
    // A pointer that has left without a drag is not heard of again.
    if (!element.hasPointerCapture(event.pointerId)) held.delete(event.pointerId);
    if (held.size === 0 && event.pointerType !== 'touch') target.leave();
  };
  const listeners: readonly [string, (event: never) => void, AddEventListenerOptions?][] = [
    ['wheel', onWheel, { passive: false }],
    ['pointerdown', onDown],
    ['pointermove', onMove],
    ['pointerup', onUp],
    ['pointercancel', onUp],
    ['pointerleave', onLeave],
  ];
  for (const [name, listener, options] of listeners) element.addEventListener(name, listener as EventListener, options);
  return () => {
    for (const [name, listener, options] of listeners) element.removeEventListener(name, listener as EventListener, options);
  };
}
