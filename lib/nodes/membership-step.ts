// Brain: pure.
import { reconcileReports, recordDialMiss, sendReports, tireOf } from './gossip.js';
import type { LossCause, MemberEvent, NodeIdentity } from './member-state.js';
import type { MembershipCommand, MembershipHappening } from './membership-messages.js';
import { isAnchor, isMember, isRemembered, linkedMembers, type MembershipState, memberOf, type Peer } from './membership-state.js';

/**
 * A tick that is late by less than this share of an interval is normal for timers, and does not mean that the loop was blocked. There are
 * forty ticks within a time-out: crediting a few ms each would delay the notice of a silent node (up to 5,475 ms on a loaded machine, `npm
 * run bench -- detection`).
 */
const NOTABLE_LAG = 0.1;

/**
 * The brain of the membership. Applies one event to `state` and adds commands to `out`. News of an outdated link or incarnation change
 * nothing, nor does anything after this node has left. `nowMs` is the observer's monotonic time; no other node's time is ever used.
 */
export function stepMembership(state: MembershipState, happening: MembershipHappening, nowMs: number, out: MembershipCommand[]): void {
  if (state.hasLeft) return;
  switch (happening.type) {
    case 'link-up':
      return linkUp(state, happening.identity, nowMs, out);
    case 'link-down':
      return linkDown(state, happening, nowMs, out);
    case 'dial-refused': {
      const peer = state.peers.get(happening.name);
      if (peer?.phase === 'cut' && peer.address === happening.address) lose(state, peer, 'refused', nowMs, out);
      return recordDialMiss(state, happening.name, happening.address, nowMs, out);
    }
    case 'beat-heard': {
      const peer = state.peers.get(happening.from);
      if (peer?.phase !== 'linked') return;
      hear(peer, nowMs, out);
      if (peer.isLeaving !== happening.isLeaving) {
        peer.isLeaving = happening.isLeaving;
        changed(state, peer, out);
      }
      out.push({ type: 'announce', event: { type: 'member-beat', member: memberOf(peer), content: happening.content } });
      return;
    }
    case 'bytes-heard': {
      const peer = state.peers.get(happening.from);
      if (peer?.phase === 'linked') hear(peer, nowMs, out);
      return;
    }
    case 'members-told': {
      const teller = state.peers.get(happening.from);
      if (teller?.phase !== 'linked') return;
      hear(teller, nowMs, out);
      return sendReports(state, teller.name, happening.members, nowMs, out);
    }
    case 'tick':
      return tick(state, happening.lagMs, nowMs, out);
    case 'self-listening':
      state.self = { ...state.self, address: happening.address };
      return;
    case 'self-joined':
      state.anchors.add(happening.address);
      return;
    case 'self-leaving':
      if (state.isLeaving) return;
      state.isLeaving = true;
      out.push({ type: 'broadcast-beat' });
      return;
    case 'self-left':
      state.isLeaving = true;
      state.hasLeft = true;
      for (const name of state.kept.keys()) out.push({ type: 'forget', name });
      state.kept.clear();
      out.push({ type: 'broadcast-goodbye' });
  }
}

/** Returns what must be done again after a restart of the actors: dialling, and reporting to the others. */
export const recoverMembership = (state: MembershipState): MembershipCommand[] =>
  state.hasLeft
    ? []
    : [
        ...[...state.kept].map(([name, address]): MembershipCommand => ({ type: 'keep', name, address })),
        { type: 'broadcast-beat' },
        { type: 'send-members', members: linkedMembers(state) },
      ];

function linkUp(state: MembershipState, identity: NodeIdentity, nowMs: number, out: MembershipCommand[]): void {
  const { name, incarnation, address } = identity;
  if (name === state.self.name) return;
  const before = state.peers.get(name);
  if (before && isMember(before) && before.incarnation !== incarnation) lose(state, before, 'replaced', nowMs, out);
  if (before && isMember(before)) {
    const isBack = before.phase === 'cut';
    const peer: Peer = { ...before, address, phase: 'linked' };
    state.peers.set(name, peer);
    hear(peer, nowMs, out);
    if (isBack) changed(state, peer, out);
    reconcileReports(state, name, nowMs, out);
  } else {
    succeed(state, identity, nowMs, out);
    const fresh = { isSuspect: false, isLeaving: false, silentSinceMs: nowMs, goneSinceMs: nowMs };
    const peer: Peer = { name, incarnation, address, phase: 'linked', ...fresh };
    state.peers.set(name, peer);
    state.isChanged = true;
    reconcileReports(state, name, nowMs, out);
    out.push({ type: 'announce', event: { type: 'member-joined', member: memberOf(peer) } });
  }
  out.push({ type: 'send-members', to: name, members: linkedMembers(state, name) }, { type: 'send-beat', to: name });
}

