// TypeDoc works with the compiler's JavaScript API, which TypeScript 7 does not have: it gets 5.9.
import { register } from 'node:module';

const hooks = `export const resolve = (specifier, context, next) => next(specifier === 'typescript' ? 'typescript-5.9' : specifier, context);`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
