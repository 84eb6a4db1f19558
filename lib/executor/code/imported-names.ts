// Brain: pure.
import type { StepwiseWork } from '../../base/index.js';

/** How many characters are read in one step. */
const STEP_LENGTH = 16 * 1024;

/** Words after which a `/` begins a regular expression. */
const BEFORE_EXPRESSION = new Set(
  'case delete do else extends in instanceof new of return throw typeof void yield default import export'.split(' '),
);
/** Words whose parentheses are followed by a statement, where a `/` begins a regular expression. */
const WITH_CONDITION = new Set(['if', 'while', 'for', 'with']);

/** Words that cannot be part of an import or an export. */
const STATEMENTS = new Set(['import', 'export', 'require']);
/** Words that may follow `export` where it names a module. */
const IN_EXPORTS = new Set(['type', 'as', 'from']);

/** The token before: it decides whether a `/` divides or begins a regular expression. */
type Before = 'value' | 'operator';

/**
 * Lists the modules that the text of a module names, each once, in the order of the text: in static imports and `export … from`, and as
 * literals in `import()` and `require()`. Linear, and never throws: an invalid program is read as far as possible.
 *
 * With `isTypeScript`, `import type`, `export type` and `typeof import()` do not count, as every loader drops them. Names computed at run
 * time are not found, and `require` counts whatever it is bound to.
 */
export function* importedNames(text: string, isTypeScript: boolean): StepwiseWork<string[]> {
  const reader = new NameReader(text, isTypeScript);
  while (reader.advance(STEP_LENGTH)) yield;
  return [...reader.names];
}

class NameReader {
  readonly names = new Set<string>();
  readonly #text: string;
  readonly #isTypeScript: boolean;
  #at = 0;
  #before: Before = 'operator';
  /** The last word, if nothing came after it but blanks and comments. */
  #word = '';
  /** The word before that, likewise. */
  #wordBefore = '';
  #isAfterDot = false;
  /** No regular expression ends before this position: those lines have been searched. */
  #noExpressionUntil = 0;
  /** For each open parenthesis, whether a statement follows its end. */
  readonly #parentheses: boolean[] = [];
  /** For each open brace, whether a template goes on after it. */
  readonly #braces: boolean[] = [];

  constructor(text: string, isTypeScript: boolean) {
    this.#text = text;
    this.#isTypeScript = isTypeScript;
    if (text.startsWith('#!')) this.#skipLine();
  }

