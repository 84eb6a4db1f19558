import 'uplot/dist/uPlot.min.css';
import '../pictures.css';
import './timeline.css';
import type { JSX } from 'preact';
import { useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import type { RunPictureProps } from '../run-views.js';
import { useTheme } from '../theme/theme.js';
import { BarCard } from './bar-card.js';
import { groupCounts } from './bar-facts.js';
import { BarList } from './bar-list.js';
import { TimelineController } from './timeline-controller.js';
import { timelineKey } from './timeline-keys.js';
import { TimelineLegend } from './timeline-legend.js';

const KEYS = [
  'Arrow keys move, plus and minus zoom, 0 shows all, Home and End go to the ends.',
  'Full stop and comma go from attempt to attempt, Enter opens its function.',
].join(' ');

/** The timeline of a run: a row for each node and slot, a bar for each attempt. */
export function Timeline({ views, isLive, hrefOf, openFunction }: RunPictureProps): JSX.Element {
  const theme = useTheme();
  const [, changed] = useReducer((count: number) => count + 1, 0);
  const [highlighted, setHighlighted] = useState<ReadonlySet<string>>(new Set());
  const [isSqueezed, setSqueezed] = useState(false);
  const chart = useRef<HTMLDivElement>(null);
  const overview = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const spacer = useRef<HTMLDivElement>(null);
  const part = useRef<HTMLOutputElement>(null);
  const controller = useRef<TimelineController | null>(null);
  const open = useRef(openFunction);
  open.current = openFunction;
  useEffect(() => {
    const host = {
      chart: chart.current!,
      overview: overview.current!,
      scroller: scroller.current!,
      spacer: spacer.current!,
      part: part.current!,
      changed: () => changed(0),
      open: (functionId: string) => open.current(functionId),
    };
    const made = new TimelineController(host, views, theme, isLive);
    controller.current = made;
    changed(0);
    return () => {
      controller.current = null;
      made.destroy();
    };
  }, [views]);
  useEffect(() => {
    if (!controller.current) return;
    controller.current.theme = theme;
    controller.current.isLive = isLive;
    controller.current.highlighted = highlighted;
  }, [theme, isLive, highlighted]);
  useEffect(() => {
    if (controller.current) controller.current.isSqueezed = isSqueezed;
  }, [isSqueezed]);

  const now = controller.current;
  const view = now?.view;
  const order = useRef<readonly string[]>([]);
  const groups = useMemo(() => {
    const found = view ? groupCounts(view) : new Map<string, number>();
    // A group keeps its place, also while nothing of it is in view: buttons do not move below the pointer.
    order.current = [...new Set([...order.current, ...found.keys()])];
    return order.current.map((group) => ({ group, count: found.get(group) ?? 0 }));
  }, [view]);
  const facts = now?.facts;
  const zoom = (factor: number): void => {
    if (!now) return;
    const { fromMs, toMs } = now.viewport.window;
    now.move({ type: 'zoom', atMs: (fromMs + toMs) / 2, factor });
  };
  const onKey = (event: KeyboardEvent): void => {
    if (!now || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = timelineKey(event.key, now.viewport.window);
    if (!key) return;
    event.preventDefault();
    if (key.type === 'move') now.move(key.event);
    else if (key.type === 'scroll') now.scrollBy(key.rows);
    else if (key.type === 'choose') now.chooseNext(key.step);
    else if (key.type === 'open') now.openChosen();
    else now.clear();
  };
  const { mode, isGrowing } = now?.viewport ?? { mode: 'whole', isGrowing: false };
  return (
    <section class="timeline" aria-label="Timeline">
      <div class="picture-tools" role="toolbar" aria-label="Timeline">
        <button type="button" class="button" onClick={() => zoom(0.5)} aria-label="Zoom in" title="Zoom in (+)">
          +
        </button>
        <button type="button" class="button" onClick={() => zoom(2)} aria-label="Zoom out" title="Zoom out (-)">
          −
        </button>
        <button
          class="button"
          type="button"
          aria-pressed={mode === 'whole'}
          onClick={() => now?.move({ type: 'show-whole' })}
          title="Show the whole run (0)"
        >
          Whole run
        </button>
        {isGrowing && (
          <button
            class="button"
            type="button"
            aria-pressed={mode === 'following'}
            onClick={() => now?.follow()}
            title="Keep the newest attempts in view (End)"
          >
            Follow
          </button>
        )}
        {(isSqueezed || now?.hasHiddenRows) && (
          <button
            class="button"
            type="button"
            aria-pressed={isSqueezed}
            onClick={() => setSqueezed(!isSqueezed)}
            title="Make rows as low as it takes to see all"
          >
            All rows
          </button>
        )}
        <output class="timeline-part" ref={part} aria-label="Shown part" aria-live="off" />
        <span class="picture-hint">Wheel or pinch: zoom · drag: move · Shift and drag: zoom to a part · click: open the function</span>
      </div>
      <div class="timeline-overview" ref={overview} aria-hidden="true" />
      <div
        class="timeline-plot"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the canvas is moved by keys
        tabIndex={0}
        role="application"
        aria-label={`Timeline. ${KEYS}`}
        onKeyDown={onKey}
      >
        <div class="timeline-canvas" ref={chart} />
        <div class="timeline-scroller" ref={scroller} tabIndex={-1} hidden>
          <div ref={spacer} />
        </div>
        {!view && <p class="picture-empty">{now?.failure ? now.failure.message : 'Loading the timeline …'}</p>}
        {view && groups.every(({ count }) => count === 0) && <p class="picture-empty">No attempt has started in this part of the run</p>}
        {facts && now?.chosen && <BarCard facts={facts} theme={theme} xPx={now.chosen.xPx} yPx={now.chosen.yPx} />}
      </div>
      <p class="timeline-notes">
        {view && view.leftOut > 0 && <span>{view.leftOut.toLocaleString('en')} older attempts are no longer kept one by one. </span>}
        {view && view.moreRows > 0 && <span>{view.moreRows.toLocaleString('en')} more slots are not shown. </span>}
      </p>
      <TimelineLegend groups={groups} theme={theme} highlighted={highlighted} choose={setHighlighted} />
      {view && now && <BarList view={view} window={now.viewport.window} hrefOf={hrefOf} openFunction={openFunction} />}
      <p class="timeline-live" role="status" aria-live="polite">
        {facts?.functionId && `${facts.functionId}, attempt ${facts.attempt}, ${facts.outcome}, on ${facts.node}`}
      </p>
    </section>
  );
}
