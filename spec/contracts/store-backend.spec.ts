import { expect } from 'chai';
import { storeBackendLaws } from '../../lib/conformance/index.js';
import { backends, guardedBackend } from '../../lib/store/index.js';
import { mocha } from '../support/mocha.js';
import { spyLogger } from '../support/spy-logger.js';

for (const [name, make] of Object.entries(backends)) {
  storeBackendLaws({ ...mocha, name, make });
  storeBackendLaws({ ...mocha, name: `${name}, given by a user`, make: () => guardedBackend(make(), spyLogger()) });
  describe(`the store backend ${name}`, () => it('is called what the map calls it', () => expect(make().name).to.equal(name)));
}
