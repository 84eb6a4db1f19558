import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * Returns a function that loads a CommonJS package when it is called for the first time. It is for packages that many nodes never need: to
 * load one takes 30 to 90 ms of processor time. Throws as an import does if the package is not installed.
 */
export function lazyPackage<T>(name: string): () => T {
  let loaded: T | undefined;
  return () => {
    loaded ??= load<T>(name);
    return loaded;
  };
}

function load<T>(name: string): T {
  try {
    return require(name) as T;
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND' && String(cause).includes(`'${name}'`);
    if (!isMissing) throw cause;
    throw Object.assign(new Error(`Cannot find package '${name}'`, { cause }), { code: 'ERR_MODULE_NOT_FOUND' });
  }
}
