/** Holds code exactly where a spec wants it: `await gate.pass()` waits until `gate.open()`. `gate.reached` resolves when the first one waits. */
export interface Gate<T = void> {
  pass(): Promise<T>;
  open(value: T): void;
  readonly reached: Promise<void>;
}

export function gate<T = void>(): Gate<T> {
  let open!: (value: T) => void;
  let reach!: () => void;
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  return {
    pass: () => {
      reach();
      return opened;
    },
    open,
    reached,
  };
}
