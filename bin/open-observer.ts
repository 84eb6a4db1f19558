import { ClusterObserver, type ObserverOptions } from '../lib/index.js';
import { loadExtensions } from './dag/load-extensions.js';
import { UsageError, usage } from './exit-codes.js';
import { type ClusterFlags, clusterOptions } from './node-options.js';

/**
 * Connects to a member of a cluster. Throws the reason if none can be reached. `intent`: what cannot be done without one; `more`: what the
 * observer does besides.
 */
export async function openObserver(
  flags: ClusterFlags,
  intent: string,
  more: Pick<ObserverOptions, 'dashboard' | 'dashboardToken' | 'logger'> = {},
): Promise<ClusterObserver> {
  const { join, ...options } = clusterOptions(flags);
  if (!join) throw new UsageError(`${intent}: give the URL of a member with --join or HANDOFF_JOIN`);
  const { transport } = await loadExtensions(flags.extensions);
  return usage(intent, () => ClusterObserver.start({ ...options, ...more, join, ...(transport && { transport }) }));
}
