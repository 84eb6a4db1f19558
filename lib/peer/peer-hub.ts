import { type ActorRef, type Parent, spawnActor } from '../actor/index.js';

/** A listener of the mesh has thrown, which is a bug. The hub ends with that error and is restarted. */
export type PeerHubMessage = { readonly type: 'crash'; readonly error: unknown };

/**
 * Starts the supervised actor that represents the links of a node. It crashes in place of a handler of peers' messages, so that a bug there
 * is seen and counted. The mesh owns the links, and a crash breaks none.
 */
export const startPeerHub = (parent: Parent): Promise<ActorRef<PeerHubMessage>> =>
  spawnActor<PeerHubMessage>(
    parent,
    (_state, message) => {
      if (message.type === 'crash') throw message.error;
      return undefined;
    },
    { name: 'PeerHub' },
  );
