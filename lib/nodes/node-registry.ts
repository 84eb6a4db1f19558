import { type ActorRef, exited, type Parent, spawnActor, tell } from '../actor/index.js';
import type { Clock } from '../base/index.js';
import { startHeartbeat } from './heartbeat.js';
import type { MemberState } from './member-state.js';
import type { Membership } from './membership.js';

/** What other nodes are told of a member. How it is reached, and its incarnation, are this node's own affair. */
export type MemberInfo = Pick<MemberState, 'name' | 'address' | 'status'>;

const infoOf = ({ name, address, status }: MemberState): MemberInfo => ({ name, address, status });

/** Questions to the NodeRegistry. The answer for an unknown name is `undefined`. */
export type NodeRegistryMessage =
  | { readonly type: 'list-members'; readonly replyTo: ActorRef<readonly MemberInfo[]> }
  | { readonly type: 'find-member'; readonly name: string; readonly replyTo: ActorRef<MemberInfo | undefined> };

/** Messages that the actor sends to itself. */
type OwnMessage = NodeRegistryMessage | { readonly type: 'recover' } | { readonly type: 'tick'; readonly lagMs: number };

/**
 * The supervised NodeRegistry: answers questions about members, and drives the membership's beat. It owns nothing: after a crash its
 * successor takes over the same table, dials again, and reports to the members again. Without a clock, as for a node without peers, there
 * is no beat.
 */
export async function startNodeRegistry(parent: Parent, table: Membership, clock?: Clock): Promise<ActorRef<NodeRegistryMessage>> {
  const self: ActorRef<OwnMessage> = await spawnActor<OwnMessage>(
    parent,
    (_state, message) => {
      switch (message.type) {
        case 'list-members':
          tell(message.replyTo, table.members.map(infoOf));
          return undefined;
        case 'find-member': {
          const member = table.find(message.name);
          tell(message.replyTo, member && infoOf(member));
          return undefined;
        }
        case 'recover':
          table.recover();
          return undefined;
        case 'tick':
          table.tick(message.lagMs);
          return undefined;
      }
    },
    { name: 'NodeRegistry' },
  );
  if (!clock) return self;
  tell(self, { type: 'recover' });
  // Through the mailbox, so that an error in a tick crashes this actor, and beats that have already arrived are read first.
  const heart = startHeartbeat(clock, table.intervalMs, (lagMs) => void tell(self, { type: 'tick', lagMs }));
  void exited(self).then(() => heart.cancel());
  return self;
}
