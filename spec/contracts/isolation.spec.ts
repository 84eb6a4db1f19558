import { isolationLaws } from '../../lib/conformance/index.js';
import { guardedIsolation, isolations } from '../../lib/executor/index.js';
import { mocha } from '../support/mocha.js';

// Each as it is built in, and as one that a user gives.
for (const [name, make] of isolations) {
  isolationLaws({ ...mocha, name, make });
  // For the guard a process is the same as a thread.
  if (name !== 'process')
    isolationLaws({ ...mocha, name: `${name}, given by a user`, make: (options) => guardedIsolation('own', make(options), options) });
}
