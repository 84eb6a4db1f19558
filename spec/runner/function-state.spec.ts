import { expect } from 'chai';
import {
  FUNCTION_STATES,
  type FunctionEvent,
  type FunctionState,
  holdsClaim,
  isFinal,
  TRANSITIONS,
} from '../../lib/runner/brain/function-state.js';

const next = (from: FunctionState): FunctionState[] => Object.values(TRANSITIONS[from]);

describe('the life of a function', () => {
  it('begins in waiting, from which every state can be reached', () => {
    const reached = new Set<FunctionState>(['waiting']);
    for (const state of reached) for (const to of next(state)) reached.add(to);
    expect([...reached]).to.have.members([...FUNCTION_STATES]);
  });

  it('has an end from every state, and nothing follows a final one, but that a value or a part may be lost', () => {
    for (const state of FUNCTION_STATES) {
      if (state === 'succeeded') expect(TRANSITIONS[state]).to.deep.equal({ 'value-lost': 'waiting', 'part-lost': 'open' });
      else if (isFinal(state)) expect(next(state), state).to.deep.equal([]);
      else expect(next(state).some(isFinal) || next(state).some((to) => next(to).some(isFinal)), state).to.equal(true);
    }
  });

  it('can be cancelled in every state that is not final', () => {
    for (const state of FUNCTION_STATES) if (!isFinal(state)) expect(TRANSITIONS[state].cancelled, state).to.equal('cancelled');
  });

  it('holds a claim only between being placed and the end of the attempt', () => {
    expect(FUNCTION_STATES.filter(holdsClaim)).to.deep.equal(['placed', 'running']);
    const takes: FunctionEvent[] = ['placed', 'adopted'];
    for (const from of FUNCTION_STATES) {
      for (const [event, to] of Object.entries(TRANSITIONS[from]) as [FunctionEvent, FunctionState][]) {
        if (!holdsClaim(from) && holdsClaim(to)) expect(takes).to.include(event);
      }
    }
  });

  it('raises an attempt by placing alone: a rest or a lost node leads back to ready first', () => {
    expect(TRANSITIONS.resting.rested).to.equal('ready');
    expect(TRANSITIONS.running['node-lost']).to.equal('ready');
    expect(TRANSITIONS.placed['node-lost']).to.equal('ready');
  });
});
