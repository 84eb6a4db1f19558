/** Where messages go that are told to a handle. */
export interface Target {
  post(message: unknown): boolean;
}

/**
 * What users hold instead of the thing itself: it shows nothing of the inside, when printed or compared either, and cannot be made from
 * outside.
 */
export class Handle {
  readonly #target: Target;

  constructor(target: Target) {
    this.#target = target;
  }

  /** What is behind a handle; `undefined` for anything that is not one. */
  static targetOf(value: unknown): Target | undefined {
    return typeof value === 'object' && value !== null && #target in value ? (value as Handle).#target : undefined;
  }
}

/** The handle of an actor, or of a question that waits for its answer: the `ActorRef` of the contract. */
export class Reference extends Handle {
  readonly id: string;

  constructor(target: Target, id: string) {
    super(target);
    this.id = id;
  }
}
