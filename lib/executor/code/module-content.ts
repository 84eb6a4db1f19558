import { createHash } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { doInTurns, type StepwiseWork } from '../../base/index.js';
import { TYPESCRIPT } from './code.js';
import { ImportResolution, type ImportTarget } from './import-resolution.js';
import { importedNames } from './imported-names.js';
import { type CodeRoot, LARGEST_MODULE_BYTES, MODULE_EXTENSION, moduleNotFound, resolveModule } from './module-resolution.js';

/** The content of a module and of the local modules that it imports. */
export interface ModuleContent {
  /** Equal if all of the content is equal, wherever it is stored. */
  readonly digest: string;
  /** How many local files belong to it, including itself. */
  readonly fileCount: number;
  /** The imported packages, as `name@version`, each once. */
  readonly packages: readonly string[];
  /** The imports without a target, as `"./gone.js" in /src/tasks.ts`, and files that cannot be read. */
  readonly unresolved: readonly string[];
}

/** A local file, and the targets of its imports. */
interface ContentFile {
  readonly path: string;
  /** What it was like before it was read; `undefined` if it was not there. */
  readonly stamp: FileStamp | undefined;
  /** `undefined` if it cannot be read. */
  readonly hash: string | undefined;
  readonly imports: readonly (readonly [specifier: string, target: ImportTarget])[];
}

/** What differs once a file was changed or replaced. */
interface FileStamp {
  readonly text: string;
  /** When it was changed, by the wall clock, ms. A copy may keep the time of the original: then this is when it was copied. */
  readonly changedMs: number;
}

/** How many files are read at the same time. */
const READERS = 16;

/** How many bytes are hashed in one step: a third of a millisecond. */
const HASH_STEP_BYTES = 256 * 1024;

/**
 * The contents of a node's modules, for fingerprints: the module and, transitively, the local modules that it imports (in static imports
 * and `export … from`, in `import()` and `require()` of a literal; JSON too), and name and version of the packages. A package that is
 * linked from outside of `node_modules` is local. Comments count as content.
 *
 * Not included are computed names, files that a module reads by itself, imports of packages, and the `tsconfig.json`.
 *
 * Each module, and each file that several of them import, is read once in the life of the node, as loaded code is not loaded again. Linear
 * in what is read, circles included; long files are hashed in turns of the event loop.
 */
export class ModuleContents {
  readonly #place: CodeRoot;
  readonly #outside: <T>(work: () => Promise<T>) => Promise<T>;
  readonly #byModule = new Map<string, Promise<ModuleContent>>();
  readonly #byPath = new Map<string, Promise<ContentFile>>();
  /** By module, the files of its content, and for each how it was when it was read. */
  readonly #files = new Map<string, ReadonlyMap<string, FileStamp | undefined>>();
  #resolution: ImportResolution | undefined;
  #reading = 0;
  readonly #waiting: (() => void)[] = [];

  /** `outside` does what reads files; by default it is just done. */
  constructor(place: CodeRoot, outside: <T>(work: () => Promise<T>) => Promise<T> = (work) => work()) {
    this.#place = place;
    this.#outside = outside;
  }