  /** Reads at least that many more characters. Returns whether there are more. */
  advance(length: number): boolean {
    const until = this.#at + length;
    while (this.#at < this.#text.length && this.#at < until) this.#token();
    return this.#at < this.#text.length;
  }

  #token(): void {
    const text = this.#text;
    const code = text.charCodeAt(this.#at);
    if (isBlank(code)) {
      this.#at += 1;
      return;
    }
    if (code === SLASH && this.#comment()) return;
    if (isWordCharacter(code)) {
      this.#takeWord();
      return;
    }
    switch (code) {
      case QUOTE:
      case DOUBLE_QUOTE:
        this.#string();
        this.#after('value');
        return;
      case BACKTICK:
        this.#at += 1;
        this.#template();
        return;
      case SLASH:
        if (this.#before === 'value' || !this.#expression()) {
          this.#at += 1;
          this.#after('operator');
        }
        return;
      case PARENTHESIS:
        this.#parentheses.push(WITH_CONDITION.has(this.#word));
        break;
      case PARENTHESIS_END:
        this.#at += 1;
        this.#after(this.#parentheses.pop() ? 'operator' : 'value');
        return;
      case BRACE:
        this.#braces.push(false);
        break;
      case BRACE_END:
        this.#at += 1;
        if (this.#braces.pop()) this.#template();
        else this.#after('operator');
        return;
      case BRACKET_END:
        this.#at += 1;
        this.#after('value');
        return;
      case DOT:
        this.#at += 1;
        this.#after('operator');
        // Not the dots of a spread.
        this.#isAfterDot = text.charCodeAt(this.#at) !== DOT && text.charCodeAt(this.#at - 2) !== DOT;
        return;
      case PLUS:
      case MINUS:
        // `i++ / 2` divides.
        if (text.charCodeAt(this.#at + 1) === code) {
          this.#at += 2;
          this.#word = '';
          return;
        }
    }
    this.#at += 1;
    this.#after('operator');
  }

  #after(before: Before): void {
    this.#before = before;
    this.#word = '';
    this.#wordBefore = '';
    this.#isAfterDot = false;
  }

  #takeWord(): void {
    const isProperty = this.#isAfterDot;
    const before = this.#word;
    const word = this.#readWord();
    this.#after(!isProperty && BEFORE_EXPRESSION.has(word) ? 'operator' : 'value');
    if (isProperty) return;
    this.#word = word;
    this.#wordBefore = before;
    if (word === 'require') this.#call();
    else if (word === 'import' && !this.#call()) this.#declaration();
    else if (word === 'export') this.#declaration();
  }

  #readWord(): string {
    const start = this.#at;
    do this.#at += 1;
    while (this.#at < this.#text.length && isWordCharacter(this.#text.charCodeAt(this.#at)));
    return this.#text.slice(start, this.#at);
  }

  /** Takes the name of `('…'` after `import` or `require`, if there is one. Returns whether there is a parenthesis at all. */
  #call(): boolean {
    const start = this.#at;
    this.#skipBlanks();
    // `require?.('…')`.
    if (this.#text.startsWith('?.', this.#at)) this.#at += 2;
    this.#skipBlanks();
    const isCall = this.#text.charCodeAt(this.#at) === PARENTHESIS;
    if (isCall) {
      this.#at += 1;
      this.#skipBlanks();
      const name = this.#literal();
      this.#skipBlanks();
      const isWhole = this.#at >= this.#text.length || ',)'.includes(this.#text[this.#at]!);
      const isType = this.#isTypeScript && this.#word === 'import' && this.#wordBefore === 'typeof';
      if (name !== undefined && isWhole && !isType) this.names.add(name);
    }
    // Reads the same characters again, as what they are.
    this.#at = start;
    return isCall;
  }

  /**
   * Takes the name at the end of an import, or of an export with `from`. Stops before anything that belongs to neither: that is read as
   * code.
   */
  #declaration(): void {
    const isImport = this.#word === 'import';
    let isType = false;
    let last = '';
    let isInBraces = false;
    let isAfterBraces = false;
    for (let count = 0; ; count += 1) {
      this.#skipBlanks();
      const start = this.#at;
      const code = this.#text.charCodeAt(start);
      if (code === QUOTE || code === DOUBLE_QUOTE) {
        const isName = last === 'from' || (isImport && count === 0);
        const name = this.#literal();
        if (isName && name !== undefined && !isType) this.names.add(name);
        if (isName || name === undefined) break;
        last = '';
      } else if (isWordCharacter(code)) {
        const word = this.#readWord();
        const isCode = isAfterBraces
          ? word !== 'from'
          : !isInBraces && (STATEMENTS.has(word) || (!isImport && !IN_EXPORTS.has(word) && last !== 'as'));
        if (isCode) {
          this.#at = start;
          break;
        }
        if (count === 1 && last === 'type') isType = this.#isTypeScript && (word !== 'from' || this.#isFromNext());
        last = word;
      } else if (code === COMMA || code === STAR || (code === BRACE && !isInBraces) || (code === BRACE_END && isInBraces)) {
        if (count === 1 && last === 'type' && code !== COMMA) isType = this.#isTypeScript;
        if (code === BRACE) isInBraces = true;
        if (code === BRACE_END) {
          isInBraces = false;
          isAfterBraces = true;
        }
        this.#at += 1;
        last = '';
      } else break;
    }
    if (isInBraces) this.#braces.push(false);
    // `import type x = require('…')` is dropped as well.
    if (isType && this.#text.charCodeAt(this.#at) === EQUALS) this.#skipLine();
    this.#after('operator');
  }

  /** Whether `from` comes next: after `import type from` it begins the name of the module, the first is a type. */
  #isFromNext(): boolean {
    const start = this.#at;
    this.#skipBlanks();
    const isNext = isWordCharacter(this.#text.charCodeAt(this.#at)) && this.#readWord() === 'from';
    this.#at = start;
    return isNext;
  }

  #skipBlanks(): void {
    for (;;) {
      while (isBlank(this.#text.charCodeAt(this.#at))) this.#at += 1;
      if (this.#text.charCodeAt(this.#at) !== SLASH || !this.#comment()) return;
    }
  }

  #skipLine(): void {
    while (this.#at < this.#text.length && !LINE_ENDS.has(this.#text.charCodeAt(this.#at))) this.#at += 1;
  }

  /** Skips a comment, if there is one here. */
  #comment(): boolean {
    const next = this.#text.charCodeAt(this.#at + 1);
    if (next === SLASH) this.#skipLine();
    else if (next === STAR) {
      const end = this.#text.indexOf('*/', this.#at + 2);
      this.#at = end < 0 ? this.#text.length : end + 2;
    } else return false;
    return true;
  }

  /** Returns the value of a string, or of a template without expressions; `undefined` for everything else. */
  #literal(): string | undefined {
    const start = this.#at;
    const quote = this.#text.charCodeAt(start);
    if (quote !== QUOTE && quote !== DOUBLE_QUOTE && quote !== BACKTICK) return undefined;
    let isExpression = false;
    for (let at = start + 1; at < this.#text.length; at += 1) {
      const code = this.#text.charCodeAt(at);
      if (code === BACKSLASH) at += 1;
      else if (code === quote) {
        this.#at = at + 1;
        return isExpression ? undefined : unescaped(this.#text.slice(start + 1, at));
      } else if (quote === BACKTICK) isExpression ||= code === DOLLAR && this.#text.charCodeAt(at + 1) === BRACE;
      else if (LINE_ENDS.has(code)) break;
    }
    return undefined;
  }

  /** Skips a string. If it does not end in its line it is no string, perhaps text within JSX. */
  #string(): void {
    const quote = this.#text.charCodeAt(this.#at);
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === BACKSLASH) this.#at += 1;
      else if (code === quote || LINE_ENDS.has(code)) break;
    }
    this.#at += 1;
  }

  /** Skips a template, up to its end or its next expression. */
  #template(): void {
    for (; this.#at < this.#text.length; this.#at += 1) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === BACKSLASH) this.#at += 1;
      else if (code === BACKTICK) break;
      else if (code === DOLLAR && this.#text.charCodeAt(this.#at + 1) === BRACE) {
        this.#at += 2;
        this.#braces.push(true);
        return this.#after('operator');
      }
    }
    this.#at += 1;
    this.#after('value');
  }

