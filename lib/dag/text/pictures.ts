import { type ConditionSpec, idOfCondition } from '../build/condition.js';
import type { DagLike } from '../build/dag-like.js';
import type { FunctionSpec } from '../build/function-spec.js';
import { inputIdsOf } from '../build/inputs.js';
import { isCached } from '../graph/caching.js';
import { collocationOf } from '../graph/collocation.js';

/** One thing to draw. A `missing` one is only mentioned by others. */
interface Shape {
  readonly name: string;
  readonly kind: 'regular' | 'inline' | 'map' | 'expand' | 'input' | 'missing';
  /** The lines of its label: its id, where it runs, whether it may fail, and whether its result is remembered. */
  readonly lines: readonly string[];
}

interface Drawing {
  readonly shapes: readonly Shape[];
  /** Edges from producer to consumer, of each kind once. */
  readonly edges: readonly Edge[];
}

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'argument' | 'over' | 'when';
  /** The condition of a branch. */
  readonly label: string | undefined;
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
    lines.push(`  ${name}${open}${text}${close}${kind in MERMAID_STYLES ? `:::${kind}` : ''}`);
  }
  for (const { from, to, kind, label } of edges) {
    lines.push(`  ${from} ${MERMAID_EDGES[kind]}${label === undefined ? '' : `|"${mermaidText(label)}"|`} ${to}`);
  }
  for (const kind of ['inline', 'input', 'missing'] as const) {
    if (shapes.some((shape) => shape.kind === kind)) lines.push(`  classDef ${kind} ${MERMAID_STYLES[kind]}`);
  }
  return `${lines.join('\n')}\n`;
}

/** A map is drawn as a stack of boxes, an expansion as a process that has others within. */
const MERMAID_SHAPES = {
  regular: ['[', ']'],
  inline: ['(', ')'],
  map: ['@{ shape: processes, label: ', ' }'],
  expand: ['[[', ']]'],
  input: ['[/', '/]'],
  missing: ['{{', '}}'],
} as const;
const MERMAID_EDGES = { argument: '-->', over: '==>', when: '-.->' } as const;
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
  for (const { from, to, kind, label } of edges) {
    const text = label === undefined ? '' : `, label="${dotText(label)}"`;
    lines.push(`  "${from}" -> "${to}"${kind === 'argument' ? '' : ` [style=${DOT_EDGES[kind]}${text}]`};`);
  }
  return `${[...lines, '}'].join('\n')}\n`;
}

const DOT_STYLES = {
  regular: '',
  inline: ', style="rounded,dashed"',
  map: ', shape=box3d',
  expand: ', shape=folder',
  input: ', shape=parallelogram',
  missing: ', shape=hexagon, color=red',
} as const;

const DOT_EDGES = { over: 'bold', when: 'dashed' } as const;

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
  for (const [id, spec] of dag.functions) {
    const kind = spec.type === 'inline' || spec.type === 'map' || spec.type === 'expand' ? spec.type : 'regular';
    add(id, kind, [...placeOf(spec), ...(spec.optional === true ? ['optional'] : []), ...(isCached(spec) ? ['cached'] : [])]);
  }
  const edges: Edge[] = [];
  for (const [id, spec] of dag.functions) {
    const connect = (producer: string, kind: Edge['kind'], label?: string): void => {
      if (!shapes.has(producer)) add(producer, 'missing', ['missing']);
      edges.push({ from: shapes.get(producer)!.name, to: shapes.get(id)!.name, kind, label });
    };
    for (const producer of new Set(spec.args.map((arg) => (typeof arg === 'string' ? arg : arg.id)))) connect(producer, 'argument');
    if (spec.over !== undefined) connect(spec.over, 'over');
    if (spec.when !== undefined) connect(idOfCondition(spec.when), 'when', conditionText(spec.when));
  }
  return { shapes: [...shapes.values()], edges };
}

/** The longest value of a condition that is drawn. */
const SHOWN_LENGTH = 40;

function conditionText(when: ConditionSpec): string {
  if (typeof when === 'string') return 'is truthy';
  const [verb, value] = 'is' in when ? ['is', when.is] : ['is not', when.isNot];
  const text = Object.is(value, -0) ? '-0' : JSON.stringify(value);
  return `${verb} ${text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text}`;
}

function placeOf(spec: FunctionSpec): string[] {
  if (typeof spec.node === 'string') return [`on ${spec.node}`];
  const collocated = collocationOf(spec);
  if (collocated !== undefined) return [`with ${collocated}`];
  return typeof spec.node === 'object' && spec.node !== null ? ['on the driver'] : [];
}
