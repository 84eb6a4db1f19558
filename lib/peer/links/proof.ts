import { createHmac, timingSafeEqual } from 'node:crypto';
import type { LinkRole, Prover, Transcript } from './link-state.js';

/** No other protocol's proof can be taken for one of ours. */
const LABEL = 'handoff-dag link proof';

/**
 * Proves that this node knows the cookie, without sending it: HMAC-SHA256 over all that both sides have said and who says it. A proof
 * cannot be reflected (the role is in it), replayed (both nonces), used for another node (names, incarnations), for an older protocol (what
 * both speak), or through somebody in the middle of a TLS session (its exporter). Without a cookie the key is empty: anybody can prove
 * that.
 */
export function cookieProver(cookie: string | undefined): Prover {
  const prove = (role: LinkRole, transcript: Transcript): Buffer =>
    createHmac('sha256', cookie ?? '')
      .update(JSON.stringify([LABEL, role, transcript]))
      .digest();
  return {
    prove,
    verify: (proof, role, transcript) => {
      const right = prove(role, transcript);
      // timingSafeEqual throws for other lengths.
      return proof.length === right.length && timingSafeEqual(proof, right);
    },
  };
}
