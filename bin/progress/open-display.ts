import type { DagLike } from '../../lib/index.js';
import type { Colors } from '../report/colors.js';
import type { Display, DisplayStream } from './display.js';
import { groupsOf } from './groups.js';

/** Opens bars on a terminal, and lines elsewhere or on a terminal that cannot move its cursor. */
export async function openDisplay(dag: DagLike, stream: DisplayStream, colors: Colors): Promise<Display> {
  if (stream.isTTY && process.env.TERM !== 'dumb') {
    const { barDisplay } = await import('./bar-display.js');
    // Bars that do not fit on the terminal could not be redrawn.
    const groups = groupsOf(dag, Math.max(1, Math.min(16, (stream.rows || 24) - 3)));
    return barDisplay({ groups, stream, colors });
  }
  const { lineDisplay } = await import('./line-display.js');
  return lineDisplay({ groups: groupsOf(dag, Number.POSITIVE_INFINITY), stream });
}
