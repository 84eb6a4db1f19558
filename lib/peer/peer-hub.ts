import { type ActorRef, type Parent, spawnActor, tell } from '../actor/index.js';
import type { PeerIdentity } from './link-state.js';
import type { PeerTable } from './peer-table.js';

/** What came of an attempt to join. */
export type Joined = { readonly type: 'joined'; readonly peer: PeerIdentity } | { readonly type: 'not-joined'; readonly error: Error };

/** Questions to the PeerHub. */
export type PeerHubMessage =
  | { readonly type: 'join-peer'; readonly url: string; readonly replyTo: ActorRef<Joined> }
  | { readonly type: 'list-peers'; readonly replyTo: ActorRef<readonly PeerIdentity[]> };

/** The supervised actor: answers who is linked, and links. Its links are the table's, so it may be restarted at any time. */
export const startPeerHub = (parent: Parent, table: PeerTable): Promise<ActorRef<PeerHubMessage>> =>
  spawnActor<PeerHubMessage>(
    parent,
    (_state, message) => {
      const { replyTo } = message;
      switch (message.type) {
        case 'join-peer':
          table.join(message.url).then(
            (peer) => tell(replyTo as ActorRef<Joined>, { type: 'joined', peer }),
            (error: Error) => tell(replyTo as ActorRef<Joined>, { type: 'not-joined', error }),
          );
          return undefined;
        case 'list-peers':
          tell(message.replyTo, table.peers);
          return undefined;
      }
    },
    { name: 'PeerHub' },
  );
