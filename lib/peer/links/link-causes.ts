import type { DialFault, DownCause } from '../peer-listener.js';
import type { LinkOver } from './link.js';

/** Returns why there is no link any more, for a listener. */
export function downCause(end: LinkOver, saidGoodbye: boolean): DownCause {
  if (saidGoodbye) return 'goodbye';
  return end.type === 'dropped' || end.type === 'bad-message' || end.type === 'stalled' ? end.type : 'closed';
}

/** Returns why a dialled link did not come up, if that says something about the node. */
export function dialFault(end: LinkOver): DialFault | undefined {
  if (end.type === 'refused') return end.reason;
  if (end.type === 'mismatch') return 'protocol';
  return end.type === 'closed' && end.closing.reason === 'refused' ? 'refused' : undefined;
}
