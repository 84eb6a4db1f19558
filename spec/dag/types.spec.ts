import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { COMPILERS, compileProject, type Diagnosis, REPOSITORY } from './compilers.js';

const PROGRAMS = fileURLToPath(new URL('programs/', import.meta.url));

/** The lines of the bad programs that are marked as wrong. */
function markedPlaces(): string[] {
  return readdirSync(join(PROGRAMS, 'bad')).flatMap((file) => {
    const lines = readFileSync(join(PROGRAMS, 'bad', file), 'utf8').split('\n');
    return lines.flatMap((line, i) => (line.endsWith('// error') ? [`bad/${file}:${i + 1}`] : []));
  });
}

/** A user's library that exports DAGs, and leaves the compiler to write their types into its declarations. */
const LIBRARY = `import { Dag, type } from 'handoff-dag';
export const one = new Dag().input('xs', type<number[]>()).map({ id: 'ys', over: 'xs', code: (x: number) => x, optional: true });
export const two = new Dag().add({ id: 'xs', code: () => [1] }).include('one', one, { xs: 'xs' });
export const three = Dag.of('three', { a: { code: () => 1, when: 'b' }, b: { code: () => 2 } }).expand({ id: 'e', code: () => two });
`;

for (const [name, compiler] of Object.entries(COMPILERS)) {
  describe(`The types of a DAG, in ${name}`, function () {
    this.timeout(480_000);
    let programs: Diagnosis;
    before(async () => {
      programs = await compileProject(compiler, PROGRAMS);
    });

    it('lets every good program compile', () => {
      expect(programs.text).not.to.equal('');
      const others = programs.places.filter((place) => !place.startsWith('bad/'));
      expect(others, programs.text.slice(0, 1000)).to.deep.equal([]);
    });

    it('says to chain, or to use Dag.dynamic, where an id is named that the DAG did not have', () => {
      const told = programs.text.split('\n').filter((line) => line.includes('Dag.dynamic()') && line.includes('chain add'));
      for (const line of [5, 9, 13]) expect(told.filter((one) => one.startsWith(`bad/unchained.ts(${line},`))).not.to.have.length(0);
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

    it('can be written into the declarations of a library that exports a DAG', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'handoff-dag-declarations-'));
      const compilerOptions = { strict: true, target: 'es2022', module: 'nodenext', declaration: true, skipLibCheck: true, outDir: 'out' };
      const types = { types: ['node'], typeRoots: [join(REPOSITORY, 'node_modules/@types')], lib: ['es2023', 'esnext.disposable'] };
      try {
        mkdirSync(join(folder, 'node_modules'));
        symlinkSync(REPOSITORY, join(folder, 'node_modules/handoff-dag'), 'junction');
        writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
        writeFileSync(join(folder, 'library.ts'), LIBRARY);
        writeFileSync(
          join(folder, 'tsconfig.json'),
          JSON.stringify({ compilerOptions: { ...compilerOptions, ...types }, files: ['library.ts'] }),
        );
        const { text } = await compileProject(compiler, folder);
        expect(text).to.equal('');
        expect(readFileSync(join(folder, 'out/library.d.ts'), 'utf8')).to.match(/'?"?one\/ys'?"?: \(number \| undefined\)\[\]/);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });
}
