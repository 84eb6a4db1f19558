import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const PROGRAMS = fileURLToPath(new URL('programs/', import.meta.url));
const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
/** The package names of the compilers, by what they are called here. */
const COMPILERS = { 'TypeScript 7': 'typescript', 'TypeScript 5.9': 'typescript-5.9' } as const;

/** What a compiler says, one line per error: `folder/file.ts:line`, and the whole text. */
interface Diagnosis {
  readonly places: readonly string[];
  readonly text: string;
}

function compileProject(compiler: string, project: string): Promise<Diagnosis> {
  const tsc = join(REPOSITORY, 'node_modules', compiler, 'bin', 'tsc');
  return new Promise((resolve) => {
    const options = { cwd: project, maxBuffer: 32 * 2 ** 20 };
    execFile(process.execPath, [tsc, '-p', project, '--pretty', 'false'], options, (_, stdout, stderr) => {
      const places = [...stdout.matchAll(/^(\S.*?)\((\d+),\d+\): error /gm)].map(([, file, line]) => `${file}:${line}`);
      resolve({ places, text: stdout + stderr });
    });
  });
}

/** The lines of the bad programs that are marked as wrong. */
function markedPlaces(): string[] {
  return readdirSync(join(PROGRAMS, 'bad')).flatMap((file) => {
    const lines = readFileSync(join(PROGRAMS, 'bad', file), 'utf8').split('\n');
    return lines.flatMap((line, i) => (line.endsWith('// error') ? [`bad/${file}:${i + 1}`] : []));
  });
}

/**
 * A chain of functions as a user would write it, 500 to an expression: one of 1,000 calls is more than the stack of TypeScript 5.9 holds,
 * whatever is called (its binder ends at some 700).
 */
function chainOf(length: number): string {
  const lines = ["import { Dag } from 'handoff-dag';", "const dag0 = new Dag('chain').add({ id: 'f0', code: () => 0 });"];
  let piece = 0;
  for (let i = 1; i < length; i++) {
    if (i % 500 === 1) lines.push(`const dag${++piece} = dag${piece - 1}`);
    const end = i % 500 === 0 || i === length - 1 ? ';' : '';
    lines.push(`  .add({ id: 'f${i}', code: (x: number) => x + 1, args: ['f${i - 1}'] })${end}`);
  }
  // The compiler must find the first value as well as the last: through types that refer to each other it gives up after some 50 steps.
  lines.push(
    `export const dag = dag${piece}.add({ id: 'last', code: (...xs: number[]) => xs, args: ['f0', 'f${length / 2}', 'f${length - 1}'] });`,
  );
  return `${lines.join('\n')}\n`;
}

/** `Dag.of` in one expression. */
function allAtOnceOf(length: number): string {
  const functions = ['f0: { code: () => 0 }'];
  for (let i = 1; i < length; i++) functions.push(`f${i}: { code: (x: number) => x + 1, args: ['f${i - 1}'] }`);
  return `import { Dag } from 'handoff-dag';\nexport const dag = Dag.of('all', {\n  ${functions.reverse().join(',\n  ')},\n});\n`;
}

function inTemporaryFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'handoff-dag-types-'));
  const compilerOptions = { typeRoots: [join(REPOSITORY, 'node_modules/@types')], types: ['node'], noEmit: true };
  const paths = { 'handoff-dag': [join(REPOSITORY, 'lib/dag/index.ts')] };
  const config = {
    extends: join(REPOSITORY, 'tsconfig.json'),
    compilerOptions: { ...compilerOptions, paths },
    include: ['*.ts'],
    exclude: [],
  };
  const all = { ...files, 'tsconfig.json': JSON.stringify(config), 'package.json': '{ "type": "module" }' };
  for (const [file, text] of Object.entries(all)) writeFileSync(join(folder, file), text);
  return folder;
}

for (const [name, compiler] of Object.entries(COMPILERS)) {
  describe(`The types of a DAG, in ${name}`, function () {
    this.timeout(120_000);
    let programs: Diagnosis;
    before(async () => {
      programs = await compileProject(compiler, PROGRAMS);
    });

    it('lets every good program compile', () => {
      expect(programs.text).not.to.equal('');
      const others = programs.places.filter((place) => !place.startsWith('bad/'));
      expect(others, programs.text.slice(0, 1000)).to.deep.equal([]);
    });

    it('refuses every wrong line of the bad programs, and no other line', () => {
      const marked = markedPlaces();
      expect(marked).to.have.length.above(100);
      const refused = new Set(programs.places.filter((place) => place.startsWith('bad/')));
      expect({
        accepted: marked.filter((place) => !refused.has(place)),
        surprising: [...refused].filter((place) => !marked.includes(place)),
      }).to.deep.equal({
        accepted: [],
        surprising: [],
      });
    });

    it('checks 1,000 functions, as a chain and all at once, and still sees one wrong wire', async () => {
      const good = { 'chain.ts': chainOf(1_000), 'of.ts': allAtOnceOf(1_000) };
      const bad = chainOf(100).replace(/args: \['f0', .*\]/, "args: ['dag']");
      const folder = inTemporaryFolder({ ...good, 'bad.ts': bad });
      try {
        const { places, text } = await compileProject(compiler, folder);
        expect(places, text.slice(0, 1000)).to.deep.equal(['bad.ts:103']);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });
}
