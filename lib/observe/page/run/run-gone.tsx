import type { PageFault } from '../data/data-source.js';
import { Notice } from '../parts/notice.js';

/** The run is no longer answered: what is shown is the last that was known of it. */
export const RunGone = ({ fault: { code, message } }: { readonly fault: PageFault }) => (
  <Notice kind="warning">
    {code === 'HANDOFF_NODE_LOST' ? 'The driver of this run is gone. ' : 'This run is no longer kept by its driver. '}
    What is shown is the last that was known. <span class="quiet">{message}</span>
  </Notice>
);
