import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { COMPILERS, compileProject, type Diagnosis } from './compilers.js';

const PROGRAMS = fileURLToPath(new URL('programs/', import.meta.url));

/** The lines of the bad programs that are marked as wrong. */
function markedPlaces(): string[] {
  return readdirSync(join(PROGRAMS, 'bad')).flatMap((file) => {
    const lines = readFileSync(join(PROGRAMS, 'bad', file), 'utf8').split('\n');
    return lines.flatMap((line, i) => (line.endsWith('// error') ? [`bad/${file}:${i + 1}`] : []));
  });
}

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
  });
}
