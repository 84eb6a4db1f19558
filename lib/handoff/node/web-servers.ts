import type { Clock, Logger } from '../../base/index.js';
import { type DashboardServer, type DashboardSetup, openDashboard, type ViewSource, type WebAddress } from '../../observe/index.js';
import type { TlsOptions } from '../options/network-options.js';
import type { WebOptions } from '../options/web-options.js';

/** What the servers of a node, or of an observer, need. */
interface WebSetup {
  readonly web: WebOptions;
  readonly tls: TlsOptions | undefined;
  readonly source: ViewSource;
  readonly metrics: DashboardSetup['metrics'];
  readonly logger: Logger;
  readonly clock: Clock;
}

/** The servers for browsers and Prometheus: none, one, or two if both addresses are given and differ. */
export class WebServers {
  readonly #setup: WebSetup;
  #dashboard: DashboardServer | undefined;
  #metrics: DashboardServer | undefined;
  #isDraining = false;

  constructor(setup: WebSetup) {
    this.#setup = setup;
  }

  /** Where the dashboard is; `undefined` without one. */
  get dashboardUrl(): string | undefined {
    return this.#dashboard?.url;
  }

  /** Where the metrics are: on a server of their own, or on the dashboard's. */
  get metricsUrl(): string | undefined {
    const url = this.#metrics?.url ?? (this.#setup.metrics && this.#dashboard?.url);
    return url === undefined ? undefined : String(Object.assign(new URL(url), { pathname: '/metrics' }));
  }

  /** Listens where the options say. Rejects with the system's error; what listens already is left to `close`. */
  async open(): Promise<void> {
    const { source, web } = this.#setup;
    if (web.dashboard) this.#dashboard = await this.#open('dashboard', web.dashboard, source);
    if (web.metrics && !(web.dashboard && isSame(web.dashboard, web.metrics))) {
      this.#metrics = await this.#open('metrics', web.metrics, undefined);
    }
  }

  /** From now on `/healthz` says that no more work is accepted. */
  drain(): void {
    this.#isDraining = true;
  }

  async close(): Promise<void> {
    await Promise.all([this.#dashboard?.close(), this.#metrics?.close()]);
  }

  #open(option: 'dashboard' | 'metrics', address: WebAddress, source: ViewSource | undefined): Promise<DashboardServer> {
    const { web, tls, metrics, logger, clock } = this.#setup;
    const isDraining = (): boolean => this.#isDraining;
    return openDashboard({ option, address, token: web.token, tls, source, metrics, isDraining, logger, clock });
  }
}

/** Port 0 is another one each time. */
const isSame = (one: WebAddress, other: WebAddress): boolean => one.host === other.host && one.port === other.port && one.port !== 0;
