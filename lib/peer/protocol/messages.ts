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
  type Shape,
  sha256,
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

/**
 * The attempt that a message is about: its run, its function, its number, and the epoch of the run. An answer to one that is over is
 * ignored. A list, as each of an attempt's messages carries it: as an object it would have twice the bytes.
 */
const attempt = tuple(id, id, count, count);

/** A run with its epoch: how often it was opened; 0 for a run that is not durable. A node refuses epochs below the highest it has seen. */
const run = { runId: id, epoch: count };

/** What is recorded of a large value's file: the id of its `dataDir`, and what names it there; its size, and its SHA-256. */
const file = object({ dataDir: id, epoch: count, index: count, sizeBytes: count, digest: bytes });

/** A large value that a `dataDir` remembers: the id of that folder, and what names the file there, its content. */
export const rememberedFile = object({ dataDir: id, contentDigest: sha256, sizeBytes: count });

/** The most files that are asked for at once. */
export const MOST_REMEMBERED = 1000;

/** A piece of code as every node finds it below its own root. */
const code = { module: text, name: text, isolation: text };

/**
 * Names a value. `of-run`: a function's result or an input, by run and the epoch in which it was made, or one `part` of it, counted from 0;
 * a node without a link to its `origin` asks the driver, which passes it on. `of-file`: the same, if it is in a file of `origin`.
 * `remembered`: the same, if `origin` remembers it.
 * `composite`: what a map or an expansion made, by the driver, which is its `origin`, and the present epoch; asked for it, the driver gives
 * a page of its parts, from the `first` on (see `parts-page.ts`). `serialized`: a result or an input as the serializer of one edge makes it
 * at the origin, of a file there if it has one. `of-dag`: by DAG id, whichever node made it. `offered`: a value that the asked node has
 * just offered.
 */
const value = variants('kind', {
  'of-run': { ...run, functionId: id, origin: id, part: nullable(count) },
  'of-file': { ...run, functionId: id, origin: id, file, part: nullable(count) },
  remembered: { ...run, functionId: id, origin: id, file: rememberedFile, part: nullable(count) },
  composite: { ...run, functionId: id, origin: id, first: count },
  serialized: {
    ...run,
    functionId: id,
    origin: id,
    dagId: id,
    consumer: id,
    attempt: count,
    since: nullable(count),
    element: nullable(count),
    ...code,
    extra: bytes,
    timeoutMs: nullable(amount),
    file: nullable(either(file, rememberedFile)),
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
  /** `split`: a map goes over its value, so that an array is packed element by element. `dag`: its value is a DAG. */
  shape: nullable(word('split', 'dag')),
  /** Its gist is wanted, with texts of at most so many characters. */
  gist: nullable(count),
  /** The digest of its value is wanted. */
  digested: flag,
});

/** How long the parts of an attempt took: queued, fetch, load, run, pack, ms. `null`: `tookMs` for the function itself, and no more. */
const phases = nullable(tuple(amount, amount, amount, amount, amount));

/** The most links of a span. Source: the limit that OpenTelemetry has for them by default. */
export const MOST_LINKS = 128;

const outcome = variants('type', {
  /**
   * `packed` rides along if it is small. `fits`: whether the memory of the node, or its disk, has room for the value. `facts`: what the
   * last step asked for. `slot`: which slot of its isolation it had. `span`: the `traceparent` of its own span, if it has one.
   */
  succeeded: {
    sizeBytes: count,
    tookMs: amount,
    packed: nullable(bytes),
    fits: flag,
    facts: nullable(bytes),
    phases,
    slot: count,
    span: nullable(text),
  },
  /** It has succeeded, and its large value is in a file there too. */
  filed: { sizeBytes: count, tookMs: amount, file, facts: nullable(bytes), phases, slot: count, span: nullable(text) },
  failed: { error: bytes, final: flag, phases, slot: count },
  /** A needed argument, the value of that function, cannot be found on any node. */
  'argument-lost': { functionId: id, error: bytes },
  stopped: {},
});

/** The most modules of one function: itself, its inline functions and (de)serializers. */
const MOST_MODULES = 1000;

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
  /** Whether all that the receiver has run of these modules until now has this content, with all that they import. */
  'check-content': { modules: list(object({ module: text, digest: text }), MOST_MODULES) },
  /** The digest of a value that the receiver has, or can have; `null` if it has none. */
  'take-digest': { value },
  /** The asking node drives the run now: what has the receiver of it, made for earlier drivers? See `inheritance`. */
  'inherit-run': { ...run, dagId: id },
  /** The id of the receiver's `dataDir`; `null` if it has none. */
  'which-folder': {},
  /** Which of these files of remembered values does the receiver have? Answered with a list of true and false. */
  'has-remembered': { files: list(rememberedFile, MOST_REMEMBERED) },
  /** Remembers a large value that the receiver has made for the asking driver. Answered with its file; `null` if it does not. */
  'remember-value': { ...run, functionId: id },
  /** `all` asks about every member that answers soon, otherwise only about the asked node. */
  'show-status': { all: flag },
  /**
   * The runs that the asked node drives, or of one such run, and the latest that have ended. In this and the questions below, `all` asks
   * about the members too that the asked node has links with; it asks those without `all`, so no question goes on and on.
   */
  'list-runs': { all: flag, runId: nullable(id) },
  /** Looks at a run: `request` is JSON, as the views of runs know it. */
  'show-run': { all: flag, runId: id, request: text },
  'cancel-run': { all: flag, runId: id, reason: text },
  /**
   * The events of a run from there on: how many events and how many lines the asking node has; `null` for the oldest kept. Answered when
   * there are some, and with none after a while, or at once unless it may `wait`. So a reader that asks no more costs nothing, and one that
   * asks twice misses nothing.
   */
  'watch-run': { all: flag, runId: id, output: flag, wait: flag, from: nullable(tuple(amount, count, count)) },
});

