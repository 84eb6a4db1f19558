import {
  amount,
  bytes,
  bytesOf,
  count,
  either,
  flag,
  id,
  list,
  nodeName,
  nullable,
  type Of,
  object,
  plain,
  text,
  tuple,
  variants,
  word,
} from './shape.js';

/**
 * Resources, as `[name, amount]`. Names are never keys of an object that came over the wire. A node has at most a thousand that its user
 * has named, and those that stand for the slots of its isolations.
 */
const resources = list(tuple(id, amount), 1100);

/** Compared for equality only. We make none this long. */
const incarnation: typeof id = (value) => (typeof value === 'string' && value.length <= 100 ? id(value) : '');

/** The attempt that a message is about. An answer to one that is over is ignored. */
const attempt = { runId: id, functionId: id, attempt: count };

/** A piece of code as every node finds it below its own root. */
const code = { module: text, name: text, isolation: text };

/**
 * Names a value. `of-run`: a function's result or an input, by run; a node without a link to its `origin` asks the driver, which passes it
 * on. `serialized`: the same, as the serializer of one edge makes it at the origin. `of-dag`: by DAG id, whichever node made it. `offered`:
 * a value that the asked node has just offered.
 */
const value = variants('kind', {
  'of-run': { runId: id, functionId: id, origin: id },
  serialized: {
    runId: id,
    functionId: id,
    origin: id,
    dagId: id,
    consumer: id,
    attempt: count,
    since: nullable(count),
    ...code,
    extra: bytes,
    timeoutMs: nullable(amount),
  },
  'of-dag': { dagId: id, functionId: id },
  offered: { offer: count },
});

/**
 * An input of a step: the result of an earlier step, a value that rides along, or one to fetch from the node that has it. `sole`: no other
 * attempt will need it.
 */
const given = either(object({ packed: bytes, freeze: flag }), object({ from: id, value, sizeBytes: count, sole: flag }));

const step = object({
  ...code,
  role: word('function', 'inline', 'serialize', 'deserialize'),
  functionId: id,
  inputs: list(either(count, given)),
  asList: flag,
  extra: nullable(given),
  wanted: flag,
  sole: flag,
});

const outcome = variants('type', {
  /** `packed` rides along if it is small. */
  succeeded: { sizeBytes: count, tookMs: amount, packed: nullable(bytes) },
  failed: { error: bytes, final: flag },
  /** A needed argument, the value of that function, cannot be found on any node. */
  'argument-lost': { functionId: id, error: bytes },
  stopped: {},
});

const question = variants('kind', {
  'register-capabilities': { capabilities: resources },
  'check-room': { required: resources },
  /** A large value is offered, and fetched before the answer. */
  'keep-value': {
    dagId: id,
    functionId: id,
    as: word('value', 'result'),
    value: either(object({ packed: bytes }), object({ offer: count })),
  },
  /** Answered when the value is there, with `false` if it did not come in time. */
  'await-value': { dagId: id, functionId: id, timeoutMs: amount },
  'lookup-location': { dagId: id, functionId: id },
  'clear-dag': { dagId: id },
  /** Whether a module below the root is the same here; `null` if that is unknown. */
  'compare-module': { module: text, digest: text },
  /** `all` asks about every member that answers soon, otherwise only about the asked node. */
  'show-status': { all: flag },
});

const member = tuple(nodeName, incarnation, nullable(text));

/**
 * Every message between linked nodes, by its `type`, with its fields and their shapes. A new message is one entry here; its type, the check
 * on arrival and the codec follow. There are no optional fields: a field that may be absent is `nullable`.
 */
