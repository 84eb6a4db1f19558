import { type ActorRef, type Parent, spawnActor, tell } from '../actor/index.js';
import type { PeerIdentity } from './links/link-state.js';
import type { PeerMesh } from './peer-mesh.js';

/** What came of an attempt to join. */
export type Joined = { readonly type: 'joined'; readonly peer: PeerIdentity } | { readonly type: 'not-joined'; readonly error: Error };

/** Questions to the PeerHub. */
export type PeerHubMessage =
  | { readonly type: 'join-peer'; readonly url: string; readonly replyTo: ActorRef<Joined> }
  | { readonly type: 'list-peers'; readonly replyTo: ActorRef<readonly PeerIdentity[]> }
  /** Something that heard of a peer has a bug: the hub ends with it. */
  | { readonly type: 'crash'; readonly error: unknown };

/** The supervised actor: answers who is linked, and links. Its links are the table's, so it may be restarted at any time. */
export const startPeerHub = (parent: Parent, table: PeerMesh): Promise<ActorRef<PeerHubMessage>> =>
  spawnActor<PeerHubMessage>(
    parent,
    (_state, message) => {
      switch (message.type) {
        case 'crash':
          throw message.error;
        case 'join-peer': {
          const { replyTo } = message;
          table.join(message.url).then(
            (peer) => tell(replyTo, { type: 'joined', peer }),
            (error: Error) => tell(replyTo, { type: 'not-joined', error }),
          );
          return undefined;
        }
        case 'list-peers':
          tell(message.replyTo, table.peers);
          return undefined;
      }
    },
    { name: 'PeerHub' },
  );
