import type { Identity } from './member-state.js';
import type { MembershipCommand } from './membership-messages.js';
import { isMember, isRemembered, type MembershipState, type Peer, toldMember } from './membership-state.js';

/** Replaces what `teller` has told of others; nothing, for one that is gone. */
export function tell(state: MembershipState, teller: string, members: readonly Identity[], nowMs: number, out: MembershipCommand[]): void {
  const before = state.told.get(teller);
  if (members.length === 0) state.told.delete(teller);
  else state.told.set(teller, new Map(members.map((member) => [member.name, member])));
  const names = new Set([...(before?.keys() ?? []), ...members.map(({ name }) => name)]);
  for (const name of names) reconcile(state, name, nowMs, out);
}

/** Brings in line what is dialled for `name`, and whether it is listed as told of, with what is known of it. */
export function reconcile(state: MembershipState, name: string, nowMs: number, out: MembershipCommand[]): void {
  if (name === state.self.name) return;
  const peer = state.peers.get(name);
  const told = peer && isMember(peer) ? undefined : toldOf(state, name, peer, nowMs);
  const own = peer && (isMember(peer) || isRemembered(state, peer)) ? peer.address : undefined;
  const address = told?.address ?? own;
  const kept = state.kept.get(name);
  if (address !== kept) {
    if (address === undefined) {
      state.kept.delete(name);
      out.push({ type: 'forget', name });
    } else {
      state.kept.set(name, address);
      out.push({ type: 'keep', name, address });
    }
  }
  const listed = state.listed.get(name);
  if (told) {
    state.listed.set(name, told);
    if (listed && isSame(listed, told)) return;
    out.push({ type: 'announce', event: { type: 'member-told', member: toldMember(told) } });
  } else if (listed) {
    state.listed.delete(name);
    out.push({ type: 'announce', event: { type: 'member-untold', member: toldMember(listed) } });
  }
}

/**
 * What the others tell of `name`; of several, whoever this node has known longest. What is told of an incarnation that was lost or left
 * here is taken for old news at first: for `timeoutMs`, in which the others may notice, and from those with whom there is no link.
 */
function toldOf(state: MembershipState, name: string, gone: Peer | undefined, nowMs: number): Identity | undefined {
  const isFresh = gone !== undefined && nowMs - gone.goneSinceMs < state.policy.timeoutMs;
  for (const [teller, members] of state.told) {
    const told = members.get(name);
    if (!told) continue;
    const isOldNews = told.incarnation === gone?.incarnation && (isFresh || state.peers.get(teller)?.phase !== 'linked');
    if (!isOldNews) return told;
  }
  return undefined;
}

const isSame = (one: Identity, other: Identity): boolean => one.incarnation === other.incarnation && one.address === other.address;
