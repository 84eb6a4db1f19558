import type { FunctionSpec } from '../build/function-spec.js';
import { inputIdsOf } from '../build/inputs.js';
import type { DagLike } from '../build/wiring.js';
import { collocationOf } from '../graph/collocation.js';

/** One thing to draw. A `missing` one is only mentioned by others. */
interface Shape {
  readonly name: string;
  readonly kind: 'regular' | 'inline' | 'input' | 'missing';
  /** The lines of its label: its id, and where it runs. */
  readonly lines: readonly string[];
}

interface Drawing {
  readonly shapes: readonly Shape[];
  /** Edges from producer to consumer, each once. */
  readonly edges: readonly (readonly [string, string])[];
}

/** Words that Mermaid's grammar would misread, as a whole or at the beginning of a name. */
const MERMAID_WORDS = /^(end|graph|subgraph|flowchart|default|style|linkstyle|class|click|href|call|direction|interpolate|[ovx]$)/i;
const isMermaidName = (id: string): boolean => /^[A-Za-z][A-Za-z0-9_]*$/.test(id) && !MERMAID_WORDS.test(id);

/** Returns the DAG as a Mermaid flowchart. Any id is drawn correctly; see `Dag.toMermaid`. */
export function toMermaid(dag: DagLike): string {
  const { shapes, edges } = draw(dag, isMermaidName);
  const lines = ['flowchart TD'];
  for (const { name, kind, lines: label } of shapes) {
    const text = `"${label.map(mermaidText).join('<br/>')}"`;
    const [open, close] = MERMAID_SHAPES[kind];
    lines.push(`  ${name}${open}${text}${close}${kind === 'regular' ? '' : `:::${kind}`}`);
  }
  for (const [from, to] of edges) lines.push(`  ${from} --> ${to}`);
  for (const kind of ['inline', 'input', 'missing'] as const) {
    if (shapes.some((shape) => shape.kind === kind)) lines.push(`  classDef ${kind} ${MERMAID_STYLES[kind]}`);
  }
  return `${lines.join('\n')}\n`;
}

const MERMAID_SHAPES = { regular: ['[', ']'], inline: ['(', ')'], input: ['[/', '/]'], missing: ['{{', '}}'] } as const;
const MERMAID_STYLES = { inline: 'stroke-dasharray: 4 3', input: 'stroke-width: 2px', missing: 'stroke: red' } as const;

/**
 * Escapes a quoted Mermaid text. Letters, digits and harmless characters stay; all others (quotes, brackets, `%%`, `#`, HTML, Markdown)
 * become numeric entities.
 */
function mermaidText(line: string): string {
  return wellFormed(line)
    .replace(/[^\p{L}\p{N}\p{M} _.,@/\-\r\n]/gu, (character) => (isControl(character) ? '\u{FFFD}' : `#${character.codePointAt(0)};`))
    .replace(/\r\n|\r|\n/g, '<br/>');
}

/** Whether an id can be a name in DOT. Graphviz keeps the case of quoted names, so most ids can; `_1` is reserved for us. */
const isDotName = (id: string): boolean => /^[\x20-\x7e]+$/.test(id) && !/["\\&<>]/.test(id) && !/^_\d+$/.test(id);

/** Returns the DAG as a Graphviz digraph. Any id is drawn correctly; see `Dag.toDot`. */
export function toDot(dag: DagLike): string {
  const { shapes, edges } = draw(dag, isDotName);
  const lines = [`digraph "${dotText(dag.id)}" {`, '  node [shape=box];'];
  for (const { name, kind, lines: label } of shapes) {
    lines.push(`  "${name}" [label="${label.map(dotText).join('\\n')}"${DOT_STYLES[kind]}];`);
  }
  for (const [from, to] of edges) lines.push(`  "${from}" -> "${to}";`);
  return `${[...lines, '}'].join('\n')}\n`;
}

const DOT_STYLES = {
  regular: '',
  inline: ', style="rounded,dashed"',
  input: ', shape=parallelogram',
  missing: ', shape=hexagon, color=red',
} as const;

/** Escapes a quoted text: Graphviz reads backslashes and HTML entities inside quotes. */
function dotText(line: string): string {
  return [...wellFormed(line).replace(/\r\n|\r/g, '\n')]
    .map((character) => DOT_ESCAPES.get(character) ?? (isControl(character) ? '\u{FFFD}' : character))
    .join('');
}
const DOT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['"', '\\"'],
  ['\n', '\\n'],
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
]);

const isControl = (character: string): boolean => /\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/u.test(character);
/** Replaces lone surrogates, which UTF-8 cannot express. */
const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, '\u{FFFD}');

function draw(dag: DagLike, isName: (id: string) => boolean): Drawing {
  const shapes = new Map<string, Shape>();
  // An id that the grammar would misread is drawn under a number. No id that is used as a name looks like such a number.
  const add = (id: string, kind: Shape['kind'], place: readonly string[]): void => {
    shapes.set(id, { name: isName(id) ? id : `_${shapes.size}`, kind, lines: [id, ...place] });
  };
  for (const id of inputIdsOf(dag)) add(id, 'input', []);
  for (const [id, spec] of dag.functions) add(id, spec.type === 'inline' ? 'inline' : 'regular', placeOf(spec));
  const edges: [string, string][] = [];
  for (const [id, spec] of dag.functions) {
    for (const producer of new Set(spec.args.map((arg) => (typeof arg === 'string' ? arg : arg.id)))) {
      if (!shapes.has(producer)) add(producer, 'missing', ['missing']);
      edges.push([shapes.get(producer)!.name, shapes.get(id)!.name]);
    }
  }
  return { shapes: [...shapes.values()], edges };
}

function placeOf(spec: FunctionSpec): string[] {
  if (typeof spec.node === 'string') return [`on ${spec.node}`];
  const collocated = collocationOf(spec);
  if (collocated !== undefined) return [`with ${collocated}`];
  return typeof spec.node === 'object' && spec.node !== null ? ['on the driver'] : [];
}
