// Functions that a spec can watch and hold wherever they run, for clusters in one process. What they give hangs on no node and no attempt.
import { currentFunction } from '../../../lib/executor/attempts/current-function.js';
import { type Gate, gate } from '../../support/gate.js';

interface Stage {
  readonly began: string[];
  readonly gates: Map<string, Gate>;
}

const stageKey = Symbol.for('handoff-dag spec stage');
/** Of all copies of this module: tsx loads one for the spec and one for the nodes. */
const all = globalThis as { [stageKey]?: Stage };
all[stageKey] ??= { began: [], gates: new Map() };
const { began, gates } = all[stageKey];

/** More than rides along in a receipt. */
export const LARGE_BYTES = 100_000;

/** Nothing has begun, every gate is new. */
export function clearStage(): void {
  began.length = 0;
  gates.clear();
}

/** The nodes on which a function began, in order. */
export const begunOn = (functionId: string): string[] =>
  began.filter((one) => one.startsWith(`${functionId}@`)).map((one) => one.slice(functionId.length + 1));

/** What holds a function on a node. */
export function gateAt(functionId: string, node: string): Gate {
  const name = `${functionId}@${node}`;
  const known = gates.get(name) ?? gate();
  gates.set(name, known);
  return known;
}

function begin(): void {
  const { functionId, node } = currentFunction();
  began.push(`${functionId}@${node}`);
}

const done = (): string => `${currentFunction().functionId} is done`;

export const small = (..._given: unknown[]): string => {
  begin();
  return done();
};

export const large = (..._given: unknown[]): Uint8Array => {
  begin();
  return new Uint8Array(LARGE_BYTES).fill(7);
};

/** So many large values in one array. */
export const larges = (count: number): Uint8Array[] => {
  begin();
  return Array.from({ length: count }, () => new Uint8Array(LARGE_BYTES).fill(7));
};

export const numbers = (count: number): number[] => {
  begin();
  return Array.from({ length: count }, (_, at) => at);
};

/** How much the elements of an array are together, as far as that is what `large` makes. */
export const weighAll = (all: readonly unknown[]): number => weigh(...all);

/** How much it was given, as far as that is what `large` makes. */
export const weigh = (...given: readonly unknown[]): number => {
  begin();
  const bytes = given.filter((one) => one instanceof Uint8Array && one.every((byte) => byte === 7)) as Uint8Array[];
  return bytes.reduce((sum, one) => sum + one.length, 0);
};

/** Waits for its gate on this node, or until it is told to end. */
export const held = (..._given: unknown[]): Promise<string> => {
  begin();
  const { functionId, node, signal } = currentFunction();
  const told = done();
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
    void gateAt(functionId, node)
      .pass()
      .then(() => resolve(told));
  });
};

/** As `held`, with a large value. */
export const heldLarge = async (...given: unknown[]): Promise<Uint8Array> => {
  await held(...given);
  return new Uint8Array(LARGE_BYTES).fill(7);
};

/** As `held`, but it hears of no end. */
export const deaf = async (..._given: unknown[]): Promise<string> => {
  begin();
  const { functionId, node } = currentFunction();
  const told = done();
  await gateAt(functionId, node).pass();
  return told;
};

/** As `small`, a fifth of a second later. */
export const slow = async (..._given: unknown[]): Promise<string> => {
  begin();
  const told = done();
  await new Promise((resolve) => setTimeout(resolve, 200));
  return told;
};

export const spin = (): never => {
  for (;;) Math.random();
};
