import { useLayoutEffect, useRef } from 'preact/hooks';
import type { ObservedLine } from '../../../runner/index.js';
import { countOf, durationText } from '../format/amounts.js';
import { Panel } from '../parts/panel.js';
import { plainLine } from './plain-line.js';

/** The last lines that a function has written. The view stays at the end as long as the reader is there. */
export function OutputPanel({ lines }: { readonly lines: readonly ObservedLine[] }) {
  const box = useRef<HTMLOListElement>(null);
  const isAtEnd = useRef(true);
  useLayoutEffect(() => {
    if (isAtEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  });
  if (lines.length === 0) return null;
  const onScroll = ({ currentTarget: { scrollTop, scrollHeight, clientHeight } }: { readonly currentTarget: HTMLElement }): void => {
    isAtEnd.current = scrollTop + clientHeight >= scrollHeight - 4;
  };
  return (
    <Panel title="Output" aside={<span class="quiet">the last {countOf(lines.length, 'line')}</span>}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reached by keyboard too. */}
      <ol class="output" ref={box} onScroll={onScroll} tabIndex={0} aria-label="Lines of output">
        {lines.map((line, at) => (
          <li key={at} class={line.stream === 'stderr' ? 'is-stderr' : ''}>
            <span class="output-time number" title={`attempt ${line.attempt} on ${line.node}, ${line.stream}`}>
              +{durationText(line.atMs)}
            </span>
            <span class="output-text">{plainLine(line.line)}</span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
