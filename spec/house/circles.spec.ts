import { expect } from 'chai';
import { importsOf, sourcesOf } from '../support/sources.js';

/** The station of a file: a folder of lib, or the command line. */
const stationOf = (path: string): string =>
  path
    .split('/')
    .slice(0, path.startsWith('lib/') ? 2 : 1)
    .join('/');

/** A circle among the edges, as the files along it; `undefined` where there is none. */
function circleIn(edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const walk = (file: string): string[] | undefined => {
    const at = path.indexOf(file);
    if (at >= 0) return [...path.slice(at), file];
    if (done.has(file)) return undefined;
    path.push(file);
    for (const next of edges.get(file) ?? []) {
      const circle = walk(next);
      if (circle) return circle;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of edges.keys()) {
    const circle = walk(file);
    if (circle) return circle;
  }
  return undefined;
}

describe('imports within a station', () => {
  it('are seen where they form a circle', () => {
    const edges = new Map([
      ['a', ['b', 'c']],
      ['b', ['c']],
      ['c', ['d']],
      ['d', ['b']],
    ]);
    expect(circleIn(edges)).to.deep.equal(['b', 'c', 'd', 'b']);
    expect(circleIn(new Map([...edges, ['d', []]]))).to.equal(undefined);
  });

  it('form no circle, be they of types or of values', () => {
    const sources = sourcesOf('lib', 'bin');
    expect(sources.length).to.be.above(200);
    const edges = new Map(
      sources.map((source) => [source.path, importsOf(source).filter((to) => stationOf(to) === stationOf(source.path))] as const),
    );
    expect([...edges.values()].flat().length).to.be.above(200);
    expect(circleIn(edges)?.join(' -> ')).to.equal(undefined);
  });
});
