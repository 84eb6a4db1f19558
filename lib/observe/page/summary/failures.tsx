import { useEffect, useRef } from 'preact/hooks';
import type { SummaryView } from '../../views/view-types.js';
import { countOf, countText } from '../format/amounts.js';
import { ErrorText } from '../parts/error-text.js';
import { PageLink } from '../parts/page-link.js';
import { Panel } from '../parts/panel.js';
import { type FailureKind, failureKinds, innermostOf } from './failure-kinds.js';

/** How many functions of one kind of failure are listed. */
const LISTED = 30;

/** Which functions failed, and why: failures that read alike are one entry, whose stacks are folded. The head says why the run did. */
export function FailuresPanel({ summary: { run, failures, moreFailures } }: { readonly summary: SummaryView }) {
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => openedForPrint(() => [...(panel.current?.querySelectorAll('details') ?? [])]), []);
  if (failures.length === 0) return null;
  const kinds = failureKinds(failures);
  return (
    <div class="failures" ref={panel}>
      <Panel title="Failures" aside={<span class="quiet">{countOf(failures.length + moreFailures, 'function')} failed</span>}>
        <ul class="failure-kinds">
          {kinds.map((kind) => (
            <li key={kind.functionIds[0]}>
              <Failure runId={run.runId} kind={kind} />
            </li>
          ))}
        </ul>
        {moreFailures > 0 && (
          <p class="quiet summary-text">
            {countOf(moreFailures, 'more function')} failed: the{' '}
            <PageLink to={{ page: 'run', runId: run.runId, tab: 'functions' }} query={{ state: 'failed' }}>
              table of functions
            </PageLink>{' '}
            has all of them.
          </p>
        )}
      </Panel>
    </div>
  );
}

function Failure({ runId, kind: { error, functionIds } }: { readonly runId: string; readonly kind: FailureKind }) {
  const innermost = innermostOf(error);
  const rest = functionIds.length - LISTED;
  return (
    <details class="failure">
      <summary>
        <span class="failure-words">
          <strong>{innermost.name}</strong> {innermost.message}
        </span>
        <span class="failure-count">{functionIds.length === 1 ? functionIds[0] : countOf(functionIds.length, 'function')}</span>
      </summary>
      <p class="failure-functions">
        {functionIds.slice(0, LISTED).map((functionId) => (
          <PageLink key={functionId} to={{ page: 'function', runId, functionId }}>
            {functionId}
          </PageLink>
        ))}
        {rest > 0 && <span class="quiet">and {countText(rest)} more</span>}
      </p>
      <div class="failure-error">
        <ErrorText error={innermost} isOpen />
        {innermost !== error && <p class="quiet user-text">{error.message}</p>}
      </div>
    </details>
  );
}

/** Opens what is folded while the page is printed: on paper nothing can be unfolded. Returns what ends this. */
function openedForPrint(folded: () => readonly HTMLDetailsElement[]): () => void {
  let opened: readonly HTMLDetailsElement[] = [];
  const open = (): void => {
    opened = folded().filter((one) => !one.open);
    for (const one of opened) one.open = true;
  };
  const close = (): void => {
    for (const one of opened) one.open = false;
    opened = [];
  };
  window.addEventListener('beforeprint', open);
  window.addEventListener('afterprint', close);
  return () => {
    window.removeEventListener('beforeprint', open);
    window.removeEventListener('afterprint', close);
  };
}
