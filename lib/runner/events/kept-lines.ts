/** How many lines of one run are kept, and how many characters of them. */
const LINES_KEPT = 10_000;
const CHARACTERS_KEPT = 1024 * 1024;

/**
 * How many characters are kept of all runs under way in this process. When there are more, a run that writes drops its own oldest, down to
 * what each run may always keep: no run takes the lines of another.
 */
const CHARACTERS_IN_ALL = 32 * 1024 * 1024;
const ALWAYS_KEPT = 64 * 1024;

/** A longer line is kept in pieces of this length, characters. */
const PIECE_CHARACTERS = 64 * 1024;

/** Dropped lines leave room at the front, which is given back in pieces. */
const SPARE_ROOM = 1024;

/** A line that an attempt has written. */
export interface OutputLine {
  readonly functionId: string;
  readonly attempt: number;
  readonly node: string;
  readonly stream: 'stdout' | 'stderr';
  /** By the driver's wall clock. */
  readonly atMs: number;
  readonly line: string;
}

/** A kept line, with its place among the events of its run. */
interface KeptLine extends OutputLine {
  /** How many events there were when it came. */
  readonly after: number;
}

/** What the lines of several runs take together, characters. */
export interface LineRoom {
  characters: number;
}

/** The lines of all runs under way. */
const underWay: LineRoom = { characters: 0 };

/** The latest lines that the functions of one run have written. Bounded in lines and characters: the oldest are dropped first. */
export class KeptLines {
  #lines: (KeptLine | undefined)[] = [];
  /** The place of the oldest line in the list. */
  #from = 0;
  /** How many lines were dropped from the front of the list for good. */
  #dropped = 0;
  #characters = 0;
  /** `undefined` when the run is over. */
  #room: LineRoom | undefined;

  /** The lines count in `room` until the run is over. */
  constructor(room = underWay) {
    this.#room = room;
  }

  /** The number of the oldest kept line. Lines are numbered from 0. */
  get first(): number {
    return this.#dropped + this.#from;
  }

  /** How many lines there have been. */
  get count(): number {
    return this.#dropped + this.#lines.length;
  }

  /** The number of kept characters. */
  get characters(): number {
    return this.#characters;
  }

  /** Keeps one more line. `after` is the number of events before it. */
  push(line: OutputLine, after: number): void {
    const text = line.line;
    for (let at = 0; at === 0 || at < text.length; at += PIECE_CHARACTERS) {
      const piece = text.length > PIECE_CHARACTERS ? text.slice(at, at + PIECE_CHARACTERS) : text;
      this.#lines.push({ ...line, line: piece, after });
      this.#count(piece.length);
    }
    while (this.count - this.first > LINES_KEPT || this.#characters > this.#mostCharacters) this.#dropOldest();
  }

  /** The run is over: no line follows, and these are counted with those of ended runs. */
  end(): void {
    if (this.#room) this.#room.characters -= this.#characters;
    this.#room = undefined;
  }

  /** Returns the line of that number, if it is kept. */
  at(number: number): KeptLine | undefined {
    return this.#lines[number - this.#dropped];
  }

  get #mostCharacters(): number {
    return this.#room && this.#room.characters > CHARACTERS_IN_ALL ? ALWAYS_KEPT : CHARACTERS_KEPT;
  }

  #count(characters: number): void {
    this.#characters += characters;
    if (this.#room) this.#room.characters += characters;
  }

  #dropOldest(): void {
    this.#count(-this.#lines[this.#from]!.line.length);
    this.#lines[this.#from] = undefined;
    this.#from += 1;
    if (this.#from < SPARE_ROOM || this.#from * 2 < this.#lines.length) return;
    this.#lines = this.#lines.slice(this.#from);
    this.#dropped += this.#from;
    this.#from = 0;
  }
}
