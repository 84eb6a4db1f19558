import {
  amount,
  bytes,
  bytesOf,
  count,
  either,
  flag,
  id,
  list,
  nullable,
  number,
  type Of,
  object,
  plain,
  text,
  tuple,
  variants,
  word,
} from './shape.js';

/** Resources, as `[name, amount]`: names are the users', and never keys of an object that came over the wire. */
const resources = list(tuple(text, amount));

/** Which attempt a message is about; an answer to one that is over is dropped and counted. */
const attempt = { runId: id, functionId: id, attempt: count };

/** What a step is given: the result of an earlier step, a value that rides along, or one to fetch from the node that has it. */
const input = either(count, object({ packed: bytes, freeze: flag }), object({ fetch: id, functionId: id, sizeBytes: count }));

const step = object({
  role: text,
  functionId: id,
  isolation: text,
  module: text,
  name: text,
  inputs: list(input),
  asList: flag,
  extra: nullable(bytes),
  wanted: flag,
});

const outcome = variants('type', {
  succeeded: { sizeBytes: count, tookMs: amount, packed: nullable(bytes) },
  failed: { error: bytes, final: flag },
  stopped: {},
});

const question = variants('kind', {
  'register-capabilities': { capabilities: resources },
  'check-room': { required: resources },
  'keep-value': { dagId: id, functionId: id, as: word('value', 'result'), packed: nullable(bytes), sizeBytes: count },
  'find-value': { dagId: id, functionId: id },
  'lookup-location': { dagId: id, functionId: id },
  'tell-location': { dagId: id, functionId: id, node: id },
  'clear-dag': { dagId: id },
  'list-status': {},
});

const member = tuple(id, id, nullable(text));

/**
 * Every message between nodes that know each other, by its `type`: its fields and what they may hold. A new message is one entry here; the
 * type, the check on arrival and the codec follow. There are no optional fields: what may be absent is `nullable`.
 */
const MESSAGES = {
  /** The sender lives, and how it is. */
  beat: {
    seq: count,
    lagMs: amount,
    capabilities: resources,
    used: resources,
    byDriver: list(tuple(id, resources)),
    freeThreads: number,
    freeLoopPlaces: number,
    running: count,
    queued: count,
    heldBytes: count,
    leaving: flag,
  },
  /** The sender ends this link and will not come back as this incarnation. */
  goodbye: {},
  /** All whom the sender has a link with: name, incarnation, address. */
  members: { members: list(member) },
  /** A question, answered with `answer` under the same id. */
  ask: { id: count, question },
  answer: { id: count, value: plain, error: nullable(bytes) },
  'run-attempt': {
    ...attempt,
    dagId: id,
    driver: id,
    cost: resources,
    slot: word('thread', 'loop'),
    mayQueue: flag,
    steps: list(step),
    timeoutMs: nullable(amount),
    stopGraceMs: amount,
  },
  'attempt-queued': { ...attempt, lacking: list(text) },
  'attempt-started': attempt,
  'attempt-refused': { ...attempt, used: resources },
  'attempt-ended': { ...attempt, outcome },
  'stop-attempt': { ...attempt, reason: bytes, graceMs: amount },
  'release-values': { runId: id, ids: list(id) },
  'end-run': { runId: id },
  /** Asks for a value; it comes as a bulk transfer under `id`. */
  'fetch-value': { id: count, dagId: id, runId: nullable(id), functionId: id },
  'function-output': { ...attempt, stream: word('stdout', 'stderr'), text },
} as const;

/** What nodes say to each other over a link that is up. */
export const wireMessage = variants('type', MESSAGES);
export type WireMessage = Of<typeof wireMessage>;

/** One message, by its type. */
export type WireMessageOf<T extends WireMessage['type']> = Extract<WireMessage, { readonly type: T }>;

/** Why somebody is not let in. `protocol` ends as `HANDOFF_PROTOCOL_MISMATCH`, `linked` is no error: there is a link already. */
const refusal = word('cookie', 'name-taken', 'itself', 'other-name', 'protocol', 'linked', 'stopping', 'membership');
export type RefusalReason = Of<typeof refusal>;

/**
 * What is said before a link is up. A `hello` may have more fields in later protocols, since it comes before the protocol is agreed on; its
 * own fields never change.
 */
const GREETINGS = {
  hello: object(
    {
      type: word('hello'),
      lowest: count,
      highest: count,
      name: id,
      incarnation: id,
      address: nullable(text),
      nonce: bytesOf(16),
    },
    { open: true },
  ),
  proof: object({ type: word('proof'), proof: bytesOf(32) }),
  welcome: object({ type: word('welcome') }),
  refused: object({ type: word('refused'), reason: refusal }),
};

export const greeting = either(GREETINGS.proof, GREETINGS.welcome, GREETINGS.refused, GREETINGS.hello);
export type Greeting = Of<typeof greeting>;
export type Hello = Of<typeof GREETINGS.hello>;
