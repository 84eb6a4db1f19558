import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { Handoff, NodeOptions } from '../lib/index.js';
import { UsageError } from './exit-codes.js';
import { nonEmpty } from './option-values.js';
import { dashboardTokenOf } from './secret-files.js';

/** Options of what a node shows to browsers and to Prometheus, as commander reads them. */
export interface WebFlags {
  /** `true`: on any free port. */
  readonly dashboard?: string | true;
  readonly dashboardTokenFile?: string;
  readonly metrics?: string;
}

/** Adds the options of every command whose node serves a dashboard. `dashboard`: how the option is called. */
export function withWebOptions(command: Command, dashboard: '<[host:]port>' | '[port]', meaning: string): Command {
  return withTokenOption(command.option(`--dashboard ${dashboard}`, meaning, webAddress)).option(
    '--metrics <[host:]port>',
    'serve /metrics for Prometheus, and /healthz, there; a dashboard serves both anyway',
    webAddress,
  );
}

/** Adds the option of every command that serves a dashboard. */
export const withTokenOption = (command: Command): Command =>
  command.option(
    '--dashboard-token-file <file>',
    'the token that visitors must show, at least 16 characters, in a file that only you may read; default: one is made where others come',
    nonEmpty,
  );

/** Reads `[host:]port`. Without a host it is this machine only. */
export function webAddress(text: string): string {
  const { host, port } = /^(?:(?<host>\[[\da-fA-F:.]+\]|[^\s[\]:/]+):)?(?<port>\d{1,5})$/.exec(text)?.groups ?? {};
  if (port === undefined || Number(port) > 65_535) throw new InvalidArgumentError('It must be a port, or host:port.');
  return `${host ?? '127.0.0.1'}:${port}`;
}

/** Returns the options of `Handoff.start` that the flags give. Throws `UsageError` for a file that cannot be read. */
export function webOptions({
  dashboard,
  dashboardTokenFile,
  metrics,
}: WebFlags): Pick<NodeOptions, 'dashboard' | 'dashboardToken' | 'metrics'> {
  if (dashboardTokenFile !== undefined && dashboard === undefined && metrics === undefined)
    throw new UsageError('--dashboard-token-file goes with --dashboard or --metrics');
  return {
    ...(dashboard !== undefined && { dashboard: dashboard === true ? '127.0.0.1:0' : dashboard }),
    ...(metrics !== undefined && { metrics }),
    ...(dashboardTokenFile !== undefined && { dashboardToken: dashboardTokenOf(dashboardTokenFile) }),
  };
}

/** Returns the lines that say where a node can be seen: none if it cannot. */
export function webLines({ dashboard, metrics }: WebFlags, { dashboardUrl, metricsUrl }: Handoff): readonly string[] {
  return [
    ...(dashboard !== undefined && dashboardUrl !== undefined ? [`dashboard: ${dashboardUrl}`] : []),
    ...(metrics !== undefined && metricsUrl !== undefined ? [`metrics: ${metricsUrl}`] : []),
  ];
}
