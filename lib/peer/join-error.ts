import { HandoffError } from '../base/index.js';
import { describeEnd, type LinkOver } from './link.js';
import type { RefusalReason } from './messages.js';

const BECAUSE: Readonly<Record<RefusalReason, string>> = {
  cookie: 'the cookies differ',
  'name-taken': 'a living node has this name',
  itself: 'that is this node itself',
  'other-name': 'another node is there',
  protocol: 'they speak no common protocol',
  linked: 'a link is just being made the other way',
  stopping: 'it is about to stop',
  membership: 'the cluster does not want it',
  'name-told': 'others know a node of this name, which may be dead',
};

/** Refusals that may be none a moment later. */
const PASSING: ReadonlySet<RefusalReason> = new Set(['linked', 'stopping', 'name-told']);

/** What one attempt to join rejects with: a refusal or a mismatch is final; anything else may be tried again. */
export function joinError(url: string, end: LinkOver, isStopped: boolean): Error {
  if (isStopped) return new HandoffError('HANDOFF_STOPPED', `Cannot join through ${url}: this node is stopped`);
  switch (end.type) {
    case 'refused': {
      const message = `Cannot join through ${url}: ${BECAUSE[end.reason]}`;
      // What speaks against the other is for this node to wait for.
      if (PASSING.has(end.reason) || (end.by === 'us' && end.reason === 'name-taken')) return new Error(message);
      return new HandoffError('HANDOFF_JOIN_REFUSED', message, { reason: end.reason, node: end.peer?.name });
    }
    case 'mismatch':
      return new HandoffError('HANDOFF_PROTOCOL_MISMATCH', `Cannot join through ${url}: ${end.text}`);
    case 'bad-message':
      return new HandoffError('HANDOFF_BAD_MESSAGE', `Cannot join through ${url}: ${describeEnd(end)}`);
    default:
      return new Error(`Cannot join through ${url}: ${describeEnd(end)}`);
  }
}
