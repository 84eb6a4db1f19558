import { Component, type JSX } from 'preact';
import { groupNameOf } from '../../../runner/observed/index.js';
import type { GraphNode, GraphView, ShownState, StateCounts } from '../../views/view-types.js';
import { groupColour, STATE_LOOKS, STATES_IN_ORDER, type ThemeName } from '../theme/tokens.js';
import { fittedId } from '../timeline/row-bands.js';
import { BOX, type GraphItem, labelPx } from './graph-items.js';
import type { Point } from './graph-layout.js';
import { cellPlace } from './graph-spots.js';

/** The state that a function is in: the one that is counted. */
export const stateOf = ({ counts }: Pick<GraphNode, 'counts'>): ShownState =>
  STATES_IN_ORDER.find((state) => counts[state] > 0) ?? 'waiting';

/** How many functions of a box are over, whatever came of them. */
export const overCount = (counts: StateCounts): number => counts.succeeded + counts.failed + counts.skipped + counts.cancelled;

/** The counts of a box in words: `12 succeeded, 3 running`. */
export const countsText = (counts: StateCounts): string =>
  STATES_IN_ORDER.filter((state) => counts[state] > 0)
    .map((state) => `${counts[state].toLocaleString('en')} ${state}`)
    .join(', ');

/** What changes when a box must be drawn anew, as text: for a bundle, the state of each of its functions. */
export const signatureOf = (item: GraphItem, { nodes }: GraphView): string =>
  item.kind === 'bundle'
    ? item.members.map((at) => STATES_IN_ORDER.indexOf(stateOf(nodes[at]!))).join('')
    : STATES_IN_ORDER.map((state) => item.counts[state]).join(' ');

interface GraphBoxProps {
  readonly item: GraphItem;
  readonly signature: string;
  readonly view: GraphView;
  readonly place: Point;
  /** The number of the first spot of this box; those of its cells follow. */
  readonly spot: number;
  /** The spot that Tab leads to, if it is one of this box. */
  readonly tabSpot: number | undefined;
  readonly theme: ThemeName;
  /** Begins the ids of patterns. */
  readonly patterns: string;
  readonly hrefOf: (functionId: string) => string;
  readonly openFunction: (functionId: string) => void;
  /** What a press on a group or on the head of a bundle does, in words, and the deed. */
  readonly toggleText: string;
  /** The same one always: a box is not drawn anew for another. */
  readonly toggle: (item: GraphItem) => void;
}

/** A box of the graph. It is drawn anew only when something of it has changed: there may be hundreds, ten times a second. */
export class GraphBox extends Component<GraphBoxProps> {
  override shouldComponentUpdate(next: GraphBoxProps): boolean {
    const { signature, place, spot, tabSpot, theme, item } = this.props;
    return (
      next.signature !== signature ||
      next.place !== place ||
      next.spot !== spot ||
      next.tabSpot !== tabSpot ||
      next.theme !== theme ||
      next.item.key !== item.key ||
      next.item.total !== item.total
    );
  }

