import { nothing } from '../../lib/nodes/beat.js';
import type { NodeIdentity } from '../../lib/nodes/index.js';
import type { MembershipCommand, MembershipHappening } from '../../lib/nodes/membership-messages.js';
import { type MembershipState, membersOf, newMembershipState } from '../../lib/nodes/membership-state.js';
import { stepMembership } from '../../lib/nodes/membership-step.js';

/** Somebody with an address, and as incarnation its name and a number. */
export const identity = (name: string, incarnation = 1, port: number | undefined = 1): NodeIdentity => ({
  name,
  incarnation: `${name}${incarnation}`,
  address: port === undefined ? undefined : `ws://${name}:${port}`,
});
/** Somebody who does not listen. */
export const deaf = (name: string, incarnation = 1): NodeIdentity => ({ ...identity(name, incarnation), address: undefined });

const POLICY = { intervalMs: 500, timeoutMs: 5000, rememberMs: 60_000 };

/** A command in words: what a spec compares. */
export const inWords = (command: MembershipCommand): string => {
  switch (command.type) {
    case 'keep':
      return `keep ${command.name} ${command.address}`;
    case 'send-members':
      return `send-members ${command.to ?? 'all'} [${command.members.map(({ incarnation }) => incarnation).join(', ')}]`;
    case 'send-beat':
      return `send-beat ${command.to}`;
    case 'broadcast-beat':
    case 'broadcast-goodbye':
      return command.type;
    case 'announce': {
      const { member, type } = command.event;
      const more =
        command.event.type === 'member-lost'
          ? ` ${command.event.cause}`
          : type === 'member-changed'
            ? ` ${member.reach} ${member.status}`
            : '';
      return `${type} ${member.incarnation}${more}`;
    }
    default:
      return `${command.type} ${command.name}`;
  }
};

/** The brain of a node `me`, whom a spec tells what happens, and when; every answer is what it wants done, in words. */
export class Brain {
  readonly state: MembershipState = newMembershipState(identity('me'), POLICY);

  on(nowMs: number, happening: MembershipHappening): string[] {
    const out: MembershipCommand[] = [];
    stepMembership(this.state, happening, nowMs, out);
    return out.map(inWords);
  }

  up(nowMs: number, one: NodeIdentity): string[] {
    return this.on(nowMs, { type: 'link-up', identity: one });
  }

  down(nowMs: number, { name, incarnation }: NodeIdentity, cause: 'closed' | 'refused' | 'goodbye' = 'closed'): string[] {
    return this.on(nowMs, { type: 'link-down', name, incarnation, cause });
  }

  /** Without the news of the beat itself. */
  beat(nowMs: number, from: string, isLeaving = false): string[] {
    return this.on(nowMs, { type: 'beat-heard', from, isLeaving, content: nothing }).filter((words) => !words.startsWith('member-beat'));
  }

  members(nowMs: number, from: string, ...list: NodeIdentity[]): string[] {
    return this.on(nowMs, { type: 'members-told', from, members: list });
  }

  /** Without what is sent at regular times. */
  tick(nowMs: number, lagMs = 0): string[] {
    const commands = this.on(nowMs, { type: 'tick', lagMs });
    return commands.filter((words) => words !== 'broadcast-beat' && !words.startsWith('send-members'));
  }

  refuse(nowMs: number, { name, address }: NodeIdentity): string[] {
    return this.on(nowMs, { type: 'dial-refused', name, address: address! });
  }

  seen(): string[] {
    return membersOf(this.state).map(({ incarnation, reach, status }) => `${incarnation} ${reach} ${status}`);
  }
}
