import { expect } from 'chai';
import fc from 'fast-check';
import { arg, collocatedWith, Dag, type DynamicDag, onDriver } from '../../lib/dag/index.js';

const code = { module: './m.js', name: 'f' };

function everyKind(): DynamicDag {
  return Dag.dynamic('every "kind"')
    .input('i')
    .add({ id: 'a', code, args: ['i', 'i'], node: 'n1' })
    .add({ id: 'b c', code, args: ['a', arg('a', {})], type: 'inline' })
    .add({ id: 'd', code, args: ['b c', 'no'], node: collocatedWith('a') })
    .add({ id: 'e', code, node: onDriver() });
}

function everyGrowth(): DynamicDag {
  return Dag.dynamic('grows')
    .input('xs')
    .map({ id: 'm', over: 'xs', code, args: ['xs'], optional: true, node: 'n1' })
    .map({ id: 'n 2', over: 'no', code })
    .expand({ id: 'e', code, args: ['m'], when: { id: 'm', isNot: '"x" | y' } })
    .add({ id: 'f', code, args: ['e'], when: { id: 'e', is: null } })
    .add({ id: 'g', code, when: 'f', optional: true })
    .add({ id: 'h', code, when: { id: 'f', is: 'long'.repeat(20) } });
}
const HOSTILE = [
  'end',
  'graph',
  'o',
  'x',
  '__proto__',
  '"',
  '"];',
  '-->',
  'a --> b',
  '`**b**`',
  '<b>',
  '&quot;',
  '#35;',
  '%%',
  ']',
  '_1',
  '\\',
  '\\n',
  'a\nb',
  '\u{202e}',
  'é',
  '中',
  '\u{0}',
];

/** A statement is a node or an edge; what is between its quotes holds neither a quote nor a line's end. */
const MERMAID_NODE =
  /^ {2}([A-Za-z_]\w*)(?:\["[^"\n]*"\]|\[\["[^"\n]*"\]\]|@\{ shape: processes, label: "[^"\n]*" \}|\("[^"\n]*"\):::inline|\[\/"[^"\n]*"\/\]:::input|\{\{"[^"\n]*"\}\}:::missing)$/;
