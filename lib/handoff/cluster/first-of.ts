/** Asks all of `asked` at once and resolves to the first value found, or to `undefined` if there is none. */
export function firstOf<A, T>(asked: readonly A[], search: (one: A) => Promise<T | undefined>): Promise<T | undefined> {
  let open = asked.length;
  return new Promise((resolve, reject) => {
    if (open === 0) return resolve(undefined);
    for (const one of asked) {
      search(one).then((found) => {
        open -= 1;
        if (found !== undefined || open === 0) resolve(found);
      }, reject);
    }
  });
}
