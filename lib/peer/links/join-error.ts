import { HandoffError } from '../../base/index.js';
import type { RefusalReason } from '../protocol/messages.js';
import { describeEnd, type LinkOver } from './link.js';

const BECAUSE: Readonly<Record<RefusalReason, string>> = {
  cookie: 'the cookies differ',
  'name-taken': 'a living node has this name',
  itself: 'it leads to this node itself',
  'other-name': 'another node is there',
  protocol: 'they speak no common protocol',
  linked: 'a link is just being made the other way',
  stopping: 'it is about to stop',
  membership: 'the cluster does not want it',
  'name-told': 'others know a node of this name, which may be dead',
};

const NO_COOKIE = 'it has a cookie, and this node was given none (option cookie, --cookie-file or HANDOFF_COOKIE)';

/** Refusals that may be over a moment later. */
const PASSING: ReadonlySet<RefusalReason> = new Set(['linked', 'stopping', 'name-told']);

/** Returns the error of one attempt to join. A refusal or a mismatch is final; after any other error it may be tried again. */
export function joinError(url: string, end: LinkOver, self: { name: string; isStopped: boolean; hasCookie: boolean }): Error {
  const { name, isStopped, hasCookie } = self;
  if (isStopped) return new HandoffError('HANDOFF_STOPPED', `Cannot join through ${url}: this node is stopped`);
  switch (end.type) {
    case 'refused': {
      const because = end.reason === 'cookie' && !hasCookie ? NO_COOKIE : BECAUSE[end.reason];
      const message = `Cannot join through ${url}: ${because}`;
      // What this node objects to in others may pass: it waits and tries again. That the other has this node's own name does not pass.
      const mayPass = end.by === 'us' && end.reason === 'name-taken' && end.peer?.name !== name;
      if (PASSING.has(end.reason) || mayPass) return new Error(message);
      return new HandoffError('HANDOFF_JOIN_REFUSED', message, { reason: end.reason, node: end.peer?.name });
    }
    case 'mismatch':
      return new HandoffError('HANDOFF_PROTOCOL_MISMATCH', `Cannot join through ${url}: ${end.text}`, { node: end.peer.name });
    case 'bad-message':
      return new HandoffError('HANDOFF_BAD_MESSAGE', `Cannot join through ${url}: ${describeEnd(end)}`);
    default:
      return new Error(`Cannot join through ${url}: ${describeEnd(end)}`);
  }
}

/**
 * Tries all addresses of one name at once. Resolves to the first answer. An address that leads to this node itself is no answer and not
 * final, as the others may answer. Rejects when none is left: with a refusal if there was one, else with the last error.
 */
export async function joinAny<T>(addresses: readonly string[], join: (at: string) => Promise<T>): Promise<T> {
  try {
    return await Promise.any(addresses.map(join));
  } catch (thrown) {
    const errors = (thrown as AggregateError).errors as Error[];
    const others = errors.filter((error) => !isItself(error));
    const error = others.find((one) => HandoffError.is(one)) ?? others.at(-1);
    if (error) throw error;
    throw new Error(addresses.length === 0 ? 'its name has no address' : 'no other node than this one is there');
  }
}

const isItself = (error: unknown): boolean => HandoffError.is(error, 'HANDOFF_JOIN_REFUSED') && error.reason === 'itself';
