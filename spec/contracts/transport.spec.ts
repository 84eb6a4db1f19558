import { systemClock } from '../../lib/base/index.js';
import { transportLaws } from '../../lib/conformance/index.js';
import { guardedTransport, transports } from '../../lib/peer/index.js';
import { mocha } from '../support/mocha.js';
import { spyLogger } from '../support/spy-logger.js';

for (const [name, make] of Object.entries(transports)) {
  transportLaws({ ...mocha, name, makeNetwork: () => make({ clock: systemClock }) });
  const guarded = () => {
    const nodes = make({ clock: systemClock });
    return (node: string) => guardedTransport(nodes(node), spyLogger());
  };
  transportLaws({ ...mocha, name: `${name}, given by a user`, makeNetwork: guarded });
}