  /** Skips a regular expression; returns `false` if none ends in this line. */
  #expression(): boolean {
    if (this.#at < this.#noExpressionUntil) return false;
    let isInClass = false;
    let at = this.#at + 1;
    for (; at < this.#text.length; at += 1) {
      const code = this.#text.charCodeAt(at);
      if (LINE_ENDS.has(code)) break;
      if (code === BACKSLASH) at += 1;
      else if (code === BRACKET) isInClass = true;
      else if (code === BRACKET_END) isInClass = false;
      else if (code === SLASH && !isInClass) {
        this.#at = at + 1;
        this.#after('value');
        return true;
      }
    }
    this.#noExpressionUntil = at;
    return false;
  }
}

const [QUOTE, DOUBLE_QUOTE, BACKTICK, SLASH, BACKSLASH, DOLLAR, DOT, COMMA, STAR, EQUALS, PLUS, MINUS] = codesOf('\'"`/\\$.,*=+-');
const [PARENTHESIS, PARENTHESIS_END, BRACE, BRACE_END, BRACKET, BRACKET_END] = codesOf('(){}[]');
const LINE_ENDS = new Set(codesOf('\n\r\u2028\u2029'));

function codesOf(characters: string): number[] {
  return [...characters].map((character) => character.charCodeAt(0));
}

const isBlank = (code: number): boolean => code <= 0x20 || code === 0xa0 || code === 0xfeff || code === 0x2028 || code === 0x2029;

/** Whether a character may be part of a word; all beyond ASCII may, except blanks. */
function isWordCharacter(code: number): boolean {
  if (code >= 0x80) return !isBlank(code);
  return (
    (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39) || code === 0x5f || code === 0x24
  );
}

/** Returns the value of a literal, as far as module names need it: a simple escape represents its character. */
const unescaped = (text: string): string =>
  text.replace(/\\(?:u\{([\da-f]+)\}|u([\da-f]{4})|x([\da-f]{2})|(\r\n|[\s\S]))/gi, (_, ...parts: readonly (string | undefined)[]) => {
    const code = Number.parseInt(parts[0] ?? parts[1] ?? parts[2] ?? '', 16);
    if (code <= 0x10ffff) return String.fromCodePoint(code);
    const [, , , character = ''] = parts;
    return /[\r\n]/.test(character) ? '' : character;
  });
