import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const lib = fileURLToPath(new URL('../../lib', import.meta.url));
const bin = fileURLToPath(new URL('../../bin', import.meta.url));

/** From the ground up; a station imports only from lower floors. Stations of one floor do not know each other. */
const FLOORS = [
  ['base'],
  ['dag', 'actor', 'value'],
  ['files'],
  ['store', 'journal', 'peer'],
  ['nodes'],
  ['executor'],
  ['allocator'],
  ['runner', 'guests'],
  ['observe'],
  ['handoff'],
  ['testing', 'conformance'],
];
const floorOf = (station: string): number => FLOORS.findIndex((floor) => floor.includes(station));

/** The home of each third-party package. A plain data structure may have two, where neither could have it from the other. */
const HOMES: Readonly<Record<string, string | readonly string[]>> = {
  nact: 'actor/',
  ws: 'peer/transports/',
  msgpackr: 'peer/',
  uuid: 'base/',
  pino: 'base/',
  tinyqueue: ['allocator/', 'testing/simulation/'],
  denque: ['executor/attempts/', 'runner/run/'],
  'import-meta-resolve': 'executor/code/',
  'get-tsconfig': 'executor/code/',
  tsx: ['executor/code/', 'journal/sqlite/'],
  libsql: 'journal/sqlite/',
  pg: 'journal/postgres/',
  pgpass: 'journal/postgres/',
  'prom-client': 'observe/sinks/',
  preact: 'observe/page/',
  uplot: 'observe/page/timeline/',
  '@dagrejs/dagre': 'observe/page/graph/',
  esbuild: 'observe/page/build.mjs',
};

/** Second doors: what a program of TypeScript may see of actors, what a browser may load of the runner, and the thread for SQLite of files. */
const OTHER_DOORS = ['actor/public.js', 'runner/observed/index.js', 'files/storage-failed.js'];

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(tsx?|js)$/.test(entry.name))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));

