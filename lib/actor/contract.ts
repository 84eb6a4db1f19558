declare const message: unique symbol;
declare const system: unique symbol;

/**
 * A reference to one incarnation of an actor: messages sent to it never reach the actor's successor. It is contravariant in `M`, so a ref
 * that takes more messages fits where fewer are needed. `spawnActor` returns one; nothing else is a ref.
 */
export interface ActorRef<M> {
  /** Unique in this process, for logs. Nothing is encoded in it. */
  readonly id: string;
  /** For the compiler only. @internal */
  readonly [message]?: (message: M) => void;
}

/** The root of a tree of actors. */
export interface ActorSystem {
  /** The name given at its start; need not be unique. */
  readonly name: string;
  /** For the compiler only. @internal */
  readonly [system]: true;
  /**
   * Ends every actor in reverse order of start, children before parents. Resolves when all have ended and no timer is left. Repeated calls
   * share one stop. Each actor gets 5000 ms before it is killed, a supervisor as long as its children need.
   */
  stop(): Promise<void>;
}

/** The possible parents of an actor. */
export type Parent = ActorSystem | Supervisor | SupervisorScope | ActorRef<never>;

/** The parent that a supervisor passes to a child's `start`: a scope in the tree, and nothing else. */
export interface SupervisorScope {
  /** For the compiler only. @internal */
  readonly [system]: true;
}

/** The reason why an actor ended. `'normal'` and `'shutdown'` are clean, anything else is abnormal. */
export type ExitReason = 'normal' | 'shutdown' | 'killed' | Error;

/** The operations of a handler. After its actor's end all are refused: `tell` returns false, the others fail with `HANDOFF_STOPPED`. */
export interface ActorContext<M> {
  /** The reference to this incarnation. */
  readonly self: ActorRef<M>;
  /** Aborted when the actor is asked to stop, fails or is killed. */
  readonly signal: AbortSignal;
  /** Sends a message. Returns false if `ref` has ended, or this actor has. */
  tell<N>(ref: ActorRef<N>, message: NoInfer<N>): boolean;
  /**
   * Sends a request and resolves to the answer.
   * @throws `HANDOFF_STOPPED` when `ref` ends, `HANDOFF_TIMEOUT` after `timeoutMs`.
   */
  ask<N, R = unknown>(ref: ActorRef<N>, request: (replyTo: ActorRef<R>) => N, timeoutMs: number): Promise<R>;
  /** Spawns a child of this actor: it ends before this actor does. */
  spawn<S, N>(
    handler: Handler<S, N>,
    options?: { name?: string; init?: () => S | Promise<S>; onTerminate?: (state: S, reason: ExitReason) => void | Promise<void> },
  ): Promise<ActorRef<N>>;
  /**
   * Ends this actor as soon as the current message is done. Waiting messages are dropped. The first reason counts.
   * @default 'normal'
   */
  stop(reason?: 'normal' | 'shutdown' | Error): void;
}

/** Returns the next state, or a promise of it; the next message waits for that promise. A thrown error ends the actor with that error. */
export type Handler<S, M> = (state: S, message: M, ctx: ActorContext<M>) => S | Promise<S>;

/**
 * Whether a child that ended is started again: `'permanent'` always; `'transient'` unless it ended cleanly; `'temporary'` never, and its
 * specification is removed.
 */
export type Restart = 'permanent' | 'transient' | 'temporary';

/** How long a child has to end after it is asked to, in ms. 0 asks and kills it without waiting; `'brutal-kill'` does not ask. */
export type Shutdown = number | 'brutal-kill' | 'infinity';

/** The things that a supervisor can supervise. */
export type ChildRef = ActorRef<never> | Supervisor;

