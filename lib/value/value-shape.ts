import { types } from 'node:util';

/** The shape of an object as a value. `refused` says why it is not one. */
export type ValueShape = 'object' | 'array' | 'map' | 'set' | 'error' | 'binary' | 'leaf' | { readonly refused: string };

const depthOf = (value: object): number => {
  let depth = 0;
  for (
    let above = Object.getPrototypeOf(value) as object | null;
    above !== null && depth < 6;
    above = Object.getPrototypeOf(above) as object | null
  )
    depth += 1;
  return depth;
};

const className = (value: object): string => {
  const made = (value as { constructor?: unknown }).constructor;
  return typeof made === 'function' && made.name ? made.name : 'an unknown class';
};

/**
 * Finds the shape by internal slots and by the depth of the prototype chain, not by identity, so that plain objects of other realms are
 * recognised. `Object.prototype` is one step from null, `Map.prototype` two; anything further away is an instance of a class. Throws what
 * user code throws if a Proxy is among its prototypes.
 */
export function shapeOf(value: object): ValueShape {
  // First, as any other question runs the Proxy's code.
  if (types.isProxy(value)) return { refused: 'a Proxy' };
  const above = Object.getPrototypeOf(value) as object | null;
  if (Array.isArray(value)) return depthOf(value) === 2 ? 'array' : { refused: `an instance of ${className(value)}` };
  if (types.isModuleNamespaceObject(value)) return { refused: 'a module' };
  if (above === null || Object.getPrototypeOf(above) === null) return plainOrRefused(value);
  if (types.isNativeError(value) || value instanceof Error) return 'error';
  if (types.isArrayBufferView(value)) {
    if (types.isSharedArrayBuffer(value.buffer)) return { refused: 'a view of a SharedArrayBuffer' };
    return isBuffer(value) || depthOf(value) <= (types.isDataView(value) ? 2 : 3)
      ? 'binary'
      : { refused: `an instance of ${className(value)}` };
  }
  if (depthOf(value) === 2) {
    if (types.isMap(value)) return 'map';
    if (types.isSet(value)) return 'set';
    if (types.isDate(value) || types.isRegExp(value)) return 'leaf';
    if (types.isArrayBuffer(value)) return 'binary';
  }
  if (types.isPromise(value)) return { refused: 'a Promise' };
  if (types.isSharedArrayBuffer(value)) return { refused: 'a SharedArrayBuffer' };
  if (types.isGeneratorObject(value) || types.isMapIterator(value) || types.isSetIterator(value)) return { refused: 'an iterator' };
  return { refused: `an instance of ${className(value)}` };
}

/** Whether it is exactly a Buffer, not an instance of a subclass. */
export const isBuffer = (value: object): value is Buffer => types.isUint8Array(value) && Object.getPrototypeOf(value) === Buffer.prototype;

function plainOrRefused(value: object): ValueShape {
  if (types.isBoxedPrimitive(value) || types.isExternal(value) || types.isPromise(value))
    return { refused: `an instance of ${className(value)}` };
  const above = Object.getPrototypeOf(value) as object | null;
  // Either its class extends null, or it inherits from an object without a prototype. A copy would lose what it inherits.
  if (above !== null && above !== Object.prototype && !Object.hasOwn(above, 'isPrototypeOf'))
    return { refused: `an instance of ${className(value)}` };
  return 'object';
}
