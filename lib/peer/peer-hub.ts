import { type ActorRef, type Parent, spawnActor } from '../actor/index.js';

/** A listener of the mesh has thrown, which is a bug: the hub ends with that error, and is started again. */
export type PeerHubMessage = { readonly type: 'crash'; readonly error: unknown };

/**
 * The supervised actor that stands for the links of a node: it crashes in place of whatever handles what peers send, so that a bug there is
 * seen and counted. The links are the mesh's, and a crash breaks none.
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
