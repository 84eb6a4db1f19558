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
 * Resources, as `[name, amount]`: names are the users', and never keys of an object that came over the wire. No node has more than a
 * thousand.
 */
const resources = list(tuple(id, amount), 1000);

/** Told apart by equality only; nothing that long is made. */
const incarnation: typeof id = (value) => (typeof value === 'string' && value.length <= 100 ? id(value) : '');

/** Which attempt a message is about; an answer to one that is over is dropped and counted. */
const attempt = { runId: id, functionId: id, attempt: count };

/** A piece of code as every node finds it below its own root. */
const code = { module: text, name: text, isolation: text };

/**
 * Which value is meant. `of-run`: what a function made, or an input, by the run; whoever has no link with its `origin` asks the driver, who
 * passes it on. `serialized`: the same, as the serializer of one edge makes it at the origin. `of-dag`: by DAG id, whoever made it.
 * `offered`: what the node that is asked has just said it would give.
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
    ...code,
    extra: bytes,
    timeoutMs: nullable(amount),
  },
  'of-dag': { dagId: id, functionId: id },
  offered: { offer: count },
});

/**
 * What a step is given: the result of an earlier step, a value that rides along, or one to fetch from the node that has it. `sole`: nobody
 * but this attempt will need it.
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
  /** `packed` rides along when it is small. */
  succeeded: { sizeBytes: count, tookMs: amount, packed: nullable(bytes) },
  failed: { error: bytes, final: flag },
  /** The value of that function, which it needs, is nowhere to be found. */
  'argument-lost': { functionId: id, error: bytes },
  stopped: {},
});

/** Size, in use by all, in use by the driver that hears it. */
const places = tuple(count, count, count);

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
  /** Answered when the value is there, `false` when it was not in time. */
  'await-value': { dagId: id, functionId: id, timeoutMs: amount },
  'lookup-location': { dagId: id, functionId: id },
  'clear-dag': { dagId: id },
  /** Whether a module below the root is the same here; `null` if it cannot be told. */
  'compare-module': { module: text, digest: text },
  /** `all`: of every member, as far as they answer soon; else of the one that is asked. */
  'show-status': { all: flag },
});

const member = tuple(nodeName, incarnation, nullable(text));

/**
 * Every message between nodes that know each other, by its `type`: its fields and what they may hold. A new message is one entry here; the
 * type, the check on arrival and the codec follow. There are no optional fields: what may be absent is `nullable`.
 */
const MESSAGES = {
  /**
   * The sender lives, and how it is. `byDriver`: what each has in use, of resources, threads and places on the loop; `threads`,
   * `loopPlaces`: size, in use.
   */
  beat: {
    seq: count,
    lagMs: amount,
    leaving: flag,
    capabilities: resources,
    used: resources,
    byDriver: list(tuple(nodeName, resources, count, count), 1000),
    threads: tuple(count, count),
    loopPlaces: tuple(count, count),
    running: count,
    queued: count,
    /** Attempts that were given up and whose thread is blocked. */
    blocked: count,
    heldBytes: count,
    log: word('ok', 'lost'),
  },
  /** The sender ends this link and will not come back as this incarnation. */
  goodbye: {},
  /** All whom the sender has a link with: name, incarnation, address. */
  members: { members: list(member) },
  /** A question, answered with `answer` under the same id; asked again when the link comes up anew. */
  ask: { id: count, question },
  answer: { id: count, value: plain, error: nullable(bytes) },
  /**
   * One try at a function, for the driver who sends it, whose number for it `id` is: it counts up. Sent again under the same when the link
   * comes up anew; then the answers are given again.
   */
  'run-attempt': {
    id: count,
    ...attempt,
    dagId: id,
    cost: resources,
    slot: word('thread', 'loop'),
    /** Whether it may wait for room; else it is refused. */
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
    usage: object({ capabilities: resources, used: resources, usedByYou: resources, threads: places, loopPlaces: places }),
  },
  'attempt-ended': { id: count, outcome },
  'stop-attempt': { runId: id, id: count, reason: bytes, graceMs: amount },
  /**
   * When a link comes up: all runs that the sender drives, each with its attempts on the receiver. What the receiver has beside them was
   * given up while there was no link to say so.
   */
  'runs-under-way': { runs: list(tuple(id, list(count))) },
  /** A run begins, which the sender drives: told to all before anybody else can know of it. */
  'run-begun': { runId: id, dagId: id },
  /** What the receiver said about the run is not taken: it drives it not. */
  'run-refused': { runId: id, error: bytes },
  /** Nobody needs these values of the run any more, nor what is remembered of their functions. */
  'release-values': { runId: id, ids: list(id) },
  /** The run is over; what is left of it is kept for so long. */
  'end-run': { runId: id, retainMs: amount },
  /** Asks for a value; answered with `value-found`, then, where it did not ride along, the bytes as a bulk transfer under `id`. */
  'fetch-value': { id: count, value },
  'value-found': { id: count, freeze: flag, packed: nullable(bytes) },
  /** There is none, or it could not be made. */
  'value-missing': { id: count, error: nullable(bytes) },
  'tell-location': { dagId: id, functionId: id, node: nodeName },
  /** What was fetched of a DAG is gone where it came from. */
  'forget-copies': { dagId: id },
  'function-output': { ...attempt, dagId: id, stream: word('stdout', 'stderr'), text },
} as const;

/** What nodes say to each other over a link that is up. */
export const wireMessage = variants('type', MESSAGES);
/** Any message of a link that is up. */
export type WireMessage = Of<typeof wireMessage>;

/** Which value is meant, in `fetch-value`. */
export type ValueName = Of<typeof value>;
/** What may be asked of a node. */
export type Question = Of<typeof question>;
/** One step of an attempt, as `run-attempt` carries it. */
export type WireStep = Of<typeof step>;
/** How an attempt ended, as `attempt-ended` carries it. */
export type WireOutcome = Of<typeof outcome>;

/** One message, by its type. */
export type WireMessageOf<T extends WireMessage['type']> = Extract<WireMessage, { readonly type: T }>;

/** Why somebody is not let in. `protocol` ends as `HANDOFF_PROTOCOL_MISMATCH`, `linked` is no error: there is a link already. */
const refusal = word('cookie', 'name-taken', 'itself', 'other-name', 'protocol', 'linked', 'stopping', 'membership', 'name-told');
/** One of the reasons why a node is not let in. */
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
      name: nodeName,
      incarnation,
      address: nullable(text),
      /** Whether it only looks on: no member of the cluster. */
      isObserver: flag,
      nonce: bytesOf(16),
    },
    { open: true },
  ),
  proof: object({ type: word('proof'), proof: bytesOf(32) }),
  welcome: object({ type: word('welcome') }),
  refused: object({ type: word('refused'), reason: refusal }),
};

/** The shape of whatever is said before a link is up. */
export const greeting = either(GREETINGS.proof, GREETINGS.welcome, GREETINGS.refused, GREETINGS.hello);
/** Any message before a link is up. */
export type Greeting = Of<typeof greeting>;
/** The first greeting of each side. */
export type Hello = Of<typeof GREETINGS.hello>;
