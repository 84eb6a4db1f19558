import { render } from 'preact';
import './theme/base.css';
import './theme/controls.css';
import './theme/layout.css';
import './theme/states.css';
import './theme/tables.css';
import { readReport } from '../report/read-report.js';
import { REPORT_ELEMENT } from '../report/report-content.js';
import type { DataSource } from './data/data-source.js';
import { LiveSource } from './data/live-source.js';
import { ReportSource } from './data/report-source.js';
import { TokenStore } from './data/token.js';
import { SourceContext } from './data/use-answers.js';
import { Navigation, NavigationContext } from './router/navigation.js';
import { App } from './shell/app.js';
import { startTheme } from './theme/theme.js';

/** Draws the page in its element. */
function draw(source: DataSource, navigation: Navigation, onToken: (token: string) => void): void {
  render(
    <SourceContext.Provider value={source}>
      <NavigationContext.Provider value={navigation}>
        <App onToken={onToken} />
      </NavigationContext.Provider>
    </SourceContext.Provider>,
    document.getElementById('page')!,
  );
}

/** The page of a run that the file itself contains. */
function drawReport(json: string): void {
  const report = readReport(json);
  const navigation = new Navigation(true, { page: 'run', runId: report.run.runId, tab: 'summary' });
  draw(new ReportSource(report), navigation, () => undefined);
}

// Before anything else: no page flashes in another theme, and no token stays in the address.
startTheme();
const isLive = document.querySelector<HTMLMetaElement>('meta[name="handoff"]')?.content === 'live';
const tokens = isLive ? new TokenStore() : undefined;

document.addEventListener('DOMContentLoaded', () => {
  if (tokens) return draw(new LiveSource(tokens), new Navigation(false, { page: 'cluster' }), (token) => tokens.use(token));
  try {
    drawReport(document.getElementById(REPORT_ELEMENT)?.textContent ?? '');
  } catch (error) {
    document.getElementById('page')!.textContent = `Cannot show this report: ${error instanceof Error ? error.message : error}`;
  }
});
