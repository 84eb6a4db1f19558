import { createHmac, timingSafeEqual } from 'node:crypto';
import type { LinkRole, Prover, Transcript } from './link-state.js';

/** Separates our proofs from those of any other protocol. */
const LABEL = 'handoff-dag link proof';

/**
 * Returns a prover for the cookie, which is never sent: HMAC-SHA256 over everything that both sides have said, and the role of the sender.
 *
 * A proof cannot be reflected (it contains the role), replayed (it contains both nonces), used for another node (names, incarnations) or an
 * older protocol (protocol ranges), or passed on by a TLS proxy (the session's exporter). Without a cookie the key is empty: any node can
 * prove that.
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
      // `timingSafeEqual` throws for different lengths.
      return proof.length === right.length && timingSafeEqual(proof, right);
    },
  };
}
