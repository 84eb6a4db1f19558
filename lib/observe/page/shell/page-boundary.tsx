import type { ComponentChildren } from 'preact';
import { useEffect, useErrorBoundary } from 'preact/hooks';
import { NOT_UNDERSTOOD } from '../data/view-feed.js';
import { EmptyState } from '../parts/notice.js';
import { PageLink } from '../parts/page-link.js';
import { PageTitle } from '../parts/page-title.js';

/**
 * Shows that a page cannot be drawn, and why, in place of a half of it. A driver of another version may answer what this page does not
 * understand; without a boundary the page would stand still, and look as if it were live.
 */
export function PageBoundary({ path, children }: { readonly path: string; readonly children: ComponentChildren }) {
  const [error, tryAgain] = useErrorBoundary() as [unknown, () => void];
  // Another page begins anew.
  useEffect(() => {
    if (error !== undefined) tryAgain();
  }, [path]);
  if (error === undefined) return <>{children}</>;
  return (
    <>
      <PageTitle title="Cannot be shown" />
      <div role="alert">
        <EmptyState title={`${NOT_UNDERSTOOD}. The node that answers may have another version.`}>
          <p class="quiet">{error instanceof Error ? error.message : String(error)}</p>
          <p>
            <button type="button" class="button" onClick={tryAgain}>
              Try again
            </button>{' '}
            <PageLink to={{ page: 'cluster' }}>To the cluster</PageLink>
          </p>
        </EmptyState>
      </div>
    </>
  );
}
