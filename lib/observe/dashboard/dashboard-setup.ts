import type { Clock, Logger } from '../../base/index.js';
import type { ScrapedText } from '../sinks/sink.js';
import type { DashboardSource } from './dashboard-source.js';
import type { WebAddress } from './web-address.js';

/** What a server shows, and where. */
export interface DashboardSetup {
  /** The option that asked for it, for messages. */
  readonly option: 'dashboard' | 'metrics';
  readonly address: WebAddress;
  /** The token that visitors must show. If it is missing, the loopback needs none, and elsewhere one is made. */
  readonly token: string | undefined;
  readonly tls: { readonly cert: string | Buffer; readonly key: string | Buffer } | undefined;
  /** Where answers come from. Without it there are no pages. */
  readonly source: DashboardSource | undefined;
  /** Returns the metrics in the format that an `Accept` header asks for. Without it there is no `/metrics`. */
  readonly metrics: ((accept: string) => Promise<ScrapedText>) | undefined;
  /** Whether the node accepts no more work. */
  readonly isDraining: () => boolean;
  readonly logger: Logger;
  readonly clock: Clock;
  /** For how long a connection may be still while an answer is under way, ms. The default is a minute. */
  readonly stalledMs?: number;
  /** Where the files of the page lie. The default is beside the package. */
  readonly folder?: string;
}