const importsOf = (root: string, file: string): Import[] =>
  [
    ...readFileSync(join(root, file), 'utf8').matchAll(
      /^(?:import|export)\b[^'"]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm,
    ),
  ].map((match) => ({ from: file, to: (match[1] ?? match[2] ?? match[3])! }));

const imports = files(lib).flatMap((file) => importsOf(lib, file));
const station = (path: string): string => path.split('/')[0]!;
const target = ({ from, to }: Import): string => relative(lib, resolve(lib, dirname(from), to));
const local = imports.filter(({ to }) => to.startsWith('.'));
const across = local.filter((one) => one.from.includes('/') && station(target(one)) !== station(one.from));

/** The folders of the variants of one contract each. */
const VARIANTS = ['strategies/', 'backends/', 'isolations/', 'transports/', 'journals/', 'hosts/'];

/** The first line of a file that decides, and does nothing: events in, commands out. */
const BRAIN = '// Brain: pure.';

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').replace(/^import type [^;]*;$/gm, '');

/** The file, and every file whose values it uses, of its own station: other stations are checked for themselves. */
function closureOf(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = withoutComments(readFileSync(join(lib, file), 'utf8'));
  for (const [, to] of text.matchAll(/^(?:import|export)\b[^'"]*?\bfrom\s+'(\.[^']+)'/gm)) {
    const path = relative(lib, resolve(lib, dirname(file), to!)).replace(/\.js$/, '.ts');
    if (station(path) === station(file)) closureOf(path, seen);
  }
  return seen;
}

describe('the floors of the house', () => {
  it('knows every station', () => {
    const stations = new Set(
      files(lib)
        .filter((file) => file.includes('/'))
        .map(station),
    );
    for (const one of stations) expect(floorOf(one), one).to.be.at.least(0);
  });

  it('imports only downward', () => {
    for (const one of across) {
      const [from, to] = [floorOf(station(one.from)), floorOf(station(target(one)))];
      const isSameFloorDown = station(one.from) === 'value' ? false : from === to;
      expect(to < from && !isSameFloorDown, `${one.from} imports ${one.to}`).to.equal(true);
    }
  });

  it('goes into another station only through its door', () => {
    for (const one of across) {
      const to = target(one);
      const isDoor = to === `${station(to)}/index.js` || OTHER_DOORS.includes(to);
      expect(isDoor, `${one.from} imports ${one.to}`).to.equal(true);
    }
  });

  it('lets no variant import another', () => {
    expect([...variants]).to.include.members(['near-data', 'memory', 'websocket', 'process', 'sqlite']);
    for (const one of local) {
      const folder = VARIANTS.find((name) => one.from.includes(`/${name}`));
      if (!folder || one.from.endsWith('/index.ts')) continue;
      const to = target(one);
      const own = one.from.replace(/.*\//, '').split(/[-.]/)[0]!;
      const isOther =
        to.includes(folder) && !to.replace(/.*\//, '').startsWith(own) && variants.has(to.replace(/.*\//, '').replace(/\.js$/, ''));
      expect(isOther, `${one.from} imports ${one.to}`).to.equal(false);
    }
  });

  it('keeps brains, and all that they import, free of actors, clocks, promises and node modules', () => {
    const brains = files(lib).filter((file) => readFileSync(join(lib, file), 'utf8').startsWith(BRAIN));
    expect(brains.length).to.be.above(15);
    for (const brain of brains) {
      for (const file of closureOf(brain)) {
        const text = withoutComments(readFileSync(join(lib, file), 'utf8'));
        expect(text, `${brain} relies on ${file}`).to.not.match(
          /from 'node:|from '[^']*\/actor\/|\bPromise\b|\basync\b|\bawait\b|setTimeout|setImmediate|Date\.now|performance\.now|Math\.random|systemClock/,
        );
      }
    }
  });

  it('lets views load nothing that a browser has not', () => {
    const loaded = new Set<string>();
    const load = (file: string): void => {
      if (loaded.has(file)) return;
      loaded.add(file);
      const text = withoutComments(readFileSync(join(lib, file), 'utf8'));
      for (const [, to] of text.matchAll(/^(?:import|export)\b[^'"]*?\bfrom\s+'([^']+)'/gm)) {
        expect(to, file).to.match(/^\./);
        load(relative(lib, resolve(lib, dirname(file), to!)).replace(/\.js$/, '.ts'));
      }
    };
    load('observe/views/index.ts');
    expect(loaded.size).to.be.above(7);
    for (const file of loaded) expect(file).to.match(/^(observe\/views|runner\/observed)\//);
  });

  it('has the whole claim queue, and every named strategy, decide and do nothing', () => {
    const decides = files(lib).filter((file) => /^allocator\/(queue|strategies)\/(?!index|named)/.test(file));
    expect(decides.length).to.be.above(7);
    for (const file of decides) expect(readFileSync(join(lib, file), 'utf8').startsWith(BRAIN), file).to.equal(true);
  });

  it('gives each third-party package one home', () => {
    for (const { from, to } of imports) {
      if (to.startsWith('.') || to.startsWith('node:')) continue;
      const name = to.startsWith('@') ? to.split('/').slice(0, 2).join('/') : to.split('/')[0]!;
      const homes = [HOMES[name] ?? []].flat();
      expect(
        homes.some((home) => from.startsWith(home)),
        `${from} imports ${to}, whose home is ${homes.join(', ')}`,
      ).to.equal(true);
    }
  });

  it('reads the time and sets timers in base/clock alone', () => {
    for (const file of files(lib)) {
      if (file === 'base/clock.ts' || file === 'observe/page/browser-clock.ts') continue;
      const text = withoutComments(readFileSync(join(lib, file), 'utf8'));
      expect(text, file).to.not.match(/\b(setTimeout|setInterval|Date\.now)\(/);
    }
  });

  it('keeps the page and the nodes apart: neither imports the other, and what both use needs no Node', () => {
    for (const one of local.filter(({ from }) => !from.startsWith('observe/page/'))) {
      expect(target(one).startsWith('observe/page/'), `${one.from} imports ${one.to}`).to.equal(false);
    }
    const texts = files(lib).filter((file) => file.startsWith('observe/page/'));
    expect(texts.length).to.be.above(5);
    for (const file of texts) {
      const text = withoutComments(readFileSync(join(lib, file), 'utf8'));
      expect(text, file).to.not.match(/from 'node:|\bprocess\.|\bBuffer\b|\brequire\(/);
    }
  });

  it('begins every door with what it does, what comes in and what goes out', () => {
    const doors = files(lib).filter((file) => file.split('/').length === 2 && file.endsWith('/index.ts'));
    for (const door of doors) {
      const [does, comesIn, goesOut] = readFileSync(join(lib, door), 'utf8').split('\n') as [string, string, string];
      expect(does, door).to.match(/^\/\/ \w+: /);
      expect(comesIn, door).to.match(/^\/\/ In: /);
      expect(goesOut, door).to.match(/^\/\/ Out: /);
    }
  });

  it('lets the command line see the face of the package only', () => {
    for (const file of files(bin)) {
      for (const { to } of importsOf(bin, file)) {
        if (!to.startsWith('.')) continue;
        const path = relative(bin, resolve(bin, dirname(file), to));
        expect(path.startsWith('..') ? path === '../lib/index.js' : true, `${file} imports ${to}`).to.equal(true);
      }
    }
  });

  it('has no file longer than 400 lines, and no file named for nothing', () => {
    for (const [root, all] of [
      [lib, files(lib)],
      [bin, files(bin)],
    ] as const) {
      for (const file of all) {
        expect(readFileSync(join(root, file), 'utf8').split('\n').length - 1, file).to.be.at.most(400);
        expect(file).to.not.match(/(^|\/)(utils?|helpers?|common|misc|manager|types)\.tsx?$/);
        expect(file).to.match(/^[a-z0-9./-]+$/);
      }
    }
  });
});

/** What the maps at the doors of the variants are made of. */
const variants = new Set(
  local
    .filter(({ from, to }) => to.startsWith('./') && VARIANTS.some((folder) => from.endsWith(`/${folder}index.ts`)))
    .map(({ to }) => to.replace(/.*\//, '').replace(/\.js$/, '')),
);