interface ChildSpecBase<R> {
  /** Unique among the children of one supervisor. Any non-empty string. */
  readonly id: string;
  /**
   * Starts the child under `parent`. Called anew for each start. A throw, a rejection or any other value is a failed start; `'ignore'`
   * means that there is no child.
   */
  readonly start: (parent: Parent) => R | 'ignore' | Promise<R | 'ignore'>;
  /**
   * How long the child has to end. For supervisors the default is `'infinity'`.
   * @default 5000
   */
  readonly shutdown?: Shutdown;
  /**
   * What the child is. If `start` returns a `Supervisor`, the default is `'supervisor'`.
   * @default 'worker'
   */
  readonly type?: 'worker' | 'supervisor';
}

/** A child: how to start it, whether to restart it, how to stop it. `restart` is `'permanent'` by default. Unknown fields are ignored. */
export type ChildSpec<R extends ChildRef = ChildRef> = ChildSpecBase<R> &
  (
    | { readonly restart?: Restart; readonly significant?: false }
    | { readonly restart: 'transient' | 'temporary'; readonly significant: true }
  );

/** The options of a supervisor. Unknown fields are ignored. */
export interface SupervisorOptions {
  /** Unique under its parent. Any non-empty string. */
  name?: string;
  /**
   * Which children are restarted with a failed one.
   * @default 'one-for-one'
   */
  strategy?: 'one-for-one' | 'one-for-all' | 'rest-for-one';
  /**
   * How many restarts are allowed within `withinMs`: an integer of at least 0.
   * @default 3
   */
  maxRestarts?: number;
  /**
   * The window in which restarts are counted, ms: more than 0 and finite.
   * @default 5000
   */
  withinMs?: number;
  /**
   * Whether the supervisor ends when its significant children end by themselves: never, after any, or after all.
   * @default 'never'
   */
  autoShutdown?: 'never' | 'any-significant' | 'all-significant';
  /**
   * The initial children, started in this order, each when the one before has started.
   * @default []
   */
  children?: readonly ChildSpec[];
}

/** One child as a supervisor sees it. */
export interface ChildInfo {
  /** The id in its specification. */
  readonly id: string;
  /** The current incarnation; `undefined` unless the child is running. */
  readonly ref: ChildRef | undefined;
  /** Whether it runs. `'restarting'`: its latest restart failed and is being retried. */
  readonly state: 'running' | 'stopped' | 'restarting';
  /** What it is: as specified, or as its `start` has shown. */
  readonly type: 'worker' | 'supervisor';
  /** Whether it is restarted, as specified. */
  readonly restart: Restart;
}

/**
 * A running supervisor. It serves calls strictly one after another, between the exits of children and retries of failed restarts. It
 * refuses with `HANDOFF_CHILD` and a `reason`. After its end, every call except `stop` rejects with `HANDOFF_STOPPED` at once.
 */
export interface Supervisor {
  /** For the compiler only. @internal */
  readonly [system]: true;
  /** Resolves when the supervisor and all its children have ended. The reason is `'shutdown'` also when it gave up or shut itself down. */
  readonly exited: Promise<ExitReason>;
  /**
   * Adds a child behind the others and starts it. Resolves to `undefined` if its `start` returns `'ignore'`. Refusals: already-started,
   * already-present, invalid-spec, start-failed.
   */
  startChild<R extends ChildRef>(spec: ChildSpec<R>): Promise<R | undefined>;
  /** Stops a child and resolves when it has ended. Its specification stays unless the child is temporary. Refusal: not-found. */
  terminateChild(id: string): Promise<void>;
  /** Starts a stopped child. Refusals: not-found, running, restarting, start-failed. */
  restartChild(id: string): Promise<ChildRef | undefined>;
  /** Removes the specification of a stopped child. Refusals: not-found, running, restarting. */
  deleteChild(id: string): Promise<void>;
  /** The children in start order. */
  whichChildren(): Promise<readonly ChildInfo[]>;
  /** `active` counts running children; `supervisors` and `workers` count stopped ones too. */
  countChildren(): Promise<{ readonly specs: number; readonly active: number; readonly supervisors: number; readonly workers: number }>;
  /** Ends the children in reverse order, then itself with `'shutdown'`, and resolves. Repeated calls share one stop. */
  stop(): Promise<void>;
}
