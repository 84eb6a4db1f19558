import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const page = fileURLToPath(new URL('.', import.meta.url));
const project = fileURLToPath(new URL('../../..', import.meta.url));

/** The layout of graphs runs beside the page, so it is a script of its own. */
const worker = join(page, 'graph/layout-worker.ts');

/** The name of a file that may be kept for ever: another content has another name. */
const hashedName = (name, ending, content) => `${name}-${createHash('sha256').update(content).digest('hex').slice(0, 10)}.${ending}`;

/** The licences of the packages that are in the bundle: their owners ask that these go along. */
export function licencesOf(inputs) {
  const folders = new Set(inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input) ?? []));
  return [...folders].sort().map((folder) => {
    const file = readdirSync(join(project, folder)).find((name) => /^licen[cs]e/i.test(name));
    if (!file) throw new Error(`Cannot build the page: ${folder} has no licence`);
    return `${folder.replace(/^.*node_modules\//, '')}\n\n${readFileSync(join(project, folder, file), 'utf8').trim()}\n`;
  });
}

/**
 * Builds the page into a folder: `index.html`, and below `assets/` its script, its style sheet, its icon and the script of its worker, with
 * a hash in their names; `licences.txt` is beside them. Scripts are plain ones, so that a report can carry them within its own file.
 * Returns the files that went into it, from the root of the project.
 */
export async function buildPage(folder) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: project,
    entryPoints: { page: join(page, 'main.tsx'), 'layout-worker': worker },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    outdir: join(folder, 'assets'),
    format: 'iife',
    platform: 'browser',
    target: ['chrome111', 'firefox113', 'safari16.4'],
    charset: 'utf8',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'warning',
  });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'assets'), { recursive: true });
  let html = readFileSync(join(page, 'index.html'), 'utf8');
  const icon = { path: 'icon.svg', text: readFileSync(join(page, 'icon.svg'), 'utf8') };
  for (const { path, text } of [...outputFiles, icon]) {
    const [name, ending] = path.split(sep).at(-1).split('.');
    const hashed = hashedName(name, ending, text);
    writeFileSync(join(folder, 'assets', hashed), text);
    html = html.replace(`/assets/${name}.${ending}`, `/assets/${hashed}`);
  }
  writeFileSync(join(folder, 'index.html'), html);
  const inputs = Object.keys(metafile.inputs);
  writeFileSync(join(folder, 'licences.txt'), licencesOf(inputs).join('\n\n'));
  return inputs;
}

if (argv[1] && relative(fileURLToPath(import.meta.url), argv[1]) === '') await buildPage(join(dirname(page), '../../dist/page'));
