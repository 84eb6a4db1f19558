import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript-5.9';
import { output, project } from '../support/packed.js';

/** The entry points of the package, by the page of the reference that tells of each. */
const ENTRIES = {
  'index.md': 'lib/index.ts',
  'supervisor.md': 'lib/supervisor.ts',
  'testing.md': 'lib/testing/index.ts',
  'conformance.md': 'lib/conformance/index.ts',
} as const;

/** A name that an entry point exports, with the public members of what it names. */
interface Exported {
  readonly name: string;
  readonly members: readonly string[];
}

/** The entry points, as the compiler sees them: read once, as that takes seconds. */
function programOf(entries: readonly string[]): ts.Program {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(project, 'tsconfig.build.json'), ts.sys.readFile).config,
    ts.sys,
    project,
  );
  return ts.createProgram(
    entries.map((entry) => join(project, entry)),
    options,
  );
}

/** What an entry point exports. */
function exportsOf(program: ts.Program, entry: string): Exported[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(join(project, entry))!;
  return checker.getExportsOfModule(checker.getSymbolAtLocation(source)!).map((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    const isOurs = (member: ts.Symbol): boolean =>
      /^[a-z]\w*$/i.test(member.name) &&
      member.name !== 'prototype' &&
      (member.declarations ?? []).some(
        (one) =>
          one.getSourceFile().fileName.startsWith(join(project, 'lib')) &&
          !(ts.getCombinedModifierFlags(one) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)),
      );
    if (!(symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface))) return { name: exported.name, members: [] };
    const own = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol));
    const ofClass = symbol.flags & ts.SymbolFlags.Class ? checker.getPropertiesOfType(checker.getTypeOfSymbol(symbol)) : [];
    return { name: exported.name, members: [...own, ...ofClass].filter(isOurs).map((member) => member.name) };
  });
}

describe('the reference that npm run docs makes', function () {
  this.timeout(600_000);
  let program: ts.Program;
  let folder: string;
  before(async () => {
    program = programOf(Object.values(ENTRIES));
    folder = mkdtempSync(join(tmpdir(), 'handoff-api-'));
    await output('npm', ['run', 'docs', '--', '--out', folder], project, 500_000);
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const [page, entry] of Object.entries(ENTRIES)) {
    it(`has every name that ${entry} exports, with every public member`, () => {
      const sections = new Map(
        readFileSync(join(folder, page), 'utf8')
          .replaceAll('\\_', '_')
          .split(/^### /m)
          .slice(1)
          .map((section) => [/^[\w$]+/.exec(section)?.[0], section]),
      );
      const exported = exportsOf(program, entry);
      expect(exported.length).to.be.above(5);
      for (const { name, members } of exported) {
        const section = sections.get(name) ?? expect.fail(`${page} has no ${name}`);
        const headings = [...section.matchAll(/^#+ ([\w$]+)/gm)].map(([, heading]) => heading);
        // What another page tells whole is only referred to.
        if (/^Re-exports/m.test(section) || /^(Re-exports|Renames)/.test(section.split('\n')[2] ?? '')) continue;
        for (const member of members) expect(headings, `${page}: ${name}`).to.include(member);
      }
    });
  }

  it('tells of everything that a node, a DAG, a run, a test cluster and a supervisor can do', () => {
    const methods = {
      'index.md': ['Handoff', 'Dag', 'Run', 'ClusterObserver'],
      'supervisor.md': ['Supervisor'],
      'testing.md': ['TestCluster'],
    };
    for (const [page, names] of Object.entries(methods)) {
      const exported = exportsOf(program, ENTRIES[page as keyof typeof ENTRIES]);
      for (const name of names) {
        const found = exported.find((one) => one.name === name) ?? expect.fail(name);
        expect(found.members.length, name).to.be.above(2);
      }
    }
  });
});
