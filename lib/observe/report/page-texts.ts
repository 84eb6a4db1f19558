import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { HandoffError } from '../../base/index.js';
import { pageFolder } from '../page-folder.js';

/** The built page as texts, to be put into one file. */
export interface PageTexts {
  readonly script: string;
  readonly styles: string;
  /** The script that lays graphs out beside the page. */
  readonly layoutWorker: string;
  readonly icon: string;
  /** The licences of the packages in the script. */
  readonly licences: string;
}

/** Reads the built page. Rejects with `HANDOFF_NOT_FOUND` if it is not there, or not whole: it is made by `npm run build`. */
export async function readPageTexts(folder: URL = pageFolder()): Promise<PageTexts> {
  const missing = (what: string, cause?: unknown): HandoffError => {
    const path = fileURLToPath(folder);
    return new HandoffError('HANDOFF_NOT_FOUND', `Cannot make a report: ${path} has no ${what}; npm run build makes it`, { path, cause });
  };
  const assets = new URL('assets/', folder);
  const names = await readdir(assets).catch((error: unknown) => Promise.reject(missing('page', error)));
  const read = async (what: string, pattern: RegExp): Promise<string> => {
    const name = names.find((one) => pattern.test(one));
    if (name === undefined) throw missing(what);
    return readFile(new URL(name, assets), 'utf8');
  };
  const [script, styles, layoutWorker, icon, licences] = await Promise.all([
    read('script', /^page-.*\.js$/),
    read('style sheet', /^page-.*\.css$/),
    read('script for graphs', /^layout-worker-.*\.js$/),
    read('icon', /^icon-.*\.svg$/),
    readFile(new URL('licences.txt', folder), 'utf8').catch((error: unknown) => Promise.reject(missing('licences.txt', error))),
  ]);
  return { script, styles, layoutWorker, icon, licences };
}

/** The source of a script or a style sheet within the page, for its content security policy. */
export const hashSource = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
