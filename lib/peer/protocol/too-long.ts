import { HandoffError } from '../../base/index.js';
import { packThrown } from '../../value/index.js';
import type { WireMessage } from './messages.js';

/**
 * Returns what is sent in place of a message that is too long, as `error` says. Throws `error` for a question, so that the asking call
 * fails at once. An answer becomes that error, so that the asking node does not wait for it. Of other messages a shortened form goes; what
 * it lacks can be missed.
 */
export function inItsPlace(message: WireMessage, error: HandoffError): readonly WireMessage[] {
  switch (message.type) {
    case 'ask':
    case 'run-attempt':
    case 'fetch-value':
      throw error;
    case 'answer':
      return [{ type: 'answer', id: message.id, value: null, error: packThrown(error) }];
    case 'value-found':
    case 'value-missing':
      return [{ type: 'value-missing', id: message.id, error: packThrown(error) }];
    case 'attempt-refused':
    case 'attempt-ended':
      return [
        {
          type: 'attempt-ended',
          of: message.of,
          outcome: { type: 'failed', error: packThrown(error), final: true, phases: null, slot: 0 },
        },
      ];
    case 'attempt-queued':
      return message.lacking.length > 0 ? [{ ...message, lacking: [] }] : [];
    case 'stop-attempt': {
      const reason = packThrown(new HandoffError('HANDOFF_RUN_CANCELLED', 'The run is cancelled: its reason is too long to be sent'));
      return message.reason.length > reason.length ? [{ ...message, reason }] : [];
    }
    case 'beat':
      if (message.byDriver.length > 0) return [{ ...message, byDriver: [] }];
      return message.capabilities.length > 0 ? [{ ...message, capabilities: [], used: [] }] : [];
    case 'release-values': {
      const { ids } = message;
      const half = Math.ceil(ids.length / 2);
      return ids.length < 2 ? [] : [ids.slice(0, half), ids.slice(half)].map((some) => ({ ...message, ids: some }));
    }
    // A shortened list means that the rest of the members is unknown.
    case 'members':
    case 'runs-under-way':
    case 'goodbye':
    case 'withdraw-question':
    case 'run-begun':
    case 'run-refused':
    case 'adopt-attempts':
    case 'attempt-started':
    case 'take-back-attempt':
    case 'attempt-taken-back':
    case 'end-run':
    case 'tell-location':
    case 'forget-copies':
    case 'function-output':
      return [];
  }
}
