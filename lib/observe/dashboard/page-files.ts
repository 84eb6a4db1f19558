import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** A file of the page, as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly etag: string;
  readonly encoding: 'br' | 'gzip' | undefined;
  readonly bytes: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
};
const IS_TEXT = /^text\/|json|svg/;
/** Best is 11 and takes ten times as long for a tenth less. */
const QUALITY = 9;

/** The files of the page: those that lay in its folder when it was first looked at. Nothing else is ever read. */
export class PageFiles {
  readonly #folder: string;
  #names: ReadonlySet<string> | undefined;
  readonly #sent = new Map<string, Promise<PageFile>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Returns the page itself; `undefined` if it was not built. */
  async index(accepted: string): Promise<PageFile | undefined> {
    return existsSync(join(this.#folder, 'index.html')) ? this.#made('index.html', accepted) : undefined;
  }

  /** Returns a file of the page by its name; `undefined` for any other name. */
  async asset(name: string, accepted: string): Promise<PageFile | undefined> {
    this.#names ??= namesIn(join(this.#folder, 'assets'));
    return this.#names.has(name) && extname(name) in TYPES ? this.#made(join('assets', name), accepted) : undefined;
  }

  #made(path: string, accepted: string): Promise<PageFile> {
    const type = TYPES[extname(path)]!;
    const encoding = IS_TEXT.test(type) ? encodingIn(accepted) : undefined;
    const key = `${encoding} ${path}`;
    let made = this.#sent.get(key);
    if (!made) {
      made = encoded(join(this.#folder, path), type, encoding);
      this.#sent.set(key, made);
      // A file that could not be read is tried again.
      made.catch(() => this.#sent.delete(key));
    }
    return made;
  }
}

function namesIn(folder: string): ReadonlySet<string> {
  if (!existsSync(folder)) return new Set();
  return new Set(readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : [])));
}

function encodingIn(accepted: string): PageFile['encoding'] {
  const wanted = accepted
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((part) => !/;q=0(\.0*)?$/.test(part))
    .map((part) => part.split(';')[0]);
  return wanted.includes('br') ? 'br' : wanted.includes('gzip') ? 'gzip' : undefined;
}

async function encoded(path: string, type: string, encoding: PageFile['encoding']): Promise<PageFile> {
  const plain = await readFile(path);
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}${encoding ?? ''}"`;
  const params = { [constants.BROTLI_PARAM_QUALITY]: QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
  const bytes =
    encoding === 'br' ? await promisify(brotliCompress)(plain, { params }) : encoding === 'gzip' ? await promisify(gzip)(plain) : plain;
  return { type, etag, encoding, bytes };
}
