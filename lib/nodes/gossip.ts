// Brain: pure.
import type { NodeIdentity } from './member-state.js';
import type { MembershipCommand } from './membership-messages.js';
import { isMember, isRemembered, type MembershipState, type Peer, toldMember, type UnprovedAddress } from './membership-state.js';

/** Members known only through others are dialled for this share of the time for which lost members are: five minutes of each hour. */
const DIALLED_SHARE = 1 / 12;

/** How many wrong addresses are remembered for one name. */
const MISSES_KEPT = 16;

/** Replaces what `teller` has reported about others. An empty report is for a teller that is gone. */
export function sendReports(
  state: MembershipState,
  teller: string,
  members: readonly NodeIdentity[],
  nowMs: number,
  out: MembershipCommand[],
): void {
  const before = state.told.get(teller);
  if (members.length === 0) state.told.delete(teller);
  else state.told.set(teller, new Map(members.map((member) => [member.name, member])));
  const now = state.told.get(teller);
  for (const name of before?.keys() ?? []) if (!now?.has(name)) reconcileReports(state, name, nowMs, out);
  // Sixty nodes that join at once report sixty members to each other, again and again. A repeated report is no news.
  for (const [name, member] of now ?? []) {
    const known = before?.get(name);
    if (!known || !isSame(known, member)) reconcileReports(state, name, nowMs, out);
  }
}

/** Updates the dialled address of `name`, and whether it is listed as known through others, from what is known of it. */
export function reconcileReports(state: MembershipState, name: string, nowMs: number, out: MembershipCommand[]): void {
  if (name === state.self.name) return;
  const peer = state.peers.get(name);
  const { told, teller } = (peer && isMember(peer) ? undefined : toldOf(state, name, peer, nowMs)) ?? {
    told: undefined,
    teller: undefined,
  };
  const own = peer && (isMember(peer) || isRemembered(state, peer)) ? peer.address : undefined;
  const unproved = told?.address === undefined || told.address === own ? undefined : told.address;
  if (unproved === undefined) state.unproved.delete(name);
  else if (!state.unproved.has(name)) state.unproved.set(name, { sinceMs: nowMs, misses: new Map() });
  const isDialled = unproved !== undefined && isDue(state, state.unproved.get(name)!, nowMs) && !isTaken(state, name, unproved);
  const address = isDialled ? unproved : own;
  const kept = state.kept.get(name);
  if (address !== kept) {
    if (address === undefined) {
      state.kept.delete(name);
      out.push({ type: 'forget', name });
    } else {
      state.kept.set(name, address);
      out.push({ type: 'keep', name, address, ...(isDialled && { teller: teller! }) });
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

/** Records that `name` was not found at a reported address. An address from another reporter is tried first from now on. */
export function recordDialMiss(state: MembershipState, name: string, address: string, nowMs: number, out: MembershipCommand[]): void {
  const misses = state.unproved.get(name)?.misses;
  if (!misses) return;
  if (misses.size >= MISSES_KEPT) misses.clear();
  misses.set(address, (misses.get(address) ?? 0) + 1);
  reconcileReports(state, name, nowMs, out);
}

/** Starts and stops dialling members known only through others, as time passes. */
export function tireOf(state: MembershipState, nowMs: number, out: MembershipCommand[]): void {
  for (const [name, unproved] of [...state.unproved]) {
    if (isDue(state, unproved, nowMs) !== state.kept.has(name)) reconcileReports(state, name, nowMs, out);
  }
}

/** Whether it is dialled now: for a while, then not for a longer while. */
function isDue({ policy: { rememberMs, timeoutMs } }: MembershipState, { sinceMs }: UnprovedAddress, nowMs: number): boolean {
  if (rememberMs === Number.POSITIVE_INFINITY) return true;
  return (nowMs - sinceMs) % rememberMs < Math.max(rememberMs * DIALLED_SHARE, 2 * timeoutMs);
}

/** Whether another member is known to be at that address. */
function isTaken(state: MembershipState, name: string, address: string): boolean {
  if (address === state.self.address) return true;
  for (const peer of state.peers.values()) if (peer.phase === 'linked' && peer.address === address && peer.name !== name) return true;
  return false;
}

/**
 * Returns what others report about `name`, and the reporter. Of several reports it takes the one that was wrong least often, then that of
 * the member known longest.
 *
 * A report of an incarnation that was lost or left here is first taken for old news: for `timeoutMs`, in which others may notice the loss,
 * and while there is no link to the reporter.
 */
function toldOf(
  state: MembershipState,
  name: string,
  gone: Peer | undefined,
  nowMs: number,
): { told: NodeIdentity; teller: string } | undefined {
  const misses = state.unproved.get(name)?.misses;
  let best: { told: NodeIdentity; teller: string } | undefined;
  let least = Number.POSITIVE_INFINITY;
  const isFresh = gone !== undefined && nowMs - gone.goneSinceMs < state.policy.timeoutMs;
  for (const [teller, members] of state.told) {
    const told = members.get(name);
    if (!told) continue;
    const isOldNews = told.incarnation === gone?.incarnation && (isFresh || state.peers.get(teller)?.phase !== 'linked');
    if (isOldNews) continue;
    const count = (told.address !== undefined && misses?.get(told.address)) || 0;
    if (count < least) [best, least] = [{ told, teller }, count];
  }
  return best;
}

const isSame = (one: NodeIdentity, other: NodeIdentity): boolean => one.incarnation === other.incarnation && one.address === other.address;
