import { Component } from 'preact';
import type { FunctionRow, RunHeader } from '../../views/view-types.js';
import { bytesText, countText, durationText } from '../format/amounts.js';
import { Elapsed } from '../parts/elapsed.js';
import { MiddleText } from '../parts/middle-text.js';
import { PageLink } from '../parts/page-link.js';
import { SOURCE_WORDS } from '../parts/source-words.js';
import { StateBadge } from '../parts/state-badge.js';
import { paletteIndexOf } from '../theme/tokens.js';

interface LineProps {
  readonly index: number;
  /** `undefined` while it is on its way. */
  readonly row: FunctionRow | undefined;
  readonly run: RunHeader;
  readonly atMs: number;
  /** Whether Tab leads to it: one row of a table is, arrow keys lead to the others. */
  readonly isReachable: boolean;
  onKey(index: number, event: KeyboardEvent): void;
}

/** One function in the table. While it runs its time goes on; else it is drawn again only if it is another row. */
export class FunctionLine extends Component<LineProps> {
  override shouldComponentUpdate({ row, isReachable, run, onKey }: LineProps): boolean {
    const { props } = this;
    const isSame = row === props.row && isReachable === props.isReachable && onKey === props.onKey && run.runId === props.run.runId;
    return !isSame || row?.state === 'running';
  }

  override render() {
    return drawLine(this.props);
  }
}

function drawLine({ index, row, run, atMs, isReachable, onKey }: LineProps) {
  if (!row) {
    return (
      <tr class="function-line is-loading" aria-rowindex={index + 2}>
        <td colSpan={8}>
          <span class="loading-line" />
        </td>
      </tr>
    );
  }
  const isRunning = row.state === 'running' && row.startMs !== undefined;
  return (
    <tr class="function-line" aria-rowindex={index + 2}>
      <td class="column-state">
        <StateBadge state={row.state} />
      </td>
      <th scope="row" class="column-id">
        <PageLink
          to={{ page: 'function', runId: run.runId, functionId: row.functionId }}
          class="mono user-text"
          title={row.functionId}
          data-row={index}
          tabIndex={isReachable ? 0 : -1}
          onKeyDown={(event) => onKey(index, event)}
        >
          <span class={`swatch group-${paletteIndexOf(row.group)}`} aria-hidden="true" />
          <MiddleText text={row.functionId} />
        </PageLink>
      </th>
      <td class={`column-attempts right ${row.source ? 'quiet' : 'number'}`}>
        {row.source ? SOURCE_WORDS[row.source] : row.attempts === 0 ? '–' : countText(row.attempts)}
      </td>
      <td class="column-start right number">{row.startMs === undefined ? '–' : `+${durationText(row.startMs)}`}</td>
      <td class="column-wait right number">{row.waitMs === undefined ? '–' : durationText(row.waitMs)}</td>
      <td class="column-duration right number">
        {isRunning ? (
          <Elapsed ms={run.elapsedMs - row.startMs!} atMs={atMs} isRunning={run.state === 'running'} />
        ) : row.durationMs === undefined ? (
          '–'
        ) : (
          durationText(row.durationMs)
        )}
      </td>
      <td class="column-size right number">{row.sizeBytes === undefined ? '–' : bytesText(row.sizeBytes)}</td>
      <td class="column-node user-text" title={row.node}>
        {row.node ?? '–'}
      </td>
    </tr>
  );
}
