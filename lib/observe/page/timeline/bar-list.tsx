import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { TimelineView } from '../../views/view-types.js';
import { attemptsWithin } from './bar-facts.js';
import { shownDuration, tickLabel } from './time-labels.js';
import type { TimeWindow } from './time-window.js';

/** How many attempts the list has at most: more are found by zooming. */
const MOST = 100;

interface BarListProps {
  readonly view: TimelineView;
  readonly window: TimeWindow;
  readonly hrefOf: (functionId: string) => string;
  readonly openFunction: (functionId: string) => void;
}

/** What the canvas shows, as a table: for screen readers, and for people who prefer text. It is closed at first. */
export function BarList({ view, window, hrefOf, openFunction }: BarListProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const found = isOpen ? attemptsWithin(view, window, MOST) : { attempts: [], more: 0 };
  return (
    <details class="bar-list" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Attempts in view as a table</summary>
      {isOpen && (
        <div class="bar-list-scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">function</th>
                <th scope="col">attempt</th>
                <th scope="col">outcome</th>
                <th scope="col">node</th>
                <th scope="col">slot</th>
                <th scope="col">start</th>
                <th scope="col">duration</th>
              </tr>
            </thead>
            <tbody>
              {found.attempts.map((one) => (
                <tr key={`${one.functionId} ${one.attempt}`}>
                  <th scope="row">
                    <a
                      href={hrefOf(one.functionId!)}
                      onClick={(event) => {
                        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                        event.preventDefault();
                        openFunction(one.functionId!);
                      }}
                    >
                      {one.functionId}
                    </a>
                  </th>
                  <td>{one.attempt}</td>
                  <td>{one.outcome}</td>
                  <td>{one.node}</td>
                  <td>{one.slot}</td>
                  <td>{tickLabel(one.startMs, 1)}</td>
                  <td>{shownDuration(one.durationMs)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {found.more > 0 && <p>{found.more.toLocaleString('en')} more: zoom in to see them</p>}
        </div>
      )}
    </details>
  );
}
