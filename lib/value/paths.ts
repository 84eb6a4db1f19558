/** A step from an object to a part of it. A chain of steps leads back to the root. */
export interface PathStep {
  readonly above: PathStep | undefined;
  readonly key: string;
}

/** Returns a key as it is written in a path: `.name`, `[3]`, `["a b"]`. */
export function keyText(key: string | number): string {
  if (typeof key === 'number') return `[${key}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/** Returns a path such as `result.rows[3].callback`. `where` is the root's name. A long path keeps its two ends. */
export function pathText(where: string, step: PathStep | undefined): string {
  const keys: string[] = [];
  for (let at = step; at; at = at.above) keys.push(at.key);
  keys.reverse();
  const shown = keys.length > 40 ? [...keys.slice(0, 20), `…(${keys.length - 40} more)…`, ...keys.slice(-20)] : keys;
  return where + shown.join('');
}
