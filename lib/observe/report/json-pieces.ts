import type { StepwiseWork } from '../../base/index.js';

/** How many characters are written in one step. */
const CHARACTERS_IN_STEP = 50_000;

/** Down to which depth each value is a piece of its own: that of the lines of a function, and of a column of attempts. */
const DEPTH_OF_PIECES = 4;

/**
 * Writes JSON in pieces, in steps. `<` is escaped everywhere, so that no text in it can end the element of a page that it stands in. Fields
 * that are `undefined` are left out, as `JSON.stringify` does.
 */
export function* jsonPieces(value: object): StepwiseWork<string[]> {
  const pieces: string[] = [];
  yield* addPieces(value, DEPTH_OF_PIECES, { pieces, characters: 0 });
  return pieces;
}

interface Written {
  readonly pieces: string[];
  /** Since the last step. */
  characters: number;
}

function* addPieces(value: unknown, depth: number, written: Written): StepwiseWork<void> {
  if (depth === 0 || typeof value !== 'object' || value === null) {
    const piece = textOf(value);
    written.pieces.push(piece);
    written.characters += piece.length;
    if (written.characters < CHARACTERS_IN_STEP) return;
    written.characters = 0;
    yield;
    return;
  }
  const isList = Array.isArray(value);
  written.pieces.push(isList ? '[' : '{');
  let isFirst = true;
  for (const [name, one] of Object.entries(value)) {
    if (one === undefined) continue;
    if (!isFirst) written.pieces.push(',');
    isFirst = false;
    if (!isList) written.pieces.push(`${textOf(name)}:`);
    yield* addPieces(one, depth - 1, written);
  }
  written.pieces.push(isList ? ']' : '}');
}

const textOf = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');
