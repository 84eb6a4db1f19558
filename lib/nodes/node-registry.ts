import { type ActorRef, exited, type Parent, spawnActor, tell } from '../actor/index.js';
import type { Clock } from '../base/index.js';
import { startHeartbeat } from './heartbeat.js';
import type { MemberState } from './member-state.js';
import type { Membership } from './membership.js';

/** What others are told of a member; how it is reached and as which incarnation is this node's own affair. */
export type MemberInfo = Pick<MemberState, 'name' | 'address' | 'status'>;

const infoOf = ({ name, address, status }: MemberState): MemberInfo => ({ name, address, status });

/** Questions to the NodeRegistry. A name that is no member's is answered `undefined`. */
export type NodeRegistryMessage =
  | { readonly type: 'list-members'; readonly replyTo: ActorRef<readonly MemberInfo[]> }
  | { readonly type: 'find-member'; readonly name: string; readonly replyTo: ActorRef<MemberInfo | undefined> };

/** What the actor tells itself. */
type OwnMessage = NodeRegistryMessage | { readonly type: 'recover' } | { readonly type: 'tick'; readonly lagMs: number };

/**
 * The supervised actor: answers who is a member, and is the membership's heart. It owns nothing: when it crashes, the next one takes up the
 * same table, dials again who is to be dialled, and tells the members again. Without a clock, as for a node without peers, there is no
 * beat.
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
  // Through the mailbox, so that what goes wrong in a tick is this actor's crash, and so that beats which have already arrived are read
  // first.
  const heart = startHeartbeat(clock, table.intervalMs, (lagMs) => void tell(self, { type: 'tick', lagMs }));
  void exited(self).then(() => heart.cancel());
  return self;
}