  override render(): JSX.Element {
    const { item, place } = this.props;
    return <g transform={`translate(${place[0]} ${place[1]})`}>{item.kind === 'function' ? this.#function() : this.#group()}</g>;
  }

  #function(): JSX.Element {
    const { item, view, spot, theme } = this.props;
    const state = stateOf(view.nodes[item.members[0]!]!);
    const label = fittedId(item.shownLabel, item.widthPx - 36, labelPx);
    return (
      <a class="graph-box is-function" {...this.#link(item.label, state, spot)}>
        <title>{`${item.label}: ${state}`}</title>
        <rect class="graph-ground" width={item.widthPx} height={item.heightPx} rx={6} />
        <rect class="graph-fill" width={item.widthPx} height={item.heightPx} rx={6} fill={`var(--state-${state})`} />
        {this.#state(state, 0, 0, 24, item.heightPx, 6)}
        <text class="graph-mark" x={12} y={item.heightPx / 2} fill={markColour(state, theme)}>
          {STATE_LOOKS[state].mark}
        </text>
        <text class="graph-label" x={31} y={item.heightPx / 2}>
          {label}
        </text>
        <rect class="graph-edge" width={item.widthPx} height={item.heightPx} rx={6} />
      </a>
    );
  }

  #group(): JSX.Element {
    const { item, spot, tabSpot, theme, toggle, toggleText } = this.props;
    const { counts, total, widthPx, heightPx, kind } = item;
    const over = overCount(counts);
    const count = `${over.toLocaleString('en')}/${total.toLocaleString('en')}`;
    const [top, barPx] = [28, widthPx - 2 * BOX.paddingPx];
    const label = fittedId(item.shownLabel, widthPx - 26 - labelPx(count), labelPx);
    let x = BOX.paddingPx;
    return (
      <g class={`graph-box is-${kind}`}>
        {/* biome-ignore lint/a11y/useSemanticElements: an SVG has no buttons of its own */}
        <g
          class="graph-head"
          role="button"
          data-spot={spot}
          tabindex={tabSpot === spot ? 0 : -1}
          aria-label={`${item.label}, ${total} functions: ${countsText(counts)}. ${toggleText}`}
          onClick={() => toggle(item)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' && event.key !== ' ') return;
            event.preventDefault();
            toggle(item);
          }}
        >
          <title>{`${item.label}: ${countsText(counts)}. ${toggleText}`}</title>
          {kind === 'group' && <rect class="graph-edge is-behind" x={4} y={4} width={widthPx} height={heightPx} rx={7} />}
          <rect class="graph-ground" width={widthPx} height={heightPx} rx={7} />
          <rect width={5} height={heightPx - 12} x={0} y={6} fill={groupColour(groupNameOf(item.label), theme)} />
          <text class="graph-label" x={BOX.paddingPx + 4} y={15}>
            {label}
          </text>
          <text class="graph-count" x={widthPx - BOX.paddingPx} y={15}>
            {count}
          </text>
          <rect class="graph-track" x={BOX.paddingPx} y={top} width={barPx} height={10} rx={2} />
          {STATES_IN_ORDER.map((state) => {
            const width = (barPx * counts[state]) / Math.max(1, total);
            const segment = width > 0 && this.#state(state, x, top, Math.max(1, width), 10, 0);
            x += width;
            return segment;
          })}
          <rect class="graph-edge" width={widthPx} height={heightPx} rx={7} />
        </g>
        {kind === 'bundle' && this.#cells()}
      </g>
    );
  }

  #cells(): readonly JSX.Element[] {
    const { item, view, spot } = this.props;
    return item.members.map((node, number) => {
      const { label } = view.nodes[node]!;
      const state = stateOf(view.nodes[node]!);
      const [x, y] = cellPlace(number, item.columns);
      return (
        <a key={label} class="graph-cell" {...this.#link(label, state, spot + 1 + number)}>
          <title>{`${label}: ${state}`}</title>
          {this.#state(state, x, y, BOX.cellPx - 2, BOX.cellPx - 2, 2)}
        </a>
      );
    });
  }

  #link(functionId: string, state: ShownState, spot: number) {
    const { hrefOf, openFunction, tabSpot } = this.props;
    return {
      href: hrefOf(functionId),
      'data-spot': spot,
      // In an SVG attributes have their own case.
      tabindex: tabSpot === spot ? 0 : -1,
      'aria-label': `${functionId}, ${state}`,
      draggable: false,
      onDragStart: (event: Event) => event.preventDefault(),
      onClick: (event: MouseEvent) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        openFunction(functionId);
      },
    };
  }

  /** A part in the colour of a state, and in its pattern: colour is never all that tells two apart. */
  #state(state: ShownState, x: number, y: number, width: number, height: number, radius: number): JSX.Element {
    const { pattern } = STATE_LOOKS[state];
    return (
      <>
        <rect x={x} y={y} width={width} height={height} rx={radius} fill={`var(--state-${state})`} />
        {pattern !== 'plain' && (
          <rect x={x} y={y} width={width} height={height} rx={radius} fill={`url(#${this.props.patterns}-${pattern})`} />
        )}
      </>
    );
  }
}

/** Marks stand on the colour of their state: black or white, as it is bright or dark. */
function markColour(state: ShownState, theme: ThemeName): string {
  const isDark =
    (state === 'failed' && theme === 'light') || (state === 'running' && theme === 'light') || (state === 'succeeded' && theme === 'light');
  return isDark ? '#ffffff' : '#000000';
}

/** The patterns of states, in colours that go with every theme. `id` begins their ids. */
export function GraphPatterns({ id }: { readonly id: string }): JSX.Element {
  return (
    <defs>
      <pattern id={`${id}-striped`} width={6} height={6} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width={2} height={6} fill="rgb(255 255 255 / 38%)" />
      </pattern>
      <pattern id={`${id}-hatched`} width={6} height={6} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <path d="M0 0H6M0 0V6" stroke="#8a939c" stroke-width={1.6} fill="none" />
      </pattern>
      <pattern id={`${id}-dotted`} width={5} height={5} patternUnits="userSpaceOnUse">
        <circle cx={2} cy={2} r={1.1} fill="rgb(0 0 0 / 45%)" />
      </pattern>
    </defs>
  );
}
