// Brain: pure.

/** Sequences that colour text on a terminal, or move its cursor. */
const SEQUENCES = new RegExp(
  `${String.fromCharCode(27)}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${String.fromCharCode(7)}]*${String.fromCharCode(7)})`,
  'g',
);

/** A line of output as a page shows it: what only a terminal understands is left out. */
export const plainLine = (line: string): string => line.replace(SEQUENCES, '');
