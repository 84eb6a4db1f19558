import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript-5.9';

const project = fileURLToPath(new URL('../..', import.meta.url));

/** A source file of the package, as the compiler reads it. */
export interface Source {
  /** From the root of the project, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

/** The TypeScript files below some folders of the project, declarations apart. */
export const sourcesOf = (...folders: readonly string[]): Source[] =>
  folders.flatMap((folder) =>
    readdirSync(join(project, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts'))
      .sort()
      .map((file) => {
        const path = relative(project, join(project, folder, file));
        const text = readFileSync(join(project, path), 'utf8');
        return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) };
      }),
  );

/** The files that a file imports or re-exports, types and dynamic imports included; packages apart. */
export function importsOf({ path, tree }: Source): string[] {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    const given =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isImportTypeNode(node)
          ? node.argument
          : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
            ? node.arguments[0]
            : undefined;
    const specifier = given && ts.isLiteralTypeNode(given) ? given.literal : given;
    if (specifier && ts.isStringLiteral(specifier) && specifier.text.startsWith('.')) {
      const file = join(dirname(path), specifier.text).replace(/\.js$/, '.ts');
      found.add(existsSync(join(project, `${file}x`)) ? `${file}x` : file);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return [...found];
}

/** What a file declares and exports itself, by name; what it only re-exports is not among it. */
export function exportsOf({ tree }: Source): Map<string, ts.Node> {
  const found = new Map<string, ts.Node>();
  for (const statement of tree.statements) {
    const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
    if (!modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
    const names = ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.map(({ name }) => name)
      : [(statement as ts.Statement & { name?: ts.Node }).name];
    // The first declaration of overloads, or of a type and a value of one name, carries the docstring.
    for (const name of names) if (name && ts.isIdentifier(name) && !found.has(name.text)) found.set(name.text, statement);
  }
  return found;
}

/** Whether a statement has a docstring. */
export const isDocumented = (statement: ts.Node): boolean => ts.getJSDocCommentsAndTags(statement).length > 0;
