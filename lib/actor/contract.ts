declare const message: unique symbol;
declare const system: unique symbol;

/**
 * One incarnation of an actor: what is sent to it never reaches the actor that takes its place. Contravariant in `M`: a ref that takes more
 * messages fits where fewer are asked for. Get one from `spawnActor`; nothing else is a ref.
 */
export interface ActorRef<M> {
  /** Unique in this process, for logs; nothing may be read out of it. */
  readonly id: string;
  /** For the compiler only. @internal */
  readonly [message]?: (message: M) => void;
}

/** The root of a tree of actors. */
export interface ActorSystem {
  readonly name: string;
  /** For the compiler only. @internal */
  readonly [system]: true;
  /**
   * Ends every actor in reverse order of their start, children before parents; resolves when all have ended and no timer is left. Repeated
   * calls are one. Actors get 5000 ms each before they are killed, supervisors as long as their children need.
   */
  stop(): Promise<void>;
}

/** What an actor may be spawned under. */
export type Parent = ActorSystem | Supervisor | SupervisorScope | ActorRef<never>;

/** What a supervisor hands to a child's `start`: only a place in the tree. */
export interface SupervisorScope {
  /** For the compiler only. @internal */
  readonly [system]: true;
}

/** Why an actor ended. `'normal'` and `'shutdown'` are clean, anything else is abnormal. */
export type ExitReason = 'normal' | 'shutdown' | 'killed' | Error;

/** What a handler may do; after its actor's end everything here is refused: `tell` is false, the others are `HANDOFF_STOPPED`. */
export interface ActorContext<M> {
  readonly self: ActorRef<M>;
  /** Aborted when the actor is asked to stop, fails or is killed. */
  readonly signal: AbortSignal;
  /** Sends a message. Returns false if `ref` has ended, or this actor has. */
  tell<N>(ref: ActorRef<N>, message: NoInfer<N>): boolean;
  /**
   * Sends a request and resolves to the answer. Rejects with `HANDOFF_STOPPED` when `ref` ends, with `HANDOFF_TIMEOUT` after `timeoutMs`.
   */
  ask<N, R = unknown>(ref: ActorRef<N>, request: (replyTo: ActorRef<R>) => N, timeoutMs: number): Promise<R>;
  /** Spawns a child of this actor: it ends before this actor does. */
  spawn<S, N>(
    handler: Handler<S, N>,
    options?: { name?: string; init?: () => S | Promise<S>; onTerminate?: (state: S, reason: ExitReason) => void | Promise<void> },
  ): Promise<ActorRef<N>>;
  /**
   * Ends this actor as soon as the current message is done, with `'normal'` unless said otherwise; waiting messages are dropped. The first
   * reason stands.
   */
  stop(reason?: 'normal' | 'shutdown' | Error): void;
}

/** Gives the next state, or a promise of it; the next message waits for that. What it throws ends the actor with that error. */
export type Handler<S, M> = (state: S, message: M, ctx: ActorContext<M>) => S | Promise<S>;

/** Whether a child that ended is started again: always; unless it ended cleanly; never, and its specification is forgotten. */
export type Restart = 'permanent' | 'transient' | 'temporary';

/**
 * How long a child is given to end when it is asked to, in ms (0: it is asked, then killed without waiting). `'brutal-kill'` does not ask.
 */
export type Shutdown = number | 'brutal-kill' | 'infinity';

/** What a supervisor supervises. */
export type ChildRef = ActorRef<never> | Supervisor;

interface ChildSpecBase<R> {
  /** Unique among the children of one supervisor; any non-empty string. */
  readonly id: string;
  /** Starts the child under `parent`, at each start anew. A throw, a rejection or another value is a failed start; `'ignore'` is none. */
  readonly start: (parent: Parent) => R | 'ignore' | Promise<R | 'ignore'>;
  /** Default 5000 ms; for supervisors `'infinity'`. */
  readonly shutdown?: Shutdown;
  /** Default `'worker'`, but `'supervisor'` where `start` gives a `Supervisor`. */
  readonly type?: 'worker' | 'supervisor';
}

/**
 * A child: how it is started, whether it is started again, how it is stopped. `restart` is `'permanent'` by default. Unknown fields are
 * ignored.
 */
export type ChildSpec<R extends ChildRef = ChildRef> = ChildSpecBase<R> &
  (
    | { readonly restart?: Restart; readonly significant?: false }
    | { readonly restart: 'transient' | 'temporary'; readonly significant: true }
  );

/** What a supervisor does with its children. Unknown fields are ignored. */
export interface SupervisorOptions {
  /** Unique under its parent. */
  name?: string;
  /** Default `'one-for-one'`. */
  strategy?: 'one-for-one' | 'one-for-all' | 'rest-for-one';
  /** An integer of at least 0; default 3. */
  maxRestarts?: number;
  /** More than 0 and finite; default 5000. */
  withinMs?: number;
  /** Default `'never'`. */
  autoShutdown?: 'never' | 'any-significant' | 'all-significant';
  /** Started in this order, each when the one before has started. */
  children?: readonly ChildSpec[];
}

/** One child as a supervisor sees it. */
export interface ChildInfo {
  readonly id: string;
  /** `undefined` unless it is running. */
  readonly ref: ChildRef | undefined;
  readonly state: 'running' | 'stopped' | 'restarting';
  readonly type: 'worker' | 'supervisor';
  readonly restart: Restart;
}

/**
 * A running supervisor. Calls are served strictly one after another, between the exits of children and retries of failed restarts. What it
 * refuses is `HANDOFF_CHILD` with a `reason`; any call but `stop` on one that has ended is `HANDOFF_STOPPED`, at once.
 */
export interface Supervisor {
  /** For the compiler only. @internal */
  readonly [system]: true;
  /** Resolves when it has ended, after all its children: `'shutdown'` also when it gave up or shut itself down. */
  readonly exited: Promise<ExitReason>;
  /**
   * Adds a child behind the others and starts it. `undefined` for `'ignore'`. Refusals: already-started, already-present, invalid-spec,
   * start-failed.
   */
  startChild<R extends ChildRef>(spec: ChildSpec<R>): Promise<R | undefined>;
  /** Stops a child and resolves when it has ended; its specification stays unless it is temporary. Refusal: not-found. */
  terminateChild(id: string): Promise<void>;
  /** Starts a stopped child. Refusals: not-found, running, restarting, start-failed. */
  restartChild(id: string): Promise<ChildRef | undefined>;
  /** Forgets a stopped child. Refusals: not-found, running, restarting. */
  deleteChild(id: string): Promise<void>;
  /** The children in start order. */
  whichChildren(): Promise<readonly ChildInfo[]>;
  /** `active` are running; `supervisors` and `workers` count stopped ones too. */
  countChildren(): Promise<{ readonly specs: number; readonly active: number; readonly supervisors: number; readonly workers: number }>;
  /** Ends the children in reverse order, then itself, with `'shutdown'`; resolves then. Repeated calls are one. */
  stop(): Promise<void>;
}
