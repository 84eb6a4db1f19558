import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import ts from 'typescript-5.9';
import { exportsOf, sourcesOf } from '../support/sources.js';

const project = fileURLToPath(new URL('../..', import.meta.url));

/** What users import. */
const PUBLIC_DOORS = ['lib/index.ts', 'lib/supervisor.ts', 'lib/testing/index.ts', 'lib/conformance/index.ts'];

/** What only specs use, and why it is there all the same. */
const FOR_SPECS: Readonly<Record<string, string>> = {
  backends: 'the suite of laws for store backends runs over the map, as those of the other variants do',
  planDeath: 'specs say at which step of a journal a node dies',
  JournalName: 'the suite of laws for journals is written once, and names the one that it runs over',
  connections: 'the network in memory is a place for specs: they count what is left on it',
};

/** Methods that Node or preact calls, or that are called by their prototype's own name. */
const CALLED_BY_OTHERS = new Set(['_writeHostObject', '_readHostObject', 'hasRef', 'shouldComponentUpdate']);

const sources = sourcesOf('lib', 'bin');
const byPath = new Map(sources.map((source) => [source.path, source]));
const lib = sources.filter(({ path }) => path.startsWith('lib/'));

/** The first lines of threads and child processes, which load the rest. */
const scripts: readonly { readonly path?: string; readonly tree: ts.SourceFile }[] = readdirSync(join(project, 'lib'), {
  recursive: true,
  encoding: 'utf8',
})
  .filter((file) => file.endsWith('.mjs'))
  .map((file) => ({ tree: ts.createSourceFile(file, readFileSync(join(project, 'lib', file), 'utf8'), ts.ScriptTarget.Latest, true) }));

type Member =
  | ts.MethodDeclaration
  | ts.MethodSignature
  | ts.PropertyDeclaration
  | ts.PropertySignature
  | ts.GetAccessorDeclaration
  | ts.SetAccessorDeclaration;

const isMember = (node: ts.Node): node is Member =>
  ts.isMethodDeclaration(node) ||
  ts.isMethodSignature(node) ||
  ts.isPropertyDeclaration(node) ||
  ts.isPropertySignature(node) ||
  ts.isGetAccessor(node) ||
  ts.isSetAccessor(node);

const isStatement = (node: ts.Node): boolean =>
  ts.isClassDeclaration(node) ||
  ts.isInterfaceDeclaration(node) ||
  ts.isTypeAliasDeclaration(node) ||
  ts.isFunctionDeclaration(node) ||
  ts.isVariableDeclaration(node);

/** Whether a member is only written there: a counter that nothing reads is as good as none. */
function isWritten(name: ts.Node): boolean {
  const { parent: access } = name;
  if (!ts.isPropertyAccessExpression(access) || access.name !== name) return false;
  const { parent } = access;
  const isAssigned =
    ts.isBinaryExpression(parent) &&
    parent.left === access &&
    parent.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
    parent.operatorToken.kind <= ts.SyntaxKind.LastAssignment;
  return (
    (isAssigned || ts.isPostfixUnaryExpression(parent) || ts.isPrefixUnaryExpression(parent)) && ts.isExpressionStatement(parent.parent)
  );
}

function eachNode(tree: ts.Node, look: (node: ts.Node) => void): void {
  const visit = (node: ts.Node): void => {
    look(node);
    if (!ts.isImportDeclaration(node) && !ts.isExportDeclaration(node)) ts.forEachChild(node, visit);
  };
  ts.forEachChild(tree, visit);
}

/** The names that a door lets out, those of doors behind it included. */
function letOut(path: string): string[] {
  const source = byPath.get(path)!;
  const own = [...exportsOf(source).keys()];
  const others = source.tree.statements.filter(ts.isExportDeclaration).flatMap(({ exportClause, moduleSpecifier }) => {
    if (exportClause && ts.isNamedExports(exportClause)) {
      return exportClause.elements.map(({ propertyName, name }) => (propertyName ?? name).text);
    }
    return exportClause || !moduleSpecifier || !ts.isStringLiteral(moduleSpecifier)
      ? []
      : letOut(join(dirname(path), moduleSpecifier.text).replace(/\.js$/, '.ts'));
  });
  return [...own, ...others];
}