/**
 * A new node at an address replaces the disconnected node that had it, as an address leads to one process. A known node does not: nodes may
 * report the same address by mistake, such as that of their own loopback.
 */
function succeed(state: MembershipState, { name, address }: NodeIdentity, nowMs: number, out: MembershipCommand[]): void {
  if (address === undefined) return;
  for (const peer of [...state.peers.values()]) {
    if (peer.name === name || peer.address !== address || peer.phase === 'linked') continue;
    if (peer.phase === 'cut') lose(state, peer, 'replaced', nowMs, out);
    state.peers.set(peer.name, { ...peer, address: undefined });
    reconcileReports(state, peer.name, nowMs, out);
  }
}

function linkDown(
  state: MembershipState,
  { name, incarnation, cause }: Extract<MembershipHappening, { type: 'link-down' }>,
  nowMs: number,
  out: MembershipCommand[],
): void {
  const peer = state.peers.get(name);
  if (peer?.incarnation !== incarnation || !isMember(peer)) return;
  if (cause === 'goodbye') {
    go(state, peer, 'left', { type: 'member-left', member: memberOf(peer) }, nowMs, out);
  } else if (peer.phase === 'linked') {
    peer.phase = 'cut';
    changed(state, peer, out);
    if (cause === 'refused' && peer.address !== undefined) lose(state, peer, 'refused', nowMs, out);
  }
}

function tick(state: MembershipState, lagMs: number, nowMs: number, out: MembershipCommand[]): void {
  const { intervalMs, timeoutMs } = state.policy;
  if (nowMs - state.beatAtMs >= intervalMs) {
    state.beatAtMs = nowMs;
    out.push({ type: 'broadcast-beat' });
    if (state.isChanged) {
      state.isChanged = false;
      out.push({ type: 'send-members', members: linkedMembers(state) });
    }
  }
  tireOf(state, nowMs, out);
  for (const peer of [...state.peers.values()]) {
    if (!isMember(peer)) {
      outlive(state, peer, nowMs, out);
      continue;
    }
    // While this node's loop was blocked it could hear no other node: that time counts as its own, not as silence of others.
    if (lagMs >= intervalMs * NOTABLE_LAG) peer.silentSinceMs = Math.min(nowMs, peer.silentSinceMs + lagMs);
    const silentMs = nowMs - peer.silentSinceMs;
    if (silentMs >= timeoutMs) lose(state, peer, 'silent', nowMs, out);
    else if (silentMs >= timeoutMs / 2 && !peer.isSuspect) {
      peer.isSuspect = true;
      out.push({ type: 'announce', event: { type: 'member-suspect', member: memberOf(peer) } });
    }
  }
}

/** Applies time to a peer that is gone: reports about it are believed again, then it is forgotten. */
function outlive(state: MembershipState, peer: Peer, nowMs: number, out: MembershipCommand[]): void {
  const { timeoutMs, rememberMs } = state.policy;
  const goneMs = nowMs - peer.goneSinceMs;
  const isDialled = isRemembered(state, peer) && (isAnchor(state, peer) || goneMs < rememberMs);
  if (goneMs >= timeoutMs && !isDialled) drop(state, peer, nowMs, out);
  else if (goneMs >= timeoutMs) reconcileReports(state, peer.name, nowMs, out);
}

function drop(state: MembershipState, peer: Peer, nowMs: number, out: MembershipCommand[]): void {
  state.peers.delete(peer.name);
  reconcileReports(state, peer.name, nowMs, out);
}

function hear(peer: Peer, nowMs: number, out: MembershipCommand[]): void {
  peer.silentSinceMs = nowMs;
  if (!peer.isSuspect) return;
  peer.isSuspect = false;
  out.push({ type: 'announce', event: { type: 'member-up', member: memberOf(peer) } });
}

function changed(state: MembershipState, peer: Peer, out: MembershipCommand[]): void {
  state.isChanged = true;
  out.push({ type: 'announce', event: { type: 'member-changed', member: memberOf(peer) } });
}

function lose(state: MembershipState, peer: Peer, cause: LossCause, nowMs: number, out: MembershipCommand[]): void {
  // A silent link may be open at one end only. Closing it notifies the other side, and lets both dial anew.
  if (peer.phase === 'linked' && cause === 'silent') out.push({ type: 'drop', name: peer.name });
  go(state, peer, 'lost', { type: 'member-lost', member: memberOf(peer), cause }, nowMs, out);
}

function go(state: MembershipState, peer: Peer, phase: 'lost' | 'left', event: MemberEvent, nowMs: number, out: MembershipCommand[]): void {
  peer.phase = phase;
  peer.goneSinceMs = nowMs;
  peer.isSuspect = false;
  state.isChanged = true;
  out.push({ type: 'announce', event });
  sendReports(state, peer.name, [], nowMs, out);
  reconcileReports(state, peer.name, nowMs, out);
}
