import type { DagLike } from '../../lib/index.js';

/** Functions that are shown as one group. */
export interface Group {
  readonly label: string;
  readonly ids: readonly string[];
  /** The maps among them: they count as their elements, as soon as there are any. */
  readonly maps?: readonly string[];
}

/**
 * Groups the functions of a DAG by what a person sees as one step, in the order of adding. Functions with the same reference form a group,
 * and so do plain functions whose ids differ only in a trailing number (`part-1`, `part-2`). A group is named by its ids' common beginning,
 * else by its function; a single function by its id. A map or an expansion is a group of its own, with all that it adds. Inline functions
 * run within others and are left out. Groups after the first `atMost` become one, "others".
 */
export function groupsOf(dag: DagLike, atMost: number): readonly Group[] {
  const byKey = new Map<string, { readonly name: string; readonly ids: string[]; readonly maps: string[] }>();
  for (const [id, { code, type }] of dag.functions) {
    if (type === 'inline') continue;
    const grows = type === 'map' || type === 'expand';
    const stem = stemOf(id);
    const key = grows ? `growing ${id}` : typeof code === 'function' ? `plain ${stem}` : `${code.module}#${code.name}`;
    const group = byKey.get(key) ?? { name: typeof code === 'function' ? stem : code.name, ids: [], maps: [] };
    byKey.set(key, group);
    group.ids.push(id);
    if (type === 'map') group.maps.push(id);
  }
  const groups = [...byKey.values()].map(({ name, ids, maps }) => ({ label: labelOf(name, ids), ids, maps }));
  if (groups.length <= atMost) return groups;
  const others = groups.slice(atMost - 1);
  const [ids, maps] = [others.flatMap((group) => group.ids), others.flatMap((group) => group.maps)];
  return [...groups.slice(0, atMost - 1), { label: 'others', ids, maps }];
}

/** Returns an id without its trailing number and separator; the whole id if nothing else is left. */
const stemOf = (id: string): string => id.replace(/[\s\-_.:/#@[(]*\d+[\])]?$/, '') || id;

function labelOf(name: string, ids: readonly string[]): string {
  const [first] = ids;
  if (ids.length === 1) return first!;
  const stem = stemOf(first!);
  return ids.every((id) => stemOf(id) === stem) ? stem : name;
}
