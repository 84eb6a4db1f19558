import { type ActorRef, type Parent, spawnActor, tell } from '../actor/index.js';
import type { MemberState, Membership } from './membership.js';

/** Questions to the NodeRegistry. */
export type NodeRegistryMessage =
  | { readonly type: 'list-members'; readonly replyTo: ActorRef<readonly MemberState[]> }
  | { readonly type: 'find-member'; readonly name: string; readonly replyTo: ActorRef<MemberState | undefined> };

/** The supervised actor: answers who is a member. */
export const startNodeRegistry = (parent: Parent, table: Membership): Promise<ActorRef<NodeRegistryMessage>> =>
  spawnActor<NodeRegistryMessage>(
    parent,
    (_state, message) => {
      if (message.type === 'list-members') tell(message.replyTo, table.members);
      else tell(message.replyTo, table.find(message.name));
      return undefined;
    },
    { name: 'NodeRegistry' },
  );