  /**
   * Returns the content of a module. Rejects with `HANDOFF_CODE_NOT_FOUND` if this node does not have it, and looks again at the next call.
   */
  contentOf(module: string): Promise<ModuleContent> {
    let content = this.#byModule.get(module);
    if (content) return content;
    content = this.#outside(() => this.#collect(module));
    this.#byModule.set(module, content);
    content.catch(() => this.#byModule.delete(module));
    return content;
  }

  /** Returns the paths of the local files of a module's content. Rejects as `contentOf` does. */
  async filesOf(module: string): Promise<readonly string[]> {
    await this.contentOf(module);
    return [...this.#files.get(module)!.keys()];
  }

  /**
   * Looks again at the files of a module's content. Returns by path when each was changed, by the wall clock, ms; `undefined` if one is not
   * as it was when it was read. Rejects as `contentOf` does.
   */
  async changesOf(module: string): Promise<ReadonlyMap<string, number> | undefined> {
    await this.contentOf(module);
    const files = [...this.#files.get(module)!];
    const stamps = await this.#outside(() => Promise.all(files.map(([path]) => stampOf(path))));
    if (files.some(([, before], at) => before === undefined || before.text !== stamps[at]?.text)) return undefined;
    return new Map(files.map(([path, before]) => [path, before!.changedMs]));
  }

  async #collect(module: string): Promise<ModuleContent> {
    const path = fileURLToPath(resolveModule(module, this.#place));
    const first = await this.#file(path);
    if (first.hash === undefined) {
      this.#byPath.delete(path);
      throw moduleNotFound(module, this.#place, 'it cannot be read');
    }
    const numbers = new Map([[path, 0]]);
    const paths = [path];
    const packages = new Set<string>();
    const unresolved: string[] = [];
    const hash = createHash('sha256');
    const files = new Map<string, FileStamp | undefined>();
    // By number in the order of discovery, not by path: the same content has the same digest elsewhere.
    for (let number = 0; number < paths.length; number += 1) {
      const file = await this.#file(paths[number]!);
      files.set(file.path, file.stamp);
      hash.update(`${extname(file.path)} ${file.hash ?? 'unreadable'}\n`);
      if (file.hash === undefined) unresolved.push(`${file.path}, which cannot be read`);
      for (const [specifier, target] of file.imports) {
        let shown: string = target.to;
        if (target.to === 'files') {
          shown = target.paths.map((to) => numberOf(to, numbers, paths)).join(' ');
        } else if (target.to === 'package') {
          shown = `${target.name}@${target.version}`;
          packages.add(shown);
        } else if (target.to === 'nowhere') unresolved.push(`${JSON.stringify(specifier)} in ${file.path}`);
        hash.update(`${JSON.stringify(specifier)} ${shown}\n`);
      }
    }
    this.#files.set(module, files);
    return { digest: hash.digest('base64url'), fileCount: paths.length, packages: [...packages].sort(), unresolved };
  }

  #file(path: string): Promise<ContentFile> {
    let file = this.#byPath.get(path);
    if (!file) {
      file = this.#read(path);
      this.#byPath.set(path, file);
    }
    return file;
  }

  /** Never rejects. */
  async #read(path: string): Promise<ContentFile> {
    await this.#turnToRead();
    try {
      const file = await this.#look(path);
      // Started now, so that many files are read at a time.
      for (const [, target] of file.imports) if (target.to === 'files') for (const to of target.paths) void this.#file(to);
      return file;
    } catch {
      return { path, stamp: undefined, hash: undefined, imports: [] };
    } finally {
      this.#reading -= 1;
      this.#waiting.pop()?.();
    }
  }

  async #turnToRead(): Promise<void> {
    while (this.#reading >= READERS) await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    this.#reading += 1;
  }

  async #look(path: string): Promise<ContentFile> {
    this.#resolution ??= new ImportResolution(this.#place.root);
    const resolution = this.#resolution;
    const own = resolution.packageOf(path);
    const stats = await stat(path);
    const stamp = stampIn(stats);
    if (stats.size > LARGEST_MODULE_BYTES) return { path, stamp, hash: await streamHash(path), imports: [] };
    const bytes = await readFile(path);
    const hash = await doInTurns(hashed(bytes));
    // The version of a package represents everything that belongs to it.
    if (own) return { path, stamp, hash, imports: [['', own]] };
    if (!MODULE_EXTENSION.test(path)) return { path, stamp, hash, imports: [] };
    const names = await doInTurns(importedNames(bytes.toString('utf8'), TYPESCRIPT.test(path)));
    return { path, stamp, hash, imports: await doInTurns(resolved(names, path, resolution)) };
  }
}

const stampIn = ({ size, mtimeMs, ctimeMs, ino, dev }: Stats): FileStamp => ({
  text: `${size} ${mtimeMs} ${ctimeMs} ${ino} ${dev}`,
  changedMs: Math.max(mtimeMs, ctimeMs),
});

async function stampOf(path: string): Promise<FileStamp | undefined> {
  try {
    return stampIn(await stat(path));
  } catch {
    return undefined;
  }
}

function numberOf(path: string, numbers: Map<string, number>, paths: string[]): number {
  const known = numbers.get(path);
  if (known !== undefined) return known;
  numbers.set(path, paths.length);
  return paths.push(path) - 1;
}

function* hashed(bytes: Uint8Array): StepwiseWork<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.byteLength; at += HASH_STEP_BYTES) {
    if (at > 0) yield;
    hash.update(bytes.subarray(at, at + HASH_STEP_BYTES));
  }
  return hash.digest('base64url');
}

function* resolved(names: readonly string[], path: string, resolution: ImportResolution): StepwiseWork<ContentFile['imports']> {
  const imports: [string, ImportTarget][] = [];
  for (const name of names) {
    imports.push([name, resolution.resolve(name, path)]);
    yield;
  }
  return imports;
}

/** Returns the hash of a file that is too long to be a module: data. */
async function streamHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path)) hash.update(bytes as Uint8Array);
  return hash.digest('base64url');
}
