import { LAYOUT_WORKER_ELEMENT } from '../../report/report-content.js';

/**
 * Starts the worker that lays graphs out. The dashboard serves its script, under the name that the page has in its head; a report has the
 * text of it within itself, as nothing may be loaded there. Throws where neither is so.
 */
export function startLayoutWorker(): Worker {
  const text = document.getElementById(LAYOUT_WORKER_ELEMENT)?.textContent;
  if (text) {
    const address = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
    try {
      return new Worker(address);
    } finally {
      URL.revokeObjectURL(address);
    }
  }
  const served = document.querySelector<HTMLMetaElement>('meta[name="handoff-layout-worker"]')?.content;
  if (!served) throw new Error('Cannot start the worker for layouts: the page names no script');
  return new Worker(served);
}
