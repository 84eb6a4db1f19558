// Brain: pure.
import { peerAddress } from '../../base/index.js';
import type { Greeting, Hello, RefusalReason } from '../protocol/messages.js';
import { protocolText } from '../protocol/protocol-version.js';

/**
 * The state of a link. `opening`: there is no connection yet. `greeting`: it waits for the other's hello. `proving`: for its proof.
 * `deciding`: for the welcome of the side that has the last word. `up`. `over`.
 */
export interface LinkState {
  readonly setup: LinkSetup;
  phase: 'opening' | 'greeting' | 'proving' | 'deciding' | 'up' | 'over';
  /** When the greeting must be over, monotonic ms. */
  deadlineMs: number;
  /** Set once if this node itself was late: the other's message may be there, unread. */
  isExtended: boolean;
  /** Key material of the TLS session, as hex; `null` without TLS. */
  exporter: string | null;
  peer: PeerIdentity | undefined;
  /** The agreed protocol; 0 before that. */
  protocol: number;
  transcript: Transcript;
  /** How many frames could not be understood. */
  badFrames: number;
}

/** The events of a link. */
export type LinkEvent =
  | { readonly type: 'opened'; readonly exporter: Uint8Array | undefined }
  | { readonly type: 'greeted'; readonly greeting: Greeting }
  /** A frame that could not be understood, or is not allowed in this state. */
  | { readonly type: 'bad-frame'; readonly fault: string }
  /** A frame that makes everything after it worthless. */
  | { readonly type: 'broken-stream'; readonly fault: string }
  | { readonly type: 'tick' };

/** The commands of a link, to be performed in this order. */
export type LinkCommand =
  | { readonly type: 'send-greeting'; readonly greeting: Greeting }
  | { readonly type: 'set-deadline'; readonly atMs: number }
  | { readonly type: 'link-up'; readonly peer: PeerIdentity; readonly protocol: number }
  | { readonly type: 'log-bad-frame'; readonly fault: string }
  /** `abrupt`: frames sent before need not arrive. */
  | { readonly type: 'close'; readonly end: LinkEnd; readonly abrupt: boolean };

/** A link that is up is closed after this many frames that it cannot understand. */
const MAX_BAD_FRAMES = 3;

/** If a deadline fires later than this, this node's own event loop was blocked. */
const OWN_LAG_MS = 100;

/** Returns the state of a link whose connection is being opened. */
export const newLink = (setup: LinkSetup): LinkState => ({
  setup,
  phase: 'opening',
  deadlineMs: setup.deadlineMs,
  isExtended: false,
  exporter: null,
  peer: undefined,
  protocol: 0,
  transcript: [],
  badFrames: 0,
});

/**
 * The brain of one link. It decides who the peer is, whether it proves its identity, and whether the link is wanted. The messages of
 * the dialler D and the acceptor A, in order:
 *
 * 1. D sends its hello, then A its own.
 * 2. D sends its proof, then A its own.
 * 3. The side whose name sorts lower has the last word: it sends `welcome`.
 *
 * If two links are made at once, in whichever directions, that side alone decides which one it welcomes, so exactly one remains. The
 * acceptor proves itself last: a stranger that only dials gets nothing with which to guess cookies.
 *
 * Pure, except that it changes `state`. A message that is not allowed in a state counts as a malformed frame: the first ends a link that is
 * not up, the third one that is. A refusal is sent to the other side, with its reason.
 */
export function stepLink(state: LinkState, event: LinkEvent, nowMs: number): readonly LinkCommand[] {
  if (state.phase === 'over') return [];
  switch (event.type) {
    case 'opened':
      if (state.phase !== 'opening') return [];
      state.phase = 'greeting';
      state.exporter = event.exporter ? hex(event.exporter) : null;
      return state.setup.role === 'dialler' ? [hello(state)] : [];
    case 'greeted':
      return greeted(state, event.greeting);
    case 'bad-frame':
      return badFrame(state, event.fault);
    case 'broken-stream':
      state.badFrames = MAX_BAD_FRAMES;
      return badFrame(state, event.fault);
    case 'tick':
      return tick(state, nowMs);
  }
}

