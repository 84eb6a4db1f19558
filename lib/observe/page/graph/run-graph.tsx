import '../pictures.css';
import './graph.css';
import type { JSX } from 'preact';
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { GraphView } from '../../views/view-types.js';
import type { RunPictureProps, ViewFailure } from '../run-views.js';
import { useTheme } from '../theme/theme.js';
import { STATE_LOOKS, STATES_IN_ORDER } from '../theme/tokens.js';
import { countsText, GraphBox, GraphPatterns, signatureOf, stateOf } from './graph-boxes.js';
import { GraphControl } from './graph-control.js';
import { type GraphItem, graphItems, MOST_SHOWN, unfoldedWith } from './graph-items.js';
import { arrowHead, edgePath } from './graph-layout.js';
import { spotsOf } from './graph-spots.js';
import { LayoutService, type OfferedLayout } from './layout-service.js';

interface RunGraphProps extends RunPictureProps {
  /** Shows the functions of a group that is too large to be unfolded. */
  readonly openGroup: (group: string) => void;
  /** Starts the script of the layout's worker. Without it a plain layout is used. */
  readonly startLayoutWorker?: (() => Worker) | undefined;
}

/** The answer that is drawn, and where its boxes are. Both change at once: a box without a place cannot be drawn. */
interface Drawn {
  readonly view: GraphView;
  readonly graph: ReturnType<typeof graphItems>;
  readonly offered: OfferedLayout;
}

