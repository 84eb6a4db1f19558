import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { licencesOf } from './lib/observe/page/build.mjs';

const project = fileURLToPath(new URL('.', import.meta.url));
const dist = join(project, 'dist');

/** Where code begins that shares modules: the doors of the package, and what runs code of users beside it. */
const ENTRIES = [
  'lib/index.js',
  'lib/supervisor.js',
  'lib/testing/index.js',
  'lib/conformance/index.js',
  'lib/conformance/modules/tasks.mjs',
  'lib/testing/child-control.js',
  'lib/executor/isolations/worker-main.js',
  'lib/executor/code-check/child.js',
];

/** Threads of the engine's own: whatever they need is in their own file. */
const THREADS = [
  'lib/files/file-main.js',
  'lib/journal/sqlite/writer-main.js',
  'lib/journal/remembered/shelf-main.js',
  'lib/value/digest/digest-main.js',
];

/** The command, without its way in: that must load before anything else. */
const COMMAND = 'bin/main.js';

/** In a folder of `lib/`, as `base/lib-folder.js` is: it says where `lib/` is, and lies in one of these. */
const CHUNKS = 'lib/chunks';

/** Small packages of plain JavaScript that nobody else needs to share with us: users install none of them. */
const JOINED = ['commander', 'denque', 'get-tsconfig', 'import-meta-resolve', 'picocolors', 'string-width', 'tinyqueue', 'uuid'];

const joined = {
  name: 'joined',
  setup(builder) {
    builder.onResolve({ filter: /^[^./]/ }, ({ path, importer }) => {
      const isOurs = importer.startsWith(dist);
      return isOurs && path !== 'handoff-dag' && !JOINED.some((name) => path === name) ? { path, external: true } : undefined;
    });
  },
};

/** The command sees the door of the package only, and shares it with the modules of users. */
const besideDoor = {
  name: 'beside-door',
  setup(builder) {
    builder.onResolve({ filter: /lib.index\.js$/ }, () => ({ path: '../lib/index.js', external: true }));
  },
};

/**
 * What a node loads later imports the door too, which is there by then. Otherwise every set of modules that two of them have in common would
 * be a file of its own, and a node would load 40.
 */
const loadedLater = {
  name: 'loaded-later',
  setup(builder) {
    const door = join(dist, 'lib/index.js');
    const later = new Set();
    builder.onResolve({ filter: /^\./ }, ({ path, resolveDir, kind }) => {
      if (kind === 'dynamic-import' && resolveDir.startsWith(join(dist, 'lib'))) later.add(join(resolveDir, path));
      return undefined;
    });
    builder.onLoad({ filter: /\.m?js$/ }, ({ path }) => {
      if (!later.has(path) && !/lib.(testing.index|conformance.index|conformance.modules.tasks)\.m?js$/.test(path)) return undefined;
      return { contents: `${readFileSync(path, 'utf8')}\nimport ${JSON.stringify(door)};`, loader: 'js' };
    });
  },
};

/** The engine's own threads have `base/lib-folder.js` within their own file, which may lie deeper. */
const atPlaceOf = (entry) => ({
  name: 'at-place-of',
  setup(builder) {
    builder.onLoad({ filter: /base.lib-folder\.js$/ }, ({ path }) => {
      const up = relative(dirname(entry), 'lib').replaceAll('\\', '/');
      return { contents: readFileSync(path, 'utf8').replace("new URL('..'", `new URL('${up}/'`), loader: 'js' };
    });
  },
});

const options = {
  absWorkingDir: dist,
  outbase: dist,
  outdir: dist,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'esnext',
  // What a module does when it is loaded is kept.
  ignoreAnnotations: true,
  legalComments: 'none',
  metafile: true,
  write: false,
  logLevel: 'warning',
};
const inDist = (paths) => paths.map((path) => join(dist, path));

/**
 * Joins the modules that the compiler has made into a few files, which load in a third of the time: a node needs 600 of them, a thread 130.
 * Names and lines stay as they are, so that stacks can be read; above the code of each module stands where it comes from. The files of types
 * are left as they are.
 */
const builds = await Promise.all([
  build({
    ...options,
    entryPoints: inDist(ENTRIES),
    splitting: true,
    chunkNames: `${CHUNKS}/[name]-[hash]`,
    plugins: [joined, loadedLater],
  }),
  build({
    ...options,
    entryPoints: inDist([COMMAND]),
    plugins: [besideDoor, joined],
    // For commander, which is CommonJS.
    banner: { js: "import { createRequire as requireFrom } from 'node:module';\nconst require = requireFrom(import.meta.url);" },
  }),
  ...THREADS.map((path) => build({ ...options, entryPoints: inDist([path]), plugins: [joined, atPlaceOf(path)] })),
]);

const outputs = builds.flatMap(({ metafile }) => Object.entries(metafile.outputs));
for (const [path, { inputs }] of Object.entries(builds[0].metafile.outputs)) {
  if ('lib/base/lib-folder.js' in inputs && dirname(dirname(path)) !== 'lib') throw new Error(`Cannot join modules: lib-folder.js is in ${path}`);
}
const scripts = readdirSync(dist, { recursive: true }).filter((path) => path.endsWith('.js') && !path.startsWith('page'));
for (const path of scripts) if (path !== join('bin', 'handoff.js')) rmSync(join(dist, path));
const endings = new Map(outputs.map(([path, { entryPoint }]) => [join(dist, path), entryPoint?.endsWith('.mjs') ? '.mjs' : '.js']));
for (const { path, contents } of builds.flatMap(({ outputFiles }) => outputFiles)) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path.replace(/\.js$/, endings.get(path)), contents);
}
for (const path of readdirSync(dist, { recursive: true }).filter((one) => one.endsWith('.mjs'))) {
  for (const [, to] of readFileSync(join(dist, path), 'utf8').matchAll(/\b(?:from |import |import\()['"](\.[^'"]+\.js)['"]/g)) {
    if (!existsSync(join(dist, dirname(path), to))) throw new Error(`Cannot join modules: ${path} imports ${to}, which is no entry`);
  }
}
const packages = outputs.flatMap(([, { inputs }]) => Object.keys(inputs)).filter((path) => path.includes('node_modules'));
writeFileSync(join(dist, 'lib/licences.txt'), licencesOf(packages.map((path) => relative(project, join(dist, path)))).join('\n\n'));