function greeted(state: LinkState, greeting: Greeting): readonly LinkCommand[] {
  const { phase } = state;
  if (greeting.type === 'refused' && phase !== 'up' && phase !== 'opening') {
    return over(state, { type: 'refused', by: 'them', reason: greeting.reason, peer: state.peer });
  }
  if (greeting.type === 'hello' && phase === 'greeting') return heardHello(state, greeting);
  if (greeting.type === 'proof' && phase === 'proving') return heardProof(state, greeting.proof);
  if (greeting.type === 'welcome' && phase === 'deciding') return up(state);
  return badFrame(state, `"${greeting.type}" has no place here`);
}

function heardHello(state: LinkState, theirs: Hello): readonly LinkCommand[] {
  const { setup } = state;
  const isDialler = setup.role === 'dialler';
  const address = theirs.address === null ? undefined : peerAddress(theirs.address, setup.schemes);
  const peer = { name: theirs.name, incarnation: theirs.incarnation, address, isObserver: theirs.isObserver };
  state.peer = peer;
  const ours = hello(state);
  state.protocol = Math.min(setup.highest, theirs.highest);
  if (state.protocol < Math.max(setup.lowest, theirs.lowest)) {
    // The dialler finds out by itself, from the hello.
    const [spoken, own] = [protocolText(theirs.lowest, theirs.highest), protocolText(setup.lowest, setup.highest)];
    const text = `"${theirs.name}" speaks protocol ${spoken}, this node ${own}`;
    return [...(isDialler ? [] : [ours]), ...over(state, { type: 'mismatch', text, peer })];
  }
  if (peer.incarnation === setup.self.incarnation) return refuse(state, 'itself');
  if (isDialler && setup.expected !== undefined && peer.name !== setup.expected) return refuse(state, 'other-name');
  state.transcript = transcriptOf(state, theirs);
  state.phase = 'proving';
  if (!isDialler) return [ours];
  const objection = setup.objection(peer);
  return objection ? refuse(state, objection) : [proof(state)];
}

function heardProof(state: LinkState, theirs: Uint8Array): readonly LinkCommand[] {
  const { role, prover, self } = state.setup;
  const peer = state.peer!;
  const other = role === 'dialler' ? 'acceptor' : 'dialler';
  if (!prover.verify(theirs, other, state.transcript)) return refuse(state, 'cookie');
  const objection = objectionTo(state, peer);
  if (objection) return refuse(state, objection);
  const answer = role === 'acceptor' ? [proof(state)] : [];
  if (self.name < peer.name) return [...answer, { type: 'send-greeting', greeting: { type: 'welcome' } }, ...up(state)];
  state.phase = 'deciding';
  return answer;
}

/** A node with this node's own name is treated as one that is linked already. */
const objectionTo = ({ setup }: LinkState, peer: PeerIdentity): RefusalReason | undefined =>
  peer.name === setup.self.name ? 'name-taken' : setup.objection(peer);

function up(state: LinkState): readonly LinkCommand[] {
  state.phase = 'up';
  return [{ type: 'link-up', peer: state.peer!, protocol: state.protocol }];
}

function tick(state: LinkState, nowMs: number): readonly LinkCommand[] {
  if (state.phase === 'up') return [];
  // Node's timers fire up to a millisecond early. What is left may be too little to move the clock, so it is at least a millisecond.
  if (nowMs < state.deadlineMs) return [{ type: 'set-deadline', atMs: Math.max(state.deadlineMs, nowMs + 1) }];
  const lateMs = nowMs - state.deadlineMs;
  if (lateMs <= OWN_LAG_MS || state.isExtended) return over(state, { type: 'silent' }, true);
  state.isExtended = true;
  state.deadlineMs = nowMs + lateMs;
  return [{ type: 'set-deadline', atMs: state.deadlineMs }];
}

