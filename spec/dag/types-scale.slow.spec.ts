import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { COMPILERS, compileProject, REPOSITORY } from './compilers.js';

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

const HEAD = [
  "import { Dag, type } from 'handoff-dag';",
  "const start = new Dag().add({ id: 'xs0', code: () => [0] }).add({ id: 'n0', code: () => 0 });",
];

/** A chain of `length` calls, and one function that needs what the first, the middle and the last of them give. */
function chainOfCalls(before: string, length: number, call: (i: number) => string, needed: (i: number) => string, last: string): string {
  const calls = Array.from({ length }, (_, i) => `  ${call(i + 1)}`);
  const args = [1, length / 2, length].map((i) => `'${needed(i)}'`).join(', ');
  return [...HEAD, before, 'export const dag = start', ...calls, `  .add({ id: 'last', code: ${last}, args: [${args}] });`, ''].join('\n');
}

/** The ways in which a DAG grows and branches, as chains of `length` calls. */
const GROWING: Readonly<Record<string, (length: number) => string>> = {
  maps: (length) =>
    chainOfCalls(
      '',
      length,
      (i) => `.map({ id: 'xs${i}', over: 'xs${i - 1}', code: (x: number) => x + 1 })`,
      (i) => `xs${i}`,
      '(...xs: number[][]) => xs.length',
    ),
  branches: (length) =>
    chainOfCalls(
      '',
      length,
      (i) => `.add({ id: 'n${i}', code: () => ${i}, when: ${["'n0'", "{ id: 'n0', is: 0 }", "{ id: 'n0', isNot: 'a' }"][i % 3]} })`,
      (i) => `n${i}`,
      '(...xs: (number | undefined)[]) => xs.length',
    ),
  included: (length) =>
    chainOfCalls(
      "const part = new Dag().input('n', type<number>()).add({ id: 'n0', code: (n: number) => n, args: ['n'] });",
      length,
      (i) => `.include('p${i}', part, { n: '${i === 1 ? '' : `p${i - 1}/`}n0' })`,
      (i) => `p${i}/n0`,
      '(...xs: number[]) => xs.length',
    ),
  expansions: (length) =>
    chainOfCalls(
      '',
      length,
      (i) => `.expand({ id: 'e${i}', code: (n: number) => new Dag().add({ id: 'n', code: () => n }), args: ['n0'] })`,
      (i) => `e${i}`,
      '(...xs: { n: number }[]) => xs.length',
    ),
};

function inTemporaryFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'handoff-dag-types-'));
  const compilerOptions = { typeRoots: [join(REPOSITORY, 'node_modules/@types')], types: ['node'], noEmit: true, noUnusedLocals: false };
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
  describe(`The types of a large DAG, in ${name}`, function () {
    this.timeout(900_000);

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

    for (const [what, growing] of Object.entries(GROWING)) {
      it(`checks a chain of 200 ${what}, and still sees one wrong type`, async () => {
        const bad = growing(200).replace(/code: \(\.\.\.xs: .*?\) => xs\.length/, 'code: (...xs: string[]) => xs.length');
        const folder = inTemporaryFolder({ 'good.ts': growing(200), 'bad.ts': bad });
        try {
          const { places, text } = await compileProject(compiler, folder);
          expect(places, text.slice(0, 1000)).to.deep.equal(['bad.ts:205']);
        } finally {
          rmSync(folder, { recursive: true });
        }
      });
    }
  });
}
