import { type OpenedReport, readReport } from '../../../lib/observe/report/read-report.js';
import { REPORT_ELEMENT } from '../../../lib/observe/report/report-content.js';

/** The text of the element of a report that has its content, as a browser finds it: up to the first end of a script. */
export function contentOf(html: string): string {
  const begin = `<script type="application/json" id="${REPORT_ELEMENT}">`;
  const from = html.indexOf(begin);
  if (from < 0) throw new Error('the page has no report in it');
  const rest = html.slice(from + begin.length);
  return rest.slice(0, rest.search(/<\/script/i));
}

/** Opens a report as its page does. */
export const openReport = (html: string): OpenedReport => readReport(contentOf(html));