function badFrame(state: LinkState, fault: string): readonly LinkCommand[] {
  state.badFrames += 1;
  const log: LinkCommand = { type: 'log-bad-frame', fault };
  if (state.phase === 'up' && state.badFrames < MAX_BAD_FRAMES) return [log];
  return [log, ...over(state, { type: 'bad-message', fault }, true)];
}

function refuse(state: LinkState, reason: RefusalReason): readonly LinkCommand[] {
  const told: LinkCommand = { type: 'send-greeting', greeting: { type: 'refused', reason } };
  return [told, ...over(state, { type: 'refused', by: 'us', reason, peer: state.peer })];
}

function over(state: LinkState, end: LinkEnd, abrupt = false): readonly LinkCommand[] {
  state.phase = 'over';
  return [{ type: 'close', end, abrupt }];
}

function hello({ setup: { self, lowest, highest, nonce } }: LinkState): LinkCommand {
  const { name, incarnation, address = null, isObserver } = self;
  return { type: 'send-greeting', greeting: { type: 'hello', lowest, highest, name, incarnation, address, isObserver, nonce } };
}

function proof({ setup: { prover, role }, transcript }: LinkState): LinkCommand {
  return { type: 'send-greeting', greeting: { type: 'proof', proof: prover.prove(role, transcript) } };
}

function transcriptOf({ setup, protocol, exporter }: LinkState, theirs: Hello): Transcript {
  const { self, lowest, highest, nonce } = setup;
  const mine = [self.name, self.incarnation, self.address ?? null, self.isObserver, lowest, highest, hex(nonce)];
  const others = [theirs.name, theirs.incarnation, theirs.address, theirs.isObserver, theirs.lowest, theirs.highest, hex(theirs.nonce)];
  return [protocol, exporter, ...(setup.role === 'dialler' ? [...mine, ...others] : [...others, ...mine])];
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** The identity of the other end. `address` is where it listens; `undefined` if it only dials. */
export interface PeerIdentity {
  readonly name: string;
  /** Made anew at each start of a node. Compared for equality only. */
  readonly incarnation: string;
  readonly address: string | undefined;
  /** Whether it only asks and observes, and is no member of the cluster. */
  readonly isObserver: boolean;
}

/** The role of this node in a link: it dialled, or it accepted. */
export type LinkRole = 'dialler' | 'acceptor';

/** Everything that both sides have said, as plain data. Proofs are bound to it. */
export type Transcript = readonly (string | number | boolean | null)[];

/** Makes and checks the proofs of the cookie. Pure. */
export interface Prover {
  prove(role: LinkRole, transcript: Transcript): Uint8Array;
  verify(proof: Uint8Array, role: LinkRole, transcript: Transcript): boolean;
}

/** Why a link is over, or never came up. */
export type LinkEnd =
  | { readonly type: 'refused'; readonly by: 'us' | 'them'; readonly reason: RefusalReason; readonly peer: PeerIdentity | undefined }
  /** The nodes have no common protocol. `text` says so. */
  | { readonly type: 'mismatch'; readonly text: string; readonly peer: PeerIdentity }
  /** The other end did not greet in time. */
  | { readonly type: 'silent' }
  | { readonly type: 'bad-message'; readonly fault: string };

/** The setup of a link. */
export interface LinkSetup {
  readonly role: LinkRole;
  readonly self: PeerIdentity;
  /** The schemes of the transport. An address with another one is dropped. */
  readonly schemes?: readonly string[] | undefined;
  /** The protocols that this node speaks. */
  readonly lowest: number;
  readonly highest: number;
  /** 16 random bytes. */
  readonly nonce: Uint8Array;
  readonly prover: Prover;
  /** The name expected at the address, if it is known. */
  readonly expected: string | undefined;
  /** The time at which the greeting must be over. */
  readonly deadlineMs: number;
  /** Returns why the node's other links rule out one with this peer, or `undefined`. */
  objection(peer: PeerIdentity): RefusalReason | undefined;
}
