import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { project } from './packed.js';

/** A block of code on a page of the documentation. */
export interface Block {
  /** The page, from the project's folder. */
  readonly page: string;
  /** The heading it stands under. */
  readonly under: string;
  readonly language: string;
  /** The name after the language; none for a block that stands for itself. */
  readonly file: string | undefined;
  readonly code: string;
}

/** The pages that are written by hand, from the project's folder. */
export const pages: readonly string[] = [
  'README.md',
  ...readdirSync(join(project, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** The text of a page. */
export const pageText = (page: string): string => readFileSync(join(project, page), 'utf8');

/** All blocks of a page, in order. */
export function blocksOf(page: string): Block[] {
  const found: Block[] = [];
  let under = '';
  const parts = /^```(?<language>\w*)(?: (?<file>\S+))?\n(?<code>[\s\S]*?)^```$|^#+ (?<heading>.+)$/gm;
  for (const { groups } of pageText(page).matchAll(parts)) {
    const { heading, language, file, code } = groups!;
    if (heading) under = heading;
    else found.push({ page, under, language: language!, file, code: code! });
  }
  return found;
}

/** The blocks of all pages. */
export const blocks: readonly Block[] = pages.flatMap(blocksOf);

/** The options and arguments of each call of the command in a text, by its command: `handoff run dag.ts --json` is `['run', 'dag.ts', '--json']`. */
export function callsIn(text: string): string[][] {
  const calls: string[][] = [];
  for (const line of text.replaceAll('\\\n', ' ').split('\n')) {
    for (const [, words] of line.matchAll(/(?:^|[\s`/"[])handoff ((?:runs?|node|status|resume|forget|graph|validate)\b[^`|#)]*)/g)) {
      calls.push(words!.trim().split(/\s+/));
    }
  }
  return calls;
}

/** The rows of the tables of a page whose heading row begins with `head`, as the code in their first cell. */
export function firstCells(page: string, head: string): string[] {
  const cells: string[] = [];
  let isInside = false;
  for (const line of pageText(page).split('\n')) {
    if (!line.startsWith('|')) isInside = false;
    else if (line.startsWith(`| ${head} |`)) isInside = true;
    else if (isInside) for (const [, code] of (/^\|((?:\\\||[^|])*)\|/.exec(line)?.[1] ?? '').matchAll(/`([^`]+)`/g)) cells.push(code!);
  }
  return cells;
}
