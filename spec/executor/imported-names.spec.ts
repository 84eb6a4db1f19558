import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import ts from 'typescript-5.9';
import { doAtOnce } from '../../lib/base/index.js';
import { importedNames } from '../../lib/executor/code/imported-names.js';
import { sourcesOf } from '../support/sources.js';

const namesIn = (text: string, isTypeScript = false): string[] => doAtOnce(importedNames(text, isTypeScript));

/** What the compiler's own parser says that a module imports. */
function parsed(path: string, text: string): Set<string> {
  const isTypeScript = path.endsWith('ts');
  const found = new Set<string>();
  const add = (node: ts.Node | undefined): void => {
    if (node && ts.isStringLiteralLike(node)) found.add(node.text);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      if (!(isTypeScript && node.importClause?.isTypeOnly)) add(node.moduleSpecifier);
    } else if (ts.isExportDeclaration(node)) {
      if (!(isTypeScript && node.isTypeOnly)) add(node.moduleSpecifier);
    } else if (ts.isImportTypeNode(node)) {
      if (!node.isTypeOf && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal);
    } else if (ts.isCallExpression(node)) {
      const { expression } = node;
      const isLoad = expression.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(expression) && expression.text === 'require');
      if (isLoad) add(node.arguments[0]);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, isTypeScript ? ts.ScriptKind.TS : ts.ScriptKind.JS));
  return found;
}

describe('the names that a module imports', () => {
  it('are those of imports, of exports from, and of literals in import() and require()', () => {
    const text = `#!/usr/bin/env node
      import a, { b as c, 'odd name' as d } from "./1.js";
      import * as e from './2.js'
      import './3.js';
      export * from './4.js'; export * as f from './5.js';
      export { g, type } from './6.js';
      const h = await import('./7.js', { with: { type: 'json' } });
      const i = require ( './8' ), j = module.x ?? require?.(\`./9\`);
      import/* why */k/* not */from/**/'./10.js';
      import l, * as m from '\\u002e/11.js';
      if (x) { import(
        './12.js') }
    `;
    expect(namesIn(text)).to.deep.equal([...Array(12).keys()].map((k) => `./${k + 1}${k === 7 || k === 8 ? '' : '.js'}`));
  });

  it('are not what stands in comments, texts, templates and regular expressions, in properties, or is computed', () => {
    const text = `
      // import './a.js'
      /* require('./a') */
      const b = "import './a.js'", c = 'require("./a")', d = \`import('./a.js') \${ { b: \`\${b}\` } } require('./a')\`;
      const e = /import '.\\/a.js'[/']/.test(b) || x / import.meta.url / 2;
      if (b) /require('a')/.exec(c);
      loader.import('./a.js'); it.require('./a'); ({ import: './a.js', export: './a.js' });
      import(b); require(b); import(\`./\${b}.js\`); import('./a' + b); require('./a' + b); imports('./a.js'); export const from = './a.js';
    `;
    expect(namesIn(text)).to.deep.equal([]);
  });

  it('follow the expressions in a template', () => {
    const text = "const a = `x$[ require('./a') ]y$[ `$[await import('./b.js')]` ]z`; const c = require('./c')";
    expect(namesIn(text.replaceAll('[', '{').replaceAll(']', '}'))).to.deep.equal(['./a', './b.js', './c']);
  });

  it('leave out, in TypeScript, what every loader drops', () => {
    const text = `
      import type { A } from './a.js';
      import type B from './b.js';
      import type * as C from './c.js';
      export type { D } from './d.js';
      export type * from './e.js';
      import type from from './f.js';
      import type g = require('./g');
      const h = functionsIn<typeof import('./h.js')>(url);
      type I = { a: 1 };
      export type J = string;
      import type, { k } from './k.js';
      import type from './l.js';
      import { type M } from './m.js';
      import n = require('./n');
    `;
    expect(namesIn(text, true)).to.deep.equal(['./k.js', './l.js', './m.js', './n']);
  });

  it('are read in text that is no valid program as far as it goes', () => {
    expect(namesIn("import { from './a.js'; }}} )) ` ")).to.deep.equal(['./a.js']);
    expect(namesIn("const a = ; let 'open\nimport './b.js'; import from")).to.deep.equal(['./b.js']);
    expect(namesIn("<p>don't</p>;\nimport './c.js'")).to.deep.equal(['./c.js']);
    for (const text of ['import', 'import(', "import('", 'require(`', '/', '/*', '`${', 'export {', "import * as x from '"]) {
      expect(namesIn(text), text).to.deep.equal([]);
    }
  });

  it('take time in proportion to the text, whatever it is', () => {
    const LENGTH = 400_000;
    for (const part of [
      'import ',
      'import{',
      'import a,',
      'export {',
      'export type ',
      'require(',
      'import(`',
      '=/[ ',
      '`${',
      '(',
      '{',
      "'",
      'import { import, ',
    ]) {
      const text = part.repeat(LENGTH / part.length);
      let steps = 0;
      for (const work = importedNames(text, true); !work.next().done; ) steps += 1;
      // Each step reads on; a text that was read from its beginning over and over would not end within the limit of this spec.
      expect(steps, part).to.be.at.most(LENGTH / 1000);
    }
  });

  it('are those that the parser of the compiler finds, in this project and in what it uses', () => {
    const { resolve } = createRequire(import.meta.url);
    const packages = ['msgpackr', 'commander', 'chai', 'tsx/cli', 'ws', 'nact', 'pino', 'mocha'].flatMap((name) => {
      const path = resolve(name);
      return [{ path, text: readFileSync(path, 'utf8') }];
    });
    let count = 0;
    for (const { path, text } of [...sourcesOf('lib', 'bin'), ...packages]) {
      const names = parsed(path, text);
      count += names.size;
      expect([...namesIn(text, path.endsWith('ts'))].sort(), path).to.deep.equal([...names].sort());
    }
    expect(count).to.be.above(800);
  });
});
