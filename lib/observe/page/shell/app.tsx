import { useEffect, useRef } from 'preact/hooks';
import { ClusterPage } from '../cluster/cluster-page.js';
import { useConnection } from '../data/use-answers.js';
import { FunctionPage } from '../functions/function-page.js';
import { EmptyState } from '../parts/notice.js';
import { PageLink } from '../parts/page-link.js';
import { PageTitle } from '../parts/page-title.js';
import { usePlace } from '../router/navigation.js';
import { type PageRoute, pagePathOf } from '../router/page-route.js';
import { RunPage } from '../run/run-page.js';
import { RunsPage } from '../runs/runs-page.js';
import { ConnectionLost } from './connection-lost.js';
import { PageBoundary } from './page-boundary.js';
import { TokenForm } from './token-form.js';
import { TopBar } from './top-bar.js';

/** The whole page: the bar, and the page of the address below it. */
export function App({ onToken }: { onToken(token: string): void }) {
  const connection = useConnection();
  const { route } = usePlace();
  const main = useRef<HTMLElement>(null);
  const path = pagePathOf(route);
  const isFirst = useRef(true);
  useEffect(() => {
    // A link leads to the title of the next page, for eyes and for screen readers; the first page is where the browser puts one.
    if (isFirst.current) isFirst.current = false;
    else if (document.activeElement === document.body || main.current?.contains(document.activeElement) === false) {
      main.current?.querySelector('h1')?.focus({ preventScroll: true });
    }
  }, [path]);
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <TopBar />
      <ConnectionLost connection={connection} />
      <main ref={main} id="main" tabIndex={-1} class={connection.state === 'lost' ? 'is-old' : ''}>
        {connection.state === 'refused' ? (
          <TokenForm message={connection.message} onToken={onToken} />
        ) : (
          <PageBoundary path={path}>
            <RoutedPage route={route} />
          </PageBoundary>
        )}
      </main>
    </>
  );
}

function RoutedPage({ route }: { readonly route: PageRoute }) {
  switch (route.page) {
    case 'cluster':
      return <ClusterPage />;
    case 'runs':
      return <RunsPage />;
    case 'run':
      return <RunPage key={route.runId} runId={route.runId} tab={route.tab} />;
    case 'function':
      return <FunctionPage key={`${route.runId}/${route.functionId}`} runId={route.runId} functionId={route.functionId} />;
    case 'unknown':
      return (
        <>
          <PageTitle title="No such page" />
          <EmptyState title="There is nothing at this address">
            <PageLink to={{ page: 'cluster' }}>To the cluster</PageLink>
          </EmptyState>
        </>
      );
  }
}
