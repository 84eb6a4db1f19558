import { EXTENSIONS, type Extensions } from '../../lib/index.js';
import { cannotLoad, exportsOf } from './exports-of.js';
import { modulePath } from './module-path.js';
import { settled } from './settled.js';

const WHAT = 'extensions';

/**
 * Returns the user's own variants that a module exports under the names of the options of `Handoff.start`. Other exports are ignored.
 * Throws `UsageError` if the module cannot be loaded, or exports no variant.
 */
export async function loadExtensions(given: string | undefined): Promise<Extensions> {
  if (given === undefined) return {};
  const module = modulePath(given);
  const names = EXTENSIONS.join(', ');
  if (module.exportName !== undefined) throw cannotLoad(WHAT, module, `its exports are taken by their names (${names}), not by #`);
  if (module.path.endsWith('.json')) throw cannotLoad(WHAT, module, 'a .json file has no exports');
  const exports = await settled(cannotLoad(WHAT, module).message, () => exportsOf(module, WHAT));
  const found = EXTENSIONS.filter((name) => exports[name] !== undefined);
  if (found.length > 0) return Object.fromEntries(found.map((name) => [name, exports[name]]));
  const others = Object.keys(exports).map((name) => `"${name}"`);
  throw cannotLoad(WHAT, module, `it exports none of ${names}, only ${others.length === 0 ? 'nothing' : others.join(', ')}`);
}
