import { expect } from 'chai';
import { lazyPackage } from '../../lib/base/index.js';

describe('a package that is loaded when it is used', () => {
  it('is loaded once', () => {
    const ws = lazyPackage<object>('ws');
    expect(ws()).to.have.property('WebSocket');
    expect(ws()).to.equal(ws());
  });

  it('fails as an import does, at its first use, if it is not installed', () => {
    const missing = lazyPackage('handoff-no-such-package');
    expect(missing).to.throw("Cannot find package 'handoff-no-such-package'").with.property('code', 'ERR_MODULE_NOT_FOUND');
  });
});
