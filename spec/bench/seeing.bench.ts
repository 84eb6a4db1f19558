import type { Bench, BenchOptions, Row } from './measure.js';
import { attemptsSection } from './seeing/attempts.js';

/** Each part of what a person can see says for itself what it costs: one file in `seeing/`, one line here. */
const SECTIONS: readonly ((options: BenchOptions) => Promise<readonly Row[]>)[] = [attemptsSection];

/** What it costs that one can see what goes on. */
export const seeingBench: Bench = {
  name: 'seeing',
  question: 'What does it cost that one can see what goes on?',
  async run(options) {
    const rows: Row[] = [];
    for (const section of SECTIONS) rows.push(...(await section(options)));
    return rows;
  },
};