/**
 * The answer to `inherit-run`. `attempts` run, or are over and have a value (`isOver`). `values` are of any node that made them, with the
 * epochs in which they were made.
 */
export const inheritance = object({
  attempts: list(object({ functionId: id, attempt: count, epoch: count, isOver: flag })),
  values: list(object({ functionId: id, epoch: count, sizeBytes: count })),
});
/** What a node has of a run whose driver is gone. */
export type Inheritance = Of<typeof inheritance>;

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
    diskBytes: count,
    memoryLimitBytes: count,
    rememberedBytes: count,
    rememberedResults: count,
    rememberedHits: count,
    /** So much may be in memory before functions that only make more are held back; whether the disk is taking some. */
    limitBytes: count,
    isSpilling: flag,
    log: word('ok', 'lost'),
  },
  /** The sender ends this link and will not return as this incarnation. */
  goodbye: {},
  /** All members that the sender has a link with: name, incarnation, address. */
  members: { members: list(member) },
  /** A question, answered with `answer` under the same id. Asked again when the link comes up anew. */
  ask: { id: count, question },
  answer: { id: count, value: plain, error: nullable(bytes) },
  /** The sender no longer wants the answer to that question. */
  'withdraw-question': { id: count },
  /** One attempt at a function, for the driver that sends it. It is sent again when the link comes up anew, and so are its answers. */
  'run-attempt': {
    of: attempt,
    dagId: id,
    /** In which opening of the run the function became what it is, for its idempotency key; `null` in a run that is not durable. */
    since: nullable(count),
    /** The place of an element in its map; `null` for other functions. */
    element: nullable(count),
    cost: resources,
    /** Whether it may wait for room; otherwise it is refused. */
    mayQueue: flag,
    /** Whether it was sent ahead of room: it is not told that it waits, and may be taken back until it begins. */
    isAhead: flag,
    steps: list(step),
    timeoutMs: nullable(amount),
    stopGraceMs: amount,
    /**
     * How a large value is recorded, if the receiver has a folder for it: under which number of the function, whether it is synced before
     * the answer, and whether the driver makes a copy of a collected one; `null` in a run that is not durable.
     */
    recording: nullable(object({ index: count, isSynced: flag, isCopied: flag })),
    /**
     * Where it belongs in a trace: the span of its run, as W3C Trace Context writes it, and the spans of the attempts that made what it
     * consumes; `null` in a run that is not traced.
     */
    origin: nullable(object({ traceparent: text, tracestate: nullable(text), links: list(text, MOST_LINKS) })),
  },
  'attempt-queued': { of: attempt, lacking: resources },
  /** `slot`: which slot of its isolation it has. */
  'attempt-started': { of: attempt, slot: count },
  /** There is no room, or the node is about to leave. It has forgotten the attempt, and may be asked for the same one again. */
  'attempt-refused': {
    of: attempt,
    usage: object({ capabilities: resources, used: resources, usedByYou: resources }),
  },
  'attempt-ended': { of: attempt, outcome },
  'stop-attempt': { of: attempt, reason: bytes, graceMs: amount },
  /** Takes back an attempt that was sent ahead of room. What has begun goes on, and there is no answer. */
  'take-back-attempt': { of: attempt, ask: count },
  /** It has not begun, and is forgotten. `ask`: that of the message that took it back. */
  'attempt-taken-back': { of: attempt, ask: count },
  /**
   * Sent when a link comes up: all runs that the sender drives, with their epochs, each with its attempts on the receiver. Any other
   * attempts were given up while there was no link.
   */
  'runs-under-way': { runs: list(tuple(id, count, list(tuple(id, count)))) },
  /** A run begins that the sender drives, or goes on with it in a new epoch. Sent to all members before another node can know of it. */
  'run-begun': { ...run, dagId: id },
  /**
   * The receiver does not drive the run, so its message about the run is refused. `epoch` is the highest that the sender has seen of the
   * run: the error is `HANDOFF_RUN_TAKEN_OVER` if it is higher than that of the message.
   */
  'run-refused': { ...run, error: bytes },
  /** These values of the run, and what is remembered of their functions, are not needed any more. */
  'release-values': { ...run, ids: list(id) },
  /**
   * The sender goes on with the run of a driver that is gone, and takes over these attempts on the receiver. All others are to be stopped.
   */
  'adopt-attempts': { ...run, attempts: list(tuple(id, count)) },
  /** The run is over. What is left of it is kept for that long. `isInterrupted`: another driver may go on with it. */
  'end-run': { ...run, retainMs: amount, isInterrupted: flag },
  /** Asks for a value. The answer is `value-found`, then, if the value did not ride along, its bytes as a transfer under `id`. */
  'fetch-value': { id: count, value },
  'value-found': { id: count, freeze: flag, packed: nullable(bytes) },
  /** There is no such value, or it could not be made. */
  'value-missing': { id: count, error: nullable(bytes) },
  'tell-location': { dagId: id, functionId: id, node: nodeName },
  /** The originals of copies of this DAG's values are gone. */
  'forget-copies': { dagId: id },
  'function-output': { of: attempt, dagId: id, stream: word('stdout', 'stderr'), text },
} as const;

/** The shape of the name of a value. */
export const valueName = value;

/** The shape of every message on a link that is up. */
export const wireMessage = variants('type', MESSAGES);
/** A message on a link that is up. */
export type WireMessage = Of<typeof wireMessage>;

/** The name of an attempt on the wire. */
export type AttemptName = readonly [runId: string, functionId: string, attempt: number, epoch: number];
/** Whether received data is the name of an attempt; returns its fault. */
export const attemptName: Shape<AttemptName> = attempt;

/** The name of a value, in `fetch-value`. */
export type ValueName = Of<typeof value>;
/** A question to a node. */
export type Question = Of<typeof question>;
/** A question about the runs of other drivers. */
export type QuestionAboutRuns = Extract<Question, { readonly all: boolean; readonly runId: string | null }>;
/** One step of an attempt, in `run-attempt`. */
export type WireStep = Of<typeof step>;
/** The outcome of an attempt, in `attempt-ended`. */
export type WireOutcome = Of<typeof outcome>;

/** How long the parts of an attempt took on its node. */
export type WirePhases = Of<typeof phases>;

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