/** How names occur in lib and bin, where they are declared, imported or passed on apart. */
function occurrences(): { readonly values: Set<string>; readonly members: Set<string>; readonly isSent: (type: string) => boolean } {
  const [values, members, sent] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const beginnings: string[] = [];
  for (const { path, tree } of [...sources, ...scripts]) {
    eachNode(tree, (node) => {
      if (ts.isStringLiteralLike(node)) members.add(node.text);
      if (ts.isPropertyAssignment(node) && /^(?:type|kind)$/.test(node.name.getText())) {
        eachNode(node, (part) => {
          if (ts.isStringLiteralLike(part)) sent.add(part.text);
          if (ts.isTemplateHead(part)) beginnings.push(part.text);
        });
      }
      if (!ts.isIdentifier(node)) return;
      const { parent } = node;
      const isDeclared = 'name' in parent && parent.name === node;
      if (isDeclared && (isMember(parent) || isStatement(parent))) return;
      if (!isWritten(node)) members.add(node.text);
      // In a script everything that it loads is a property of a namespace.
      const isOfAnObject = path !== undefined && isDeclared && (ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent));
      if (!isOfAnObject) values.add(node.text);
    });
  }
  return { values, members, isSent: (type) => sent.has(type) || beginnings.some((begin) => type.startsWith(begin)) };
}

/** The members of an object type, wherever it is nested. */
function membersIn(statement: ts.Node): Member[] {
  const found: Member[] = [];
  eachNode(statement, (node) => {
    if (isMember(node) && ts.isIdentifier(node.name)) found.push(node);
  });
  return found;
}

/** Types of messages, each with the file that it stands in; those of users apart. */
function messageTypes(isPublic: ReadonlySet<string>): [string, string][] {
  return lib.flatMap(({ path, tree }) =>
    tree.statements
      .filter((statement) => ts.isTypeAliasDeclaration(statement) || ts.isInterfaceDeclaration(statement))
      .filter(({ name }) => /(?:Message|Report|Happening|Command)$/.test(name.text) && !isPublic.has(name.text))
      .flatMap((statement) =>
        membersIn(statement).flatMap(({ name, parent, ...rest }) => {
          const type = (rest as { readonly type?: ts.TypeNode }).type;
          if (name.getText() !== 'type' || !type) return [];
          const literals = ts.isUnionTypeNode(type) ? type.types : [type];
          return literals.flatMap((one) =>
            ts.isLiteralTypeNode(one) && ts.isStringLiteral(one.literal) ? [[one.literal.text, path] as [string, string]] : [],
          );
        }),
      ),
  );
}

/** The types of messages between nodes, and the kinds of questions: the keys of their tables. */
function wireTypes(): [string, string][] {
  const path = 'lib/peer/protocol/messages.ts';
  const keys: [string, string][] = [];
  eachNode(byPath.get(path)!.tree, (node) => {
    if (!ts.isVariableDeclaration(node) || !node.initializer || !/^(?:MESSAGES|question)$/.test(node.name.getText())) return;
    const given = ts.isAsExpression(node.initializer) ? node.initializer.expression : node.initializer;
    const table = ts.isCallExpression(given) ? given.arguments[1]! : given;
    if (ts.isObjectLiteralExpression(table)) for (const { name } of table.properties) keys.push([(name as ts.StringLiteral).text, path]);
  });
  return keys;
}

describe('what lib exports', () => {
  const isPublic = new Set(PUBLIC_DOORS.filter((door) => existsSync(join(project, door))).flatMap(letOut));
  const { values, members, isSent } = occurrences();

  it('is used by lib, by bin or by users', () => {
    const unused = lib.flatMap((source) => [...exportsOf(source).keys()].map((name) => ({ name, path: source.path })));
    expect(unused.length).to.be.above(500);
    expect(
      unused
        .filter(({ name }) => !isPublic.has(name) && !values.has(name) && !(name in FOR_SPECS))
        .map(({ name, path }) => `${path}: ${name}`),
    ).to.deep.equal([]);
  });

  it('has no member that nobody calls or reads', () => {
    const statements = lib.flatMap((source) =>
      [...exportsOf(source)].map(([name, statement]) => ({ path: source.path, name, members: membersIn(statement) })),
    );
    const ofUsers = new Set(
      statements.filter(({ name }) => isPublic.has(name)).flatMap((one) => one.members.map(({ name }) => name.getText())),
    );
    const unused = statements
      .filter(({ name }) => !isPublic.has(name))
      .flatMap((one) => one.members.map(({ name }) => ({ path: one.path, name: name.getText() })))
      .filter(({ name }) => !ofUsers.has(name) && !members.has(name) && !CALLED_BY_OTHERS.has(name) && !(name in FOR_SPECS));
    expect(unused.map(({ path, name }) => `${path}: ${name}`)).to.deep.equal([]);
  });

  it('has no message that nobody sends', () => {
    const types = [...messageTypes(isPublic), ...wireTypes()];
    expect(wireTypes().length).to.be.above(25);
    expect(types.length).to.be.above(75);
    expect(types.filter(([type]) => !isSent(type)).map(([type, path]) => `${path}: ${type}`)).to.deep.equal([]);
  });

  it('excuses nothing that is used', () => {
    expect(Object.keys(FOR_SPECS).filter((name) => members.has(name) || isPublic.has(name))).to.deep.equal([]);
  });
});
