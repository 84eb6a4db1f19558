import { existsSync } from 'node:fs';
import { LIB_FOLDER } from '../base/index.js';

/**
 * Where the built page lies: `index.html`, and what it needs below `assets/`. `npm run build` puts it into `dist/page`, beside the compiled
 * code; sources find it there too.
 */
export function pageFolder(): URL {
  const beside = new URL('../page/', LIB_FOLDER);
  return existsSync(new URL('index.html', beside)) ? beside : new URL('../dist/page/', LIB_FOLDER);
}
