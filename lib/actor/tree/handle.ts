/**
 * The object that users have instead of the real one. It shows nothing of the inside, even when printed or compared, and cannot be made
 * from outside.
 */
export class Handle {
  readonly #target: Target;

  constructor(target: Target) {
    this.#target = target;
  }

  /** Returns the target behind a handle, or `undefined` if the value is not a handle. */
  static targetOf(value: unknown): Target | undefined {
    return typeof value === 'object' && value !== null && #target in value ? (value as Handle).#target : undefined;
  }
}

/** The handle of an actor, or of a question that waits for its answer. It is the `ActorRef` of the contract. */
export class Reference extends Handle {
  readonly id: string;

  constructor(target: Target, id: string) {
    super(target);
    this.id = id;
  }
}

/** The receiver of messages sent to a handle. */
export interface Target {
  post(message: unknown): boolean;
}