/** The graph of a run: functions or groups of them from left to right, in the colours of their states. */
export function RunGraph({ views, hrefOf, openFunction, openGroup, startLayoutWorker }: RunGraphProps): JSX.Element {
  const theme = useTheme();
  const patterns = useId();
  const [unfolded, setUnfolded] = useState<readonly string[]>([]);
  const [isGathered, setGathered] = useState(true);
  const [spread, setSpread] = useState<ReadonlySet<string>>(new Set());
  const [view, setView] = useState<GraphView>();
  const [failure, setFailure] = useState<ViewFailure>();
  const [places, setPlaces] = useState<Drawn>();
  const [pointed, setPointed] = useState<number>();
  const [tabSpot, setTabSpot] = useState(0);
  const svg = useRef<SVGSVGElement>(null);
  const scene = useRef<SVGGElement>(null);
  const control = useRef<GraphControl | null>(null);
  const service = useMemo(() => new LayoutService(startLayoutWorker), [startLayoutWorker]);
  useEffect(() => () => service.end(), [service]);
  useEffect(() => {
    const made = new GraphControl(svg.current!, scene.current!, setPointed);
    control.current = made;
    return () => {
      control.current = null;
      made.destroy();
    };
  }, []);
  useEffect(() => {
    const see = (answer: GraphView): void => {
      setView(answer);
      setFailure(undefined);
    };
    return views.watch({ view: 'graph', unfolded }, see, setFailure);
  }, [views, unfolded]);

  const graph = useMemo(() => view && graphItems(view, isGathered, spread), [view, isGathered, spread]);
  useEffect(() => {
    if (!graph || !view) return;
    const input = {
      sizes: graph.items.map(({ widthPx, heightPx }) => [widthPx, heightPx] as const),
      edges: graph.edges,
    };
    service.request(graph.layout, input, (offered) => setPlaces({ view, graph, offered }));
  }, [graph?.layout]);
  // States are those of the newest answer, as long as it has the same boxes.
  const spots = useMemo(() => (places ? spotsOf(places.graph, places.offered.layout) : []), [places]);
  useLayoutEffect(() => {
    if (places) control.current?.show(spots, places.graph.items, places.offered.layout);
    setTabSpot(0);
    setPointed(undefined);
  }, [places]);

  const isSame = places !== undefined && graph?.layout === places.graph.layout;
  const shown = places && { ...places, ...(isSame && view && { view, graph }), layout: places.offered.layout };
  const firstSpots = useMemo(() => {
    const found = new Map<number, number>();
    for (const [number, { item }] of spots.entries()) if (!found.has(item)) found.set(item, number);
    return found;
  }, [spots]);
  const paths = useMemo(() => {
    if (!places) return undefined;
    const { ways } = places.offered.layout;
    return { lines: ways.map(edgePath).join(''), heads: ways.map((way) => arrowHead(way.at(-1)!)).join('') };
  }, [places]);
  const toggle = (item: GraphItem): void => {
    if (!view) return;
    const wanted = item.kind === 'group' ? unfoldedWith(view, unfolded, item) : [];
    if (!wanted) return openGroup(item.label);
    control.current?.holdStill(item);
    if (item.kind === 'group') setUnfolded(wanted);
    else if (view.isFolded) setUnfolded(unfolded.filter((group) => group !== item.label));
    else setSpread(new Set([...spread, item.label]));
  };
  const newest = useRef(toggle);
  newest.current = toggle;
  const toggleNow = useRef((item: GraphItem): void => newest.current(item)).current;
  const onKey = (event: KeyboardEvent): void => {
    const { activeElement } = document;
    const at = Number(activeElement?.getAttribute('data-spot') ?? -1);
    const next = control.current?.key(event, at);
    if (next === undefined) return;
    setTabSpot(next);
    setPointed(next);
    svg.current?.querySelector<SVGElement>(`[data-spot="${next}"]`)?.focus({ preventScroll: true });
  };
  const spot = pointed === undefined ? undefined : spots[pointed];
  const toggleText = (item: GraphItem): string =>
    item.kind === 'group'
      ? item.total > MOST_SHOWN
        ? 'Press to list them'
        : 'Press to unfold'
      : view?.isFolded
        ? 'Press to fold'
        : 'Press to show each function';
  const canGather = graph !== undefined && (graph.items.some(({ kind }) => kind === 'bundle') || !isGathered || spread.size > 0);
  return (
    <section class="graph" aria-label="Graph">
      <div class="picture-tools" role="toolbar" aria-label="Graph">
        <button type="button" class="button" onClick={() => control.current?.zoom(1.4)} aria-label="Zoom in" title="Zoom in (+)">
          +
        </button>
        <button type="button" class="button" onClick={() => control.current?.zoom(1 / 1.4)} aria-label="Zoom out" title="Zoom out (-)">
          −
        </button>
        <button type="button" class="button" onClick={() => control.current?.fit()} title="Show all of it (0)">
          Fit
        </button>
        {canGather && (
          <button
            class="button"
            type="button"
            aria-pressed={isGathered && spread.size === 0}
            title="Draw many functions alike as one box of cells"
            onClick={() => {
              setGathered(!isGathered || spread.size > 0);
              setSpread(new Set());
            }}
          >
            Gather alike
          </button>
        )}
        {unfolded.length > 0 && (
          <button type="button" class="button" onClick={() => setUnfolded([])}>
            Fold all
          </button>
        )}
        <span class="picture-hint">Wheel or pinch: zoom · drag: move · click: open the function, or unfold a group</span>
      </div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keys come from what is focused within */}
      <div class="graph-plot" onKeyDown={onKey}>
        {/* biome-ignore lint/a11y/useSemanticElements: a picture is no set of fields */}
        <svg ref={svg} class="graph-picture" role="group" aria-label="Functions, left to right. Arrow keys go from one to the next.">
          <GraphPatterns id={patterns} />
          <g ref={scene}>
            {paths && (
              <>
                <path class="graph-lines" d={paths.lines} />
                <path class="graph-heads" d={paths.heads} />
              </>
            )}
            {shown?.graph.items.map((item, at) => {
              const first = firstSpots.get(at) ?? 0;
              return (
                shown.layout.places[at] && (
                  <GraphBox
                    key={item.key}
                    item={item}
                    signature={signatureOf(item, shown.view)}
                    view={shown.view}
                    place={shown.layout.places[at]}
                    spot={first}
                    tabSpot={spots[tabSpot]?.item === at ? tabSpot : undefined}
                    theme={theme}
                    patterns={patterns}
                    hrefOf={hrefOf}
                    openFunction={openFunction}
                    toggle={toggleNow}
                    toggleText={toggleText(item)}
                  />
                )
              );
            })}
            {shown && <EdgeCounts shown={shown} />}
            {shown && spot && <Related view={shown.view} shown={shown} spots={spots} spot={spot} />}
          </g>
        </svg>
        {!view && <p class="picture-empty">{failure ? failure.message : 'Loading the graph …'}</p>}
        {view?.nodes.length === 0 && <p class="picture-empty">This run has no functions</p>}
      </div>
      <p class="graph-info" role="status">
        {spot && shown && (spot.node === undefined ? groupText(shown.graph.items[spot.item]!) : nodeText(shown.view, spot.node))}
        {!spot && shown && !shown.offered.isFinal && 'Arranging the graph …'}
      </p>
      <ul class="graph-legend" aria-label="States">
        {STATES_IN_ORDER.map((state) => (
          <li key={state}>
            <svg width={16} height={16} aria-hidden="true">
              <rect width={16} height={16} rx={3} fill={`var(--state-${state})`} />
              {STATE_LOOKS[state].pattern !== 'plain' && (
                <rect width={16} height={16} rx={3} fill={`url(#${patterns}-${STATE_LOOKS[state].pattern})`} />
              )}
            </svg>
            {STATE_LOOKS[state].mark} {state}{' '}
            <span class="graph-total">{(graph?.items.reduce((sum, { counts }) => sum + counts[state], 0) ?? 0).toLocaleString('en')}</span>
          </li>
        ))}
      </ul>
      {view && (view.more > 0 || view.moreEdges > 0) && (
        <p class="graph-notes">
          {view.more > 0 && `${view.more.toLocaleString('en')} more functions are not shown. `}
          {view.moreEdges > 0 && `${view.moreEdges.toLocaleString('en')} more edges are not shown.`}
        </p>
      )}
    </section>
  );
}

