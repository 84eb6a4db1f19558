// Observe: WHAT a person sees.
// In:  runs as they may be looked at, the status of a cluster, events; questions of pages and commands.
// Out: answers to questions about runs, bounded whatever their size; pages, metrics, traces.

export type { ClusterStatus, DrivenRun, HeldValues, NodeUse, Places, ValueUse, WaitingFunction } from './cluster-status.js';
export type { DashboardServer } from './dashboard/dashboard-server.js';
export type { DashboardSetup } from './dashboard/dashboard-setup.js';
export type { DashboardSource } from './dashboard/dashboard-source.js';
export { checkedWebAddress, type WebAddress } from './dashboard/web-address.js';
export type { ReportedNode } from './report/report-content.js';
export type { ChromeTrace, TraceEvent } from './sinks/chrome-trace-event.js';
export type { NodeMeasures } from './sinks/node-measures.js';
export { NodeSinks, traceRun } from './sinks/node-sinks.js';
export type { ViewSource, WatchOptions } from './view-source.js';
export { checkedViewRequest, viewInSteps, viewOf } from './views/index.js';
export type { FunctionView, ViewAnswers, ViewRequest } from './views/view-types.js';
export { openDashboard, reportOf } from './when-asked.js';
