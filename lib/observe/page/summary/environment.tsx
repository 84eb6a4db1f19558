import type { ComponentChildren } from 'preact';
import type { ReportEnvironment, ReportedNode } from '../../report/report-content.js';
import type { RunHeader } from '../../views/view-types.js';
import { resourceText } from '../format/amounts.js';
import { Panel } from '../parts/panel.js';

/** Which run it is, and where it ran. */
export function EnvironmentPanel({ run, environment }: { readonly run: RunHeader; readonly environment: ReportEnvironment | undefined }) {
  return (
    <Panel title={environment ? 'Run and environment' : 'Run'}>
      <dl class="environment">
        <Entry name="DAG">{run.dagId}</Entry>
        <Entry name="Run">{run.runId}</Entry>
        {run.key !== undefined && <Entry name="Key">{run.key}</Entry>}
        <Entry name="Driver">{run.driver}</Entry>
        <Entry name="Started">{dateText(run.startedAtMs)}</Entry>
        {environment && <Entry name="Report made">{dateText(environment.madeAtMs)}</Entry>}
        {environment && <Entry name="Versions">{versionWords(environment)}</Entry>}
        {environment && environment.nodes.length > 0 && (
          <Entry name="Nodes">
            <ul class="environment-nodes">
              {environment.nodes.map((node) => (
                <li key={node.name}>{nodeWords(node)}</li>
              ))}
            </ul>
          </Entry>
        )}
      </dl>
    </Panel>
  );
}

const Entry = ({ name, children }: { readonly name: string; readonly children: ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

const versionWords = ({ handoffVersion, nodeVersion, platform }: ReportEnvironment): string =>
  `handoff-dag ${handoffVersion}, Node ${nodeVersion}, ${platform}`;

const nodeWords = ({ name, capabilities }: ReportedNode): string => {
  const all = Object.entries(capabilities).map(
    ([resource, amount]) => `${resource.replace(/(?:Mi)?B(?:ytes)?$/, '')} ${resourceText(resource, amount)}`,
  );
  return `${name}: ${all.join(', ') || 'no resources'}`;
};

const dates = new Intl.DateTimeFormat(undefined, { dateStyle: 'long', timeStyle: 'long' });

/** When, in the reader's own language and zone, in full: a report is read days later. */
const dateText = (atMs: number): string => (Number.isFinite(atMs) ? dates.format(new Date(atMs)) : '–');
