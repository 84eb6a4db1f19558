import { type ActorRef, type CrashReport, type Parent, startCrashBoundary } from '../actor/index.js';

/**
 * Starts the supervised PeerHub: the crash boundary of the wire. It ends with the error of whatever deals with the beginning or the end of
 * a link, or with a value that came over it. The mesh owns the links, and a crash breaks none.
 */
export const startPeerHub = (parent: Parent): Promise<ActorRef<CrashReport>> => startCrashBoundary(parent, 'PeerHub');