const groupText = ({ label, total, counts }: GraphItem): string =>
  `${label} · ${total.toLocaleString('en')} functions: ${countsText(counts)}`;

const nodeText = ({ nodes }: GraphView, node: number): string => `${nodes[node]!.label} · ${stateOf(nodes[node]!)}`;

interface Shown extends Drawn {
  readonly layout: OfferedLayout['layout'];
}

/** How many edges an arrow stands for, where it is more than one. */
function EdgeCounts({ shown: { graph, layout } }: { readonly shown: Shown }): JSX.Element {
  return (
    <g>
      {graph.edges.map(([from, to, count], at) => {
        const number = layout.numbers[at];
        if (count < 2 || !number) return null;
        return (
          <text key={`${from} ${to}`} class="graph-number" x={number[0]} y={number[1]}>
            {count.toLocaleString('en')}
          </text>
        );
      })}
    </g>
  );
}

interface RelatedProps {
  readonly view: GraphView;
  readonly shown: Shown;
  readonly spots: ReturnType<typeof spotsOf>;
  readonly spot: ReturnType<typeof spotsOf>[number];
}

/** What leads to the spot that is pointed at, and what it leads to: their outlines, and the ways. */
function Related({ view, shown, spots, spot }: RelatedProps): JSX.Element {
  const { graph, layout } = shown;
  const ways = graph.edges.flatMap(([from, to], at) => (from === spot.item || to === spot.item ? [layout.ways[at]!] : []));
  const related = new Set<number>();
  if (spot.node !== undefined) {
    for (const [from, to] of view.edges) {
      if (from === spot.node) related.add(to);
      if (to === spot.node) related.add(from);
    }
  }
  return (
    <g class="graph-related">
      <path d={ways.map(edgePath).join('')} />
      {[spot, ...spots.filter(({ node }) => node !== undefined && related.has(node))].map(({ key, xPx, yPx, widthPx, heightPx }) => (
        <rect key={key} x={xPx - 2} y={yPx - 2} width={widthPx + 4} height={heightPx + 4} rx={5} />
      ))}
    </g>
  );
}
