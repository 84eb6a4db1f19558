import { systemClock } from '../../../lib/base/index.js';
import { type DashboardServer, type DashboardSetup, type DashboardSource, openDashboard } from '../../../lib/observe/index.js';
import { spyLogger } from '../../support/spy-logger.js';

/** Serves the built page over a source, as a node does. */
export const servedPage = (source: DashboardSource, setup: Partial<DashboardSetup> = {}): Promise<DashboardServer> =>
  openDashboard({
    option: 'dashboard',
    address: { host: '127.0.0.1', port: 0 },
    token: undefined,
    tls: undefined,
    source,
    metrics: undefined,
    isDraining: () => false,
    logger: spyLogger(),
    clock: systemClock,
    ...setup,
  });