const MESSAGES = {
  /**
   * A sign of life, with the sender's state. `byDriver`: what each driver uses of the resources.
   */
  beat: {
    seq: count,
    lagMs: amount,
    leaving: flag,
    capabilities: resources,
    used: resources,
    byDriver: list(tuple(nodeName, resources), 1000),
    running: count,
    queued: count,
    /** Attempts that were given up and whose thread is blocked. */
    blocked: count,
    heldBytes: count,
    log: word('ok', 'lost'),
  },
  /** The sender ends this link and will not return as this incarnation. */
  goodbye: {},
  /** All members that the sender has a link with: name, incarnation, address. */
  members: { members: list(member) },
  /** A question, answered with `answer` under the same id. Asked again when the link comes up anew. */
  ask: { id: count, question },
  answer: { id: count, value: plain, error: nullable(bytes) },
  /**
   * One attempt at a function, for the driver that sends it. `id` is the driver's number for it; numbers count up. When the link comes up
   * anew, the message is sent again with the same number, and its answers are too.
   */
  'run-attempt': {
    id: count,
    ...attempt,
    dagId: id,
    /** In which opening of the run the function became what it is, for its idempotency key; `null` in a run that is not durable. */
    since: nullable(count),
    cost: resources,
    /** Whether it may wait for room; otherwise it is refused. */
    mayQueue: flag,
    steps: list(step),
    timeoutMs: nullable(amount),
    stopGraceMs: amount,
  },
  'attempt-queued': { id: count, lacking: resources },
  'attempt-started': { id: count },
  /** There is no room, or the node is about to leave. It has forgotten the attempt. */
  'attempt-refused': {
    id: count,
    usage: object({ capabilities: resources, used: resources, usedByYou: resources }),
  },
  'attempt-ended': { id: count, outcome },
  'stop-attempt': { runId: id, id: count, reason: bytes, graceMs: amount },
  /**
   * Sent when a link comes up: all runs that the sender drives, each with its attempts on the receiver. Any other attempts were given up
   * while there was no link.
   */
  'runs-under-way': { runs: list(tuple(id, list(count))) },
  /** A run begins that the sender drives. Sent to all members before another node can know of it. */
  'run-begun': { runId: id, dagId: id },
  /** The receiver does not drive the run, so its message about the run is refused. */
  'run-refused': { runId: id, error: bytes },
  /** These values of the run, and what is remembered of their functions, are not needed any more. */
  'release-values': { runId: id, ids: list(id) },
  /** The run is over. What is left of it is kept for that long. */
  'end-run': { runId: id, retainMs: amount },
  /** Asks for a value. The answer is `value-found`, then, if the value did not ride along, its bytes as a transfer under `id`. */
  'fetch-value': { id: count, value },
  'value-found': { id: count, freeze: flag, packed: nullable(bytes) },
  /** There is no such value, or it could not be made. */
  'value-missing': { id: count, error: nullable(bytes) },
  'tell-location': { dagId: id, functionId: id, node: nodeName },
  /** The originals of copies of this DAG's values are gone. */
  'forget-copies': { dagId: id },
  'function-output': { ...attempt, dagId: id, stream: word('stdout', 'stderr'), text },
} as const;

/** The shape of every message on a link that is up. */
export const wireMessage = variants('type', MESSAGES);
/** A message on a link that is up. */
export type WireMessage = Of<typeof wireMessage>;

/** The name of a value, in `fetch-value`. */
export type ValueName = Of<typeof value>;
/** A question to a node. */
export type Question = Of<typeof question>;
/** One step of an attempt, in `run-attempt`. */
export type WireStep = Of<typeof step>;
/** The outcome of an attempt, in `attempt-ended`. */
export type WireOutcome = Of<typeof outcome>;

/** The message of one type. */
export type WireMessageOf<T extends WireMessage['type']> = Extract<WireMessage, { readonly type: T }>;

/** Why a node is refused. `protocol` becomes `HANDOFF_PROTOCOL_MISMATCH`. `linked` is no error: there is a link already. */
const refusal = word('cookie', 'name-taken', 'itself', 'other-name', 'protocol', 'linked', 'stopping', 'membership', 'name-told');
/** One of the reasons why a node is not let in. */
export type RefusalReason = Of<typeof refusal>;

/**
 * The messages before a link is up. A `hello` may get more fields in later protocols, since it comes before the protocol is agreed on. Its
 * own fields never change.
 */
const GREETINGS = {
  hello: object(
    {
      type: word('hello'),
      lowest: count,
      highest: count,
      name: nodeName,
      incarnation,
      address: nullable(text),
      /** Whether it only observes and is no member of the cluster. */
      isObserver: flag,
      nonce: bytesOf(16),
    },
    { open: true },
  ),
  proof: object({ type: word('proof'), proof: bytesOf(32) }),
  welcome: object({ type: word('welcome') }),
  refused: object({ type: word('refused'), reason: refusal }),
};

/** The shape of every message before a link is up. */
export const greeting = either(GREETINGS.proof, GREETINGS.welcome, GREETINGS.refused, GREETINGS.hello);
/** A message before a link is up. */
export type Greeting = Of<typeof greeting>;
/** The first message of each side. */
export type Hello = Of<typeof GREETINGS.hello>;
