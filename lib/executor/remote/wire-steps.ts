import { HandoffError } from '../../base/index.js';
import type { CodeRef } from '../../dag/index.js';
import type { WireStep } from '../../peer/index.js';
import { StoredValue } from '../../value/index.js';
import { moduleOnWire } from '../code/module-on-wire.js';
import type { UngatheredStep } from '../values/gathered-attempt.js';
import { type ArgumentValue, isRemote, RIDES_ALONG_BYTES } from '../values/remote-value.js';

/** The most that may ride along with one attempt, bytes: a message must stay well below the longest frame. */
const MAX_RIDERS_BYTES = 1024 * 1024;

/** Returns steps for another node. Throws `HANDOFF_NOT_SERIALIZABLE` for values that cannot leave this one. */
export function stepsForWire(steps: readonly UngatheredStep[], root: string): readonly WireStep[] {
  let leftBytes = MAX_RIDERS_BYTES;
  const given = (one: ArgumentValue, where: string): Extract<WireStep['inputs'][number], object> => {
    const held = isRemote(one) ? one.inline : one;
    // What is not in memory is fetched by itself.
    const mayRide = held !== undefined && (!isRemote(one) || (held.sizeBytes <= RIDES_ALONG_BYTES && !held.away));
    const packed = mayRide ? held.pack(where) : undefined;
    if (packed && (!isRemote(one) || (packed.byteLength <= RIDES_ALONG_BYTES && packed.byteLength <= leftBytes))) {
      leftBytes -= packed.byteLength;
      return { packed, freeze: held!.origin === 'result' };
    }
    const { from, value, sizeBytes, isSole = false } = one as Exclude<ArgumentValue, StoredValue>;
    return { from, value, sizeBytes, sole: isSole };
  };
  return steps.map(
    ({
      role,
      functionId,
      isolation,
      code,
      inputs,
      asList,
      extra,
      wanted,
      isSole = false,
      shape = null,
      gist = null,
      isDigested = false,
    }) => {
      const { module, name } = code as CodeRef;
      return {
        role,
        functionId,
        isolation,
        module: moduleOnWire(module, root),
        name,
        inputs: inputs.map((input, at) => (typeof input === 'number' ? input : given(input, `argument ${at}`))),
        asList,
        extra: extra === undefined ? null : given(extra, 'extraArgs'),
        wanted,
        sole: isSole,
        shape,
        gist,
        digested: isDigested,
      };
    },
  );
}

/**
 * Reads steps that came from another node. `refOf` returns the same object for the same reference, so that loaded code is found again.
 * Throws `HANDOFF_BAD_MESSAGE` if they form no attempt: no steps, or one that needs a later one.
 */
export function stepsFromWire(steps: readonly WireStep[], refOf: (module: string, name: string) => CodeRef): readonly UngatheredStep[] {
  const given = (one: Extract<WireStep['inputs'][number], object>): ArgumentValue => {
    if ('packed' in one) return StoredValue.packed(one.packed, one.freeze ? 'result' : 'caller');
    const { from, value, sizeBytes, sole } = one;
    return { from, value, sizeBytes, isSole: sole };
  };
  const isForward = ({ inputs }: WireStep, at: number): boolean => inputs.some((input) => typeof input === 'number' && input >= at);
  // The result of the last step is the value.
  const isWhole = steps.at(-1)?.role === 'function';
  if (!isWhole || steps.some(isForward)) throw new HandoffError('HANDOFF_BAD_MESSAGE', 'received an attempt whose steps have no order');
  return steps.map(({ role, functionId, isolation, module, name, inputs, asList, extra, wanted, sole, shape, gist, digested }) => ({
    role,
    functionId,
    isolation,
    code: refOf(module, name),
    inputs: inputs.map((input) => (typeof input === 'number' ? input : given(input))),
    asList,
    extra: extra === null ? undefined : given(extra),
    wanted,
    isSole: sole,
    shape: shape ?? undefined,
    gist: gist ?? undefined,
    isDigested: digested,
  }));
}
