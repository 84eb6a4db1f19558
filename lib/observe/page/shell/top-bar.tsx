import { useSource } from '../data/use-answers.js';
import { PageLink } from '../parts/page-link.js';
import { usePlace } from '../router/navigation.js';
import { ConnectionSign } from './connection-sign.js';
import { ThemeSwitch } from './theme-switch.js';

/** The bar above every page: where one can go, how the connection is, the theme. */
export function TopBar() {
  const { route } = usePlace();
  const { mode } = useSource();
  return (
    <header class="top-bar">
      <span class="brand">
        <Logo />
        <span class="brand-name">handoff</span>
      </span>
      {mode === 'live' ? (
        <nav aria-label="Pages">
          <PageLink to={{ page: 'cluster' }} aria-current={route.page === 'cluster' ? 'page' : undefined}>
            Cluster
          </PageLink>
          <PageLink
            to={{ page: 'runs' }}
            aria-current={route.page === 'runs' || route.page === 'run' || route.page === 'function' ? 'page' : undefined}
          >
            Runs
          </PageLink>
        </nav>
      ) : (
        <span class="quiet">report</span>
      )}
      <span class="top-bar-end">
        <ConnectionSign />
        <ThemeSwitch />
      </span>
    </header>
  );
}

const Logo = () => (
  <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
    <title>handoff</title>
    <path d="M9 10h4c4 0 2 6 6 6h4M9 22h4c4 0 2-6 6-6" />
    <circle cx="8.5" cy="10" r="3.4" />
    <circle cx="8.5" cy="22" r="3.4" />
    <circle cx="23.5" cy="16" r="3.4" />
  </svg>
);
