import { doInTurns } from '../../base/index.js';
import type { ObservedRun } from '../../runner/index.js';
import { encodeRun } from './encode-run.js';
import { jsonPieces } from './json-pieces.js';
import { hashSource, type PageTexts, readPageTexts } from './page-texts.js';
import { LAYOUT_WORKER_ELEMENT, REPORT_ELEMENT, type ReportContent, type ReportEnvironment } from './report-content.js';

/**
 * Makes the report of a run: a page with everything that it needs in one file, which loads nothing. It is made in turns of the event loop.
 * Rejects with `HANDOFF_NOT_FOUND` if the page was not built.
 */
export async function reportHtml(run: ObservedRun, environment: ReportEnvironment): Promise<string> {
  const encoded = await doInTurns(encodeRun(run));
  const page = await readPageTexts();
  const content: ReportContent = { run: encoded, environment };
  const json = await doInTurns(jsonPieces(content));
  const [before, after] = aroundContent(page);
  return [before, ...json, after].join('');
}

/** What stands before the content, and after it. */
function aroundContent({ script, styles, layoutWorker, icon, licences }: PageTexts): readonly [string, string] {
  const code = asScript(script);
  const before = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf(code, styles)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="handoff" content="report">
<meta name="color-scheme" content="light dark">
<title>handoff report</title>
<link rel="icon" type="image/svg+xml" href="data:image/svg+xml;base64,${Buffer.from(icon).toString('base64')}">
<style>${styles}</style>
<script>${code}</script>
</head>
<body>
<div id="page"></div>
<noscript>This report needs JavaScript. It loads nothing from anywhere.</noscript>
<script type="text/plain" id="${LAYOUT_WORKER_ELEMENT}">${asScript(layoutWorker)}</script>
<script type="text/plain" id="handoff-licences">${escapedText(licences)}</script>
<script type="application/json" id="${REPORT_ELEMENT}">`;
  return [before, '</script>\n</body>\n</html>\n'];
}

/**
 * Nothing may be loaded from anywhere, and no script runs but the two that are in the file. So an id or an error could do nothing if it
 * were taken for HTML. The worker is made of a blob, as its script has no address.
 */
const policyOf = (script: string, styles: string): string =>
  [
    "default-src 'none'",
    `script-src ${hashSource(script)}`,
    `style-src ${hashSource(styles)}`,
    'img-src data:',
    'worker-src blob:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

/** A script that can stand within a page: it must not seem to end, or to begin a comment. Both occur in texts only, if at all. */
const asScript = (script: string): string => script.replaceAll(/<\/(?=script)/gi, '<\\/').replaceAll('<!--', '<\\!--');

const escapedText = (text: string): string => text.replaceAll('<', '&lt;');
