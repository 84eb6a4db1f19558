// The types for a `require`: Node gives the ES module for it, which TypeScript's `module: node16` and `node18` do not know yet.
// @ts-ignore
export * from '../../dist/lib/conformance/index.js';
