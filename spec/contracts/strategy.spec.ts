import { strategies } from '../../lib/allocator/index.js';
import { strategyLaws } from '../../lib/conformance/index.js';
import { mocha } from '../support/mocha.js';

for (const [name, make] of Object.entries(strategies)) strategyLaws({ ...mocha, name, make });