const MERMAID_EDGE = /^ {2}([A-Za-z_]\w*) (?:-->|==>|-\.->\|"[^"\n]*"\|) ([A-Za-z_]\w*)$/;
const DOT_NODE = /^ {2}"((?:[^"\\])*)" \[label="(?:[^"\\]|\\["\\n])*"(?:, [a-z]+=(?:"[a-z,]*"|[a-z0-9]+))*\];$/;
const DOT_EDGE = /^ {2}"([^"\\]*)" -> "([^"\\]*)"(?: \[style=(?:bold|dashed, label="(?:[^"\\]|\\["\\n])*")\])?;$/;

/** The names of nodes and the pairs of edges; fails at any line that is neither. */
function parsed(lines: readonly string[], node: RegExp, edge: RegExp): { nodes: string[]; edges: [string, string][] } {
  const nodes: string[] = [];
  const edges: [string, string][] = [];
  for (const line of lines) {
    const isNode = node.exec(line);
    const isEdge = edge.exec(line);
    if (isNode !== null) nodes.push(isNode[1]!);
    else if (isEdge !== null) edges.push([isEdge[1]!, isEdge[2]!]);
    else throw new Error(`Neither node nor edge: ${line}`);
  }
  return { nodes, edges };
}
const mermaid = (dag: DynamicDag) => {
  const lines = dag.toMermaid().trimEnd().split('\n');
  return parsed(
    lines.slice(1).filter((line) => !line.startsWith('  classDef')),
    MERMAID_NODE,
    MERMAID_EDGE,
  );
};
const dot = (dag: DynamicDag) => parsed(dag.toDot().trimEnd().split('\n').slice(2, -1), DOT_NODE, DOT_EDGE);

describe('The pictures of a DAG', () => {
  it('show in Mermaid each kind of function, where it runs, and each edge once', () => {
    expect(everyKind().toMermaid().split('\n')).to.deep.equal([
      'flowchart TD',
      '  i[/"i"/]:::input',
      '  a["a<br/>on n1"]',
      '  _2("b c"):::inline',
      '  d["d<br/>with a"]',
      '  e["e<br/>on the driver"]',
      '  no{{"no<br/>missing"}}:::missing',
      '  i --> a',
      '  a --> _2',
      '  _2 --> d',
      '  no --> d',
      '  classDef inline stroke-dasharray: 4 3',
      '  classDef input stroke-width: 2px',
      '  classDef missing stroke: red',
      '',
    ]);
  });

  it('show in Graphviz each kind of function, where it runs, and each edge once', () => {
    expect(everyKind().toDot().split('\n')).to.deep.equal([
      'digraph "every \\"kind\\"" {',
      '  node [shape=box];',
      '  "i" [label="i", shape=parallelogram];',
      '  "a" [label="a\\non n1"];',
      '  "b c" [label="b c", style="rounded,dashed"];',
      '  "d" [label="d\\nwith a"];',
      '  "e" [label="e\\non the driver"];',
      '  "no" [label="no\\nmissing", shape=hexagon, color=red];',
      '  "i" -> "a";',
      '  "a" -> "b c";',
      '  "b c" -> "d";',
      '  "no" -> "d";',
      '}',
      '',
    ]);
  });

  it('show a map as a stack, an expansion as one that opens, a branch dashed with its condition, and what may fail', () => {
    expect(everyGrowth().toMermaid().split('\n').slice(2, -2)).to.deep.equal([
      '  m@{ shape: processes, label: "m<br/>on n1<br/>optional" }',
      '  _2@{ shape: processes, label: "n 2" }',
      '  e[["e"]]',
      '  f["f"]',
      '  g["g<br/>optional"]',
      '  h["h"]',
      '  no{{"no<br/>missing"}}:::missing',
      '  xs --> m',
      '  xs ==> m',
      '  no ==> _2',
      '  m --> e',
      '  m -.->|"is not #34;#92;#34;x#92;#34; #124; y#34;"| e',
      '  e --> f',
      '  e -.->|"is null"| f',
      '  f -.->|"is truthy"| g',
      '  f -.->|"is #34;longlonglonglonglonglonglonglonglonglon#8230;"| h',
      '  classDef input stroke-width: 2px',
    ]);
    expect(everyGrowth().toDot().split('\n').slice(3, -2)).to.deep.equal([
      '  "m" [label="m\\non n1\\noptional", shape=box3d];',
      '  "n 2" [label="n 2", shape=box3d];',
      '  "e" [label="e", shape=folder];',
      '  "f" [label="f"];',
      '  "g" [label="g\\noptional"];',
      '  "h" [label="h"];',
      '  "no" [label="no\\nmissing", shape=hexagon, color=red];',
      '  "xs" -> "m";',
      '  "xs" -> "m" [style=bold];',
      '  "no" -> "n 2" [style=bold];',
      '  "m" -> "e";',
      '  "m" -> "e" [style=dashed, label="is not \\"\\\\\\"x\\\\\\" | y\\""];',
      '  "e" -> "f";',
      '  "e" -> "f" [style=dashed, label="is null"];',
      '  "f" -> "g" [style=dashed, label="is truthy"];',
      '  "f" -> "h" [style=dashed, label="is \\"longlonglonglonglonglonglonglonglonglon…"];',
    ]);
  });

  it('are drawn of an empty DAG and of an invalid one', () => {
    expect(new Dag('empty').toMermaid()).to.equal('flowchart TD\n');
    expect(new Dag('empty').toDot()).to.equal('digraph "empty" {\n  node [shape=box];\n}\n');
    const wrong = Dag.dynamic('d').add({ id: 'a', code, args: ['a'], type: 'lazy', node: { no: 'where' } } as never);
    expect(mermaid(wrong)).to.deep.equal({ nodes: ['a'], edges: [['a', 'a']] });
    expect(dot(wrong)).to.deep.equal({ nodes: ['a'], edges: [['a', 'a']] });
  });

  it('keep the text of an id, escaped', () => {
    const dag = Dag.dynamic('d').add({ id: 'say "hi" <b>#1 & \\n', code });
    expect(dag.toMermaid()).to.include('["say #34;hi#34; #60;b#62;#35;1 #38; #92;n"]');
    expect(dag.toDot()).to.include('[label="say \\"hi\\" &lt;b&gt;#1 &amp; \\\\n"]');
  });

  it('are equal for equal DAGs', () => {
    expect(everyKind().toMermaid()).to.equal(everyKind().toMermaid());
    expect(everyKind().toDot()).to.equal(everyKind().toDot());
  });

  it('draw hostile ids as so many nodes, with exactly their edges, in text that is well-formed (property)', () => {
    const ids = fc.uniqueArray(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ minLength: 1, unit: 'binary' })), {
      minLength: 1,
      maxLength: 8,
    });
    const law = (names: readonly string[]): void => {
      const dag = Dag.dynamic('d');
      // The last two are a map and an expansion, with one wire each.
      const [first, map, last] = [names[0]!, names.length > 2 ? names.at(-2) : undefined, names.length > 1 ? names.at(-1) : undefined];
      for (const [i, id] of names.entries()) {
        if (id === map) dag.map({ id, code, over: first, args: names.slice(1, i), node: id });
        else if (id === last) dag.expand({ id, code, when: { id: first, is: id }, args: names.slice(1, i), node: id });
        else dag.add({ id, code, args: names.slice(0, i), node: id });
      }
      for (const draw of [mermaid, dot]) {
        const { nodes, edges } = draw(dag);
        expect(new Set(nodes).size).to.equal(names.length);
        const expected = names.flatMap((_, to) => names.slice(0, to).map((_, from) => [nodes[from], nodes[to]]));
        expect(edges).to.have.deep.members(expected);
      }
      const text = dag.toMermaid() + dag.toDot();
      expect(Buffer.from(text).toString() === text).to.equal(true);
      for (const name of mermaid(dag).nodes)
        expect(name.toLowerCase()).not.to.match(/^(end|graph|subgraph|flowchart|style|class|click|[ox])$/);
    };
    fc.assert(fc.property(ids, law), { numRuns: 300, verbose: 0, examples: [[HOSTILE]] });
  });
});
